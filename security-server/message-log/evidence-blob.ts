/**
 * Signature documents as they are kept: certificates and OCSP responses, which thousands of signatures repeat, are
 * stored once and stand here by number. What is put together again is the same octets.
 */
export interface SignatureFiles {
  readonly signature: Uint8Array;
  readonly hashChainResult: Uint8Array | null;
  readonly hashChain: Uint8Array | null;
}

/** Gives a text its number, anew when it was not met before. */
export type ShareText = (text: string) => number;

const repeated =
  /<(?:[A-Za-z0-9]+:)?(?:X509Certificate|EncapsulatedX509Certificate|EncapsulatedOCSPValue)(?: [^<>]*)?>([A-Za-z0-9+/=\s]{64,})</g;
const absent = 0xffffffff;
const sharedMark = 0x80000000;

/** Pieces of 4 octets of length and the octets; with the highest bit set the length is the number of a shared text. */
export function encodeEvidence(files: SignatureFiles, share: ShareText): Buffer {
  const pieces: Buffer[] = [];
  const add = (bytes: Uint8Array) => pieces.push(lengthOf(bytes.length), Buffer.from(bytes));
  for (const document of [files.hashChainResult, files.hashChain]) {
    if (document === null) pieces.push(lengthOf(absent));
    else add(document);
  }
  const signature = Buffer.from(files.signature.buffer, files.signature.byteOffset, files.signature.length);
  // One character an octet: what is cut here and joined again cannot differ.
  const text = signature.toString('latin1');
  let at = 0;
  for (const match of text.matchAll(repeated)) {
    const shared = match[1] ?? '';
    const start = match.index + match[0].length - 1 - shared.length;
    add(signature.subarray(at, start));
    pieces.push(lengthOf(sharedMark + share(shared)));
    at = start + shared.length;
  }
  add(signature.subarray(at));
  return Buffer.concat(pieces);
}

/** @throws RangeError when the octets were not made by `encodeEvidence` */
export function decodeEvidence(blob: Buffer, textOf: (id: number) => string): SignatureFiles {
  let at = 0;
  const next = (): Buffer | null => {
    const length = blob.readUInt32BE(at);
    at += 4;
    if (length === absent) return null;
    if (length >= sharedMark) return Buffer.from(textOf(length - sharedMark), 'latin1');
    if (at + length > blob.length) throw new RangeError('signature documents end too early');
    at += length;
    return blob.subarray(at - length, at);
  };
  const hashChainResult = next();
  const hashChain = next();
  const pieces: Buffer[] = [];
  while (at < blob.length) {
    const piece = next();
    if (piece === null) throw new RangeError('a piece of a signature is missing');
    pieces.push(piece);
  }
  return { signature: Buffer.concat(pieces), hashChainResult, hashChain };
}

function lengthOf(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
