import { crc32, inflateRawSync } from 'node:zlib';
import { readDirectory, type ZipHeader } from './zip-directory.ts';
import { ZipError } from './zip-error.ts';

export interface ZipLimits {
  readonly maxEntries: number;
  /** Of all entries together, once inflated. */
  readonly maxOctets: number;
}

/** Deflate cannot do better; more means that entries share their data, the trick of the worst zip bombs. */
const bestRatio = 1032;
const localSignature = 0x04034b50;
const localHeaderLength = 30;
const sizesFollow = 1 << 3;
const stored = 0;
const deflated = 8;

/**
 * Reads a zip file into memory. Names are relative and plain, none occurs twice, entries do not overlap, and local
 * and central headers tell the same story, so that no other reader sees other files. Folders are left out.
 * @throws ZipError
 */
export function readZip(bytes: Buffer, { maxEntries, maxOctets }: ZipLimits): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  const { entries, directoryAt } = readDirectory(bytes, maxEntries);
  // Judged by what the headers claim, before anything is inflated; the claim is held to below.
  const octets = entries.reduce((sum, { size }) => sum + size, 0);
  if (octets > maxOctets) throw new ZipError(`the zip file holds more than ${maxOctets} octets`);
  if (octets > bestRatio * bytes.length) throw new ZipError('entries of the zip file overlap');
  let end = 0;
  for (const header of [...entries].sort((a, b) => a.at - b.at)) {
    const dataAt = checkLocalHeader(bytes, header);
    if (header.at < end)
      throw new ZipError(`'${header.name}' overlaps the entry before it`, { entry: header.name });
    end = dataAt + header.compressedSize;
    if (end > directoryAt)
      throw new ZipError(`'${header.name}' reaches into the directory`, { entry: header.name });
  }
  for (const header of entries) {
    if (files.has(header.name)) throw new ZipError(`'${header.name}' occurs twice`, { entry: header.name });
    const dataAt = dataStart(bytes, header);
    const data = inflate(bytes.subarray(dataAt, dataAt + header.compressedSize), header);
    if (data.length !== header.size || crc32(data) !== header.crc) {
      throw new ZipError(`'${header.name}' is damaged`, { entry: header.name });
    }
    if (!header.name.endsWith('/')) files.set(header.name, data);
    else if (data.length > 0)
      throw new ZipError(`folder '${header.name}' has content`, { entry: header.name });
  }
  return files;
}

/** @returns where the data begin */
function checkLocalHeader(bytes: Buffer, header: ZipHeader): number {
  const { at, name, nameBytes, flags, method, crc, compressedSize, size } = header;
  const isThere = at + localHeaderLength <= bytes.length && bytes.readUInt32LE(at) === localSignature;
  if (!isThere) throw new ZipError(`'${name}' is not where the directory says`, { entry: name });
  const nameAt = at + localHeaderLength;
  const localName = bytes.subarray(nameAt, nameAt + bytes.readUInt16LE(at + 26));
  const isSame = localName.equals(nameBytes) && bytes.readUInt16LE(at + 8) === method;
  const areSizesSame =
    (flags & sizesFollow) !== 0 ||
    (bytes.readUInt32LE(at + 14) === crc &&
      bytes.readUInt32LE(at + 18) === compressedSize &&
      bytes.readUInt32LE(at + 22) === size);
  if (!isSame || !areSizesSame) throw new ZipError(`'${name}' has two differing headers`, { entry: name });
  return dataStart(bytes, header);
}

function dataStart(bytes: Buffer, { at }: ZipHeader): number {
  return at + localHeaderLength + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
}

function inflate(raw: Buffer, { name, method, size }: ZipHeader): Buffer {
  if (method === stored) return raw;
  if (method !== deflated)
    throw new ZipError(`'${name}' is compressed in a way that is not read here`, { entry: name });
  try {
    return inflateRawSync(raw, { maxOutputLength: Math.max(size, 1) });
  } catch (cause) {
    throw new ZipError(`'${name}' cannot be inflated to the size it claims`, { entry: name, cause });
  }
}
