import { crc32, inflateRawSync } from 'node:zlib';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';

/** A file that is no zip file, or one that is made to harm or to be read in two ways. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
}

export interface ZipLimits {
  readonly maxEntries: number;
  /** Of all entries together, once inflated. */
  readonly maxOctets: number;
}

/** Deflate cannot do better; more means that entries share their data, the trick of the worst zip bombs. */
const bestRatio = 1032;
const maxNameLength = 255;
const centralHeaderLength = 46;
const endLength = 22;
const endOfDirectory = Buffer.from([0x50, 0x4b, 0x05, 0x06]);
const stored = 0;
const deflated = 8;

/**
 * Reads a zip file into memory. Names are relative and plain, none occurs twice, and local and central headers
 * tell the same story, so that no other reader sees other files. Folders are left out.
 * @throws ZipError
 */
export async function readZip(bytes: Buffer, limits: ZipLimits): Promise<ReadonlyMap<string, Buffer>> {
  try {
    return await readEntries(await open(bytes), bytes, limits);
  } catch (error) {
    if (error instanceof ZipError) throw error;
    throw new ZipError(`not a readable zip file: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    });
  }
}

function open(bytes: Buffer): Promise<ZipFile> {
  return fromBufferPromise(bytes, { lazyEntries: true, strictFileNames: true, validateEntrySizes: true });
}

async function readEntries(
  zip: ZipFile,
  bytes: Buffer,
  { maxEntries, maxOctets }: ZipLimits,
): Promise<ReadonlyMap<string, Buffer>> {
  if (zip.entryCount > maxEntries) {
    throw new ZipError(`the zip file has ${zip.entryCount} entries, at most ${maxEntries} are read`);
  }
  const files = new Map<string, Buffer>();
  let octets = 0;
  let directoryLength = 0;
  for await (const entry of zip.eachEntry()) {
    const { fileName, fileNameRaw, uncompressedSize } = entry;
    if (fileNameRaw.length > maxNameLength || fileNameRaw.some((octet) => octet < 0x20 || octet === 0x7f)) {
      throw new ZipError('an entry has an unusable name');
    }
    octets += uncompressedSize;
    directoryLength +=
      centralHeaderLength + fileNameRaw.length + entry.extraFieldLength + entry.fileCommentLength;
    // Judged by what the headers claim, before anything is inflated; the claim is held to below.
    if (octets > maxOctets) throw new ZipError(`the zip file holds more than ${maxOctets} octets`);
    if (octets > bestRatio * bytes.length) throw new ZipError('entries of the zip file overlap');
    if (files.has(fileName)) throw new ZipError(`'${fileName}' occurs twice`);
    const data = await readData(zip, entry, bytes);
    if (!fileName.endsWith('/')) files.set(fileName, data);
    else if (data.length > 0) throw new ZipError(`folder '${fileName}' has content`);
  }
  checkEnd(bytes, directoryLength);
  return files;
}

/**
 * The directory must reach up to the record at the end: readers that count differently would find other entries
 * behind those that were read.
 */
function checkEnd(bytes: Buffer, directoryLength: number): void {
  const end = bytes.lastIndexOf(endOfDirectory, bytes.length - endLength);
  if (end === -1) throw new ZipError('the zip file has no end');
  const [length, offset] = [bytes.readUInt32LE(end + 12), bytes.readUInt32LE(end + 16)];
  if (length !== directoryLength || offset + length !== end) {
    throw new ZipError('the directory of the zip file is not what its end says');
  }
}

async function readData(zip: ZipFile, entry: Entry, bytes: Buffer): Promise<Buffer> {
  const local = await zip.readLocalFileHeaderPromise(entry);
  if (!local.fileName.equals(entry.fileNameRaw) || local.compressionMethod !== entry.compressionMethod) {
    throw new ZipError(`'${entry.fileName}' has two differing headers`);
  }
  if (entry.isEncrypted()) throw new ZipError(`'${entry.fileName}' is encrypted`);
  const raw = bytes.subarray(local.fileDataStart, local.fileDataStart + entry.compressedSize);
  const data = inflate(raw, entry);
  if (data.length !== entry.uncompressedSize || crc32(data) !== entry.crc32) {
    throw new ZipError(`'${entry.fileName}' is damaged`);
  }
  return data;
}

function inflate(raw: Buffer, entry: Entry): Buffer {
  if (entry.compressionMethod === stored) return raw;
  if (entry.compressionMethod !== deflated) {
    throw new ZipError(`'${entry.fileName}' is compressed in a way that is not read here`);
  }
  return inflateRawSync(raw, { maxOutputLength: Math.max(entry.uncompressedSize, 1) });
}
