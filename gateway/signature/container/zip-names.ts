const localHeader = { signature: 0x04034b50, length: 30, lengthsAt: 26 } as const;
const centralHeader = { signature: 0x02014b50, length: 46, lengthsAt: 28 } as const;
const endOfDirectory = Buffer.from([0x50, 0x4b, 0x05, 0x06]);
const endLength = 22;
const sizesFollow = 1 << 3;

/** Names that a zip file tells, as far as they can be made out. */
export interface ZipNames {
  /** Of the entries, one behind the other from the first octet. */
  readonly local: readonly string[];
  /** Of the directory to which the end of the file points. */
  readonly central: readonly string[];
}

/**
 * Tells what a file may hold, however damaged: nothing is verified, and what cannot be made out is left out. Only headers
 * where headers belong are read; what is in an entry may look like one and counts for nothing.
 */
export function zipNames(bytes: Buffer): ZipNames {
  return { local: localNames(bytes), central: centralNames(bytes) };
}

function localNames(bytes: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; isHeader(bytes, at, localHeader); ) {
    const { name, end } = readName(bytes, at, localHeader);
    names.push(name);
    // Where the next begins, this header does not say.
    if ((bytes.readUInt16LE(at + 6) & sizesFollow) !== 0) break;
    at = end + bytes.readUInt32LE(at + 18);
  }
  return names;
}

function centralNames(bytes: Buffer): string[] {
  const endAt = bytes.lastIndexOf(endOfDirectory);
  if (endAt < 0 || endAt + endLength > bytes.length) return [];
  const names: string[] = [];
  const directoryAt = bytes.readUInt32LE(endAt + 16);
  const directoryEnd = Math.min(endAt, directoryAt + bytes.readUInt32LE(endAt + 12));
  for (let at = directoryAt; at < directoryEnd && isHeader(bytes, at, centralHeader); ) {
    const { name, end } = readName(bytes, at, centralHeader);
    names.push(name);
    at = end + bytes.readUInt16LE(at + 32);
  }
  return names;
}

type Header = typeof localHeader | typeof centralHeader;

function isHeader(bytes: Buffer, at: number, { signature, length }: Header): boolean {
  return at + length <= bytes.length && bytes.readUInt32LE(at) === signature;
}

/** @returns with where the name and what is extra end */
function readName(bytes: Buffer, at: number, { length, lengthsAt }: Header) {
  const nameAt = at + length;
  const nameEnd = nameAt + bytes.readUInt16LE(at + lengthsAt);
  const name = bytes.subarray(nameAt, nameEnd).toString('utf8');
  return { name, end: nameEnd + bytes.readUInt16LE(at + lengthsAt + 2) };
}
