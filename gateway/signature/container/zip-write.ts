import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** With `/` between folders, not at the start. */
  readonly name: string;
  readonly data: Uint8Array;
}

export interface ZipOptions {
  /** Comment of the whole file, ASCII. */
  readonly comment?: string;
  /** Of deflate; 0 puts the data as it is into deflate's frames, the same by every release. Default 6. */
  readonly level?: number;
  /** No deflate at all: then even another deflater, of another release or language, would write the same bytes. */
  readonly isStored?: boolean;
  /** Time written for every entry, in UTC, of even seconds; the first of 1980 unless told. */
  readonly at?: Date;
}

const stored = 0;
const deflated = 8;
/** 2.0: deflate. */
const versionNeeded = 20;
const utf8Names = 1 << 11;
const maxEntries = 0xffff;
const maxOctets = 0xffffffff;

/**
 * Writes a zip file. The same input gives the same bytes on every machine, in every time zone.
 * @throws RangeError beyond 65,535 entries or 4 GiB, where another format would begin
 * @see PKWARE APPNOTE 6.3.3 §4.3
 */
export function writeZip(
  entries: readonly ZipEntry[],
  { comment = '', level = 6, isStored = false, at = new Date(0) }: ZipOptions = {},
): Buffer {
  if (entries.length > maxEntries) throw new RangeError(`a zip file holds ${maxEntries} entries at most`);
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, data } of entries) {
    const compressed = isStored
      ? Buffer.from(data)
      : level === 0
        ? frameStored(data)
        : deflateRawSync(data, { level });
    const nameBytes = Buffer.from(name, 'utf8');
    const common = commonHeader(nameBytes, data, isStored ? stored : deflated, compressed.length, at);
    if (offset + compressed.length > maxOctets)
      throw new RangeError('the zip file would be larger than 4 GiB');
    const header = Buffer.concat([signature(0x04034b50), common, nameBytes]);
    local.push(header, compressed);
    central.push(centralHeader(common, offset), nameBytes);
    offset += header.length + compressed.length;
  }
  const directory = Buffer.concat(central);
  return Buffer.concat([
    ...local,
    directory,
    endOfDirectory(entries.length, directory.length, offset, comment),
  ]);
}

/** The 26 octets that local and central headers share. */
const maxFrame = 0xffff;

/** @see RFC 1951 §3.2.4: blocks without compression, as long as they can be */
function frameStored(data: Uint8Array): Buffer {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < data.length; at += maxFrame) {
    const length = Math.min(maxFrame, data.length - at);
    const head = Buffer.alloc(5);
    head.writeUInt8(at + length === data.length ? 1 : 0);
    head.writeUInt16LE(length, 1);
    head.writeUInt16LE(maxFrame - length, 3);
    pieces.push(head, data.subarray(at, at + length));
  }
  return Buffer.concat(pieces);
}

function commonHeader(
  name: Buffer,
  data: Uint8Array,
  method: number,
  compressedLength: number,
  at: Date,
): Buffer {
  const header = Buffer.alloc(26);
  const [date, time] = dosTime(at);
  header.writeUInt16LE(versionNeeded, 0);
  header.writeUInt16LE(name.some((octet) => octet > 0x7f) ? utf8Names : 0, 2);
  header.writeUInt16LE(method, 4);
  header.writeUInt16LE(time, 6);
  header.writeUInt16LE(date, 8);
  header.writeUInt32LE(crc32(data), 10);
  header.writeUInt32LE(compressedLength, 14);
  header.writeUInt32LE(data.length, 18);
  header.writeUInt16LE(name.length, 22);
  return header;
}

function centralHeader(common: Buffer, offset: number): Buffer {
  // Behind the shared fields: comment length, disk, attributes, all none; then where the local header is.
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(offset, 10);
  const madeBy = Buffer.alloc(2);
  madeBy.writeUInt16LE(versionNeeded, 0);
  return Buffer.concat([signature(0x02014b50), madeBy, common, rest]);
}

function endOfDirectory(count: number, length: number, offset: number, comment: string): Buffer {
  const end = Buffer.alloc(18);
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(length, 8);
  end.writeUInt32LE(offset, 12);
  end.writeUInt16LE(comment.length, 16);
  return Buffer.concat([signature(0x06054b50), end, Buffer.from(comment, 'latin1')]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

/** Years before 1980 and after 2107 cannot be written. */
function dosTime(at: Date): readonly [date: number, time: number] {
  const year = at.getUTCFullYear();
  if (year < 1980 || year > 2107) return [(1 << 5) | 1, 0];
  const date = ((year - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  return [date, time];
}
