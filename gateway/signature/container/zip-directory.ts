import { ZipError } from './zip-error.ts';

/** What the central directory says of an entry. */
export interface ZipHeader {
  readonly name: string;
  readonly nameBytes: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Where its local header is. */
  readonly at: number;
}

const centralSignature = 0x02014b50;
const centralHeaderLength = 46;
const endOfDirectory = Buffer.from([0x50, 0x4b, 0x05, 0x06]);
const endLength = 22;
const maxNameLength = 255;
/** Size or place that stands elsewhere, in a form that is not read. */
const elsewhere = 0xffffffff;
/** Traditional and strong encryption. */
const encrypted = (1 << 0) | (1 << 6);
const utf8Name = 1 << 11;
/** Extra field with another name for the entry, which some readers go by. */
const secondName = 0x7075;

/**
 * Reads the directory at the end of a zip file. It must reach from where its end says up to that end: readers that
 * count differently would find other entries otherwise.
 * @throws ZipError
 * @see PKWARE APPNOTE 6.3.3 §4.3.12, §4.3.16
 */
export function readDirectory(
  bytes: Buffer,
  maxEntries: number,
): { readonly entries: readonly ZipHeader[]; readonly directoryAt: number } {
  const end = bytes.length < endLength ? -1 : bytes.lastIndexOf(endOfDirectory, bytes.length - endLength);
  if (end === -1) throw new ZipError('not a zip file: it has no end');
  const [disk, directoryDisk, onDisk, count] = [4, 6, 8, 10].map((at) => bytes.readUInt16LE(end + at));
  const [length, directoryAt] = [bytes.readUInt32LE(end + 12), bytes.readUInt32LE(end + 16)];
  if (disk !== 0 || directoryDisk !== 0 || onDisk !== count || count === undefined) {
    throw new ZipError('the zip file is one of several');
  }
  if (end + endLength + bytes.readUInt16LE(end + 20) !== bytes.length) {
    throw new ZipError('the comment of the zip file is not as long as its end says');
  }
  if (count > maxEntries) {
    throw new ZipError(`the zip file has ${count} entries, at most ${maxEntries} are read`);
  }
  if (directoryAt + length !== end)
    throw new ZipError('the directory of the zip file is not what its end says');
  const entries: ZipHeader[] = [];
  let at = directoryAt;
  for (let read = 0; read < count; read += 1) {
    if (at + centralHeaderLength > end || bytes.readUInt32LE(at) !== centralSignature) {
      throw new ZipError('the directory of the zip file is damaged');
    }
    const lengths = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset));
    const next = at + lengths.reduce((sum, one) => sum + one, centralHeaderLength);
    if (next > end) throw new ZipError('the directory of the zip file is damaged');
    entries.push(readHeader(bytes.subarray(at, next)));
    at = next;
  }
  if (at !== end) throw new ZipError('the directory of the zip file has more than its entries');
  return { entries, directoryAt };
}

/** @param header one of the directory, with its name, extra fields and comment */
function readHeader(header: Buffer): ZipHeader {
  const nameLength = header.readUInt16LE(28);
  const nameBytes = header.subarray(centralHeaderLength, centralHeaderLength + nameLength);
  const flags = header.readUInt16LE(8);
  const name = readName(nameBytes, (flags & utf8Name) !== 0);
  const [compressedSize, size, at] = [20, 24, 42].map((offset) => header.readUInt32LE(offset));
  const isElsewhere = [compressedSize, size, at].includes(elsewhere) || header.readUInt16LE(34) !== 0;
  if (isElsewhere || compressedSize === undefined || size === undefined || at === undefined) {
    throw new ZipError(`'${name}' is of a size or in a place that is not read here`, { entry: name });
  }
  if ((flags & encrypted) !== 0) throw new ZipError(`'${name}' is encrypted`, { entry: name });
  const extraAt = centralHeaderLength + nameLength;
  if (hasSecondName(header.subarray(extraAt, extraAt + header.readUInt16LE(30)))) {
    throw new ZipError(`'${name}' has a second name`, { entry: name });
  }
  return {
    name,
    nameBytes,
    flags,
    method: header.readUInt16LE(10),
    crc: header.readUInt32LE(16),
    compressedSize,
    size,
    at,
  };
}

/** Names that lead out of where a file is unpacked, or that readers decode in different ways, are refused. */
function readName(bytes: Buffer, isUtf8: boolean): string {
  const name = bytes.toString('utf8');
  const isPlain =
    bytes.length > 0 &&
    bytes.length <= maxNameLength &&
    bytes.every((octet) => octet >= 0x20 && octet !== 0x7f && (isUtf8 || octet < 0x7f)) &&
    Buffer.from(name).equals(bytes);
  const isRelative =
    !name.includes('\\') &&
    !/^[a-zA-Z]:/.test(name) &&
    !name.startsWith('/') &&
    !name.split('/').includes('..');
  if (!isPlain || !isRelative) throw new ZipError('an entry has an unusable name');
  return name;
}

function hasSecondName(extra: Buffer): boolean {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === secondName) return true;
  }
  return false;
}
