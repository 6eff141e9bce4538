import type { BodyToAppend, RecordToAppend } from './model.ts';

/**
 * A record on its way to the writing thread: one piece of memory that changes hands instead of being copied field by
 * field, which would cost more than the rest of the logging.
 */
export interface PackedRecord {
  readonly fields: Omit<RecordToAppend, BytesField | 'bodies'>;
  readonly bodies: readonly Pick<BodyToAppend, 'position' | 'size' | 'file'>[];
  /** Length of each piece in `bytes`, in order; -1 for one that is absent. */
  readonly lengths: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

type BytesField = 'head' | 'headDigest' | 'signature' | 'hashChainResult' | 'hashChain';

/** Copies all bytes of a record together: what it was made of may lie inside larger chunks. */
export function pack(record: RecordToAppend): PackedRecord {
  const { head, headDigest, signature, hashChainResult, hashChain, bodies, ...fields } = record;
  const pieces = [head, headDigest, signature, hashChainResult, hashChain];
  for (const { digest, bytes, key } of bodies) pieces.push(digest, bytes, key);
  let total = 0;
  for (const piece of pieces) total += piece?.length ?? 0;
  const bytes = new Uint8Array(total);
  const lengths: number[] = [];
  let at = 0;
  for (const piece of pieces) {
    lengths.push(piece?.length ?? -1);
    if (piece === null) continue;
    bytes.set(piece, at);
    at += piece.length;
  }
  return {
    fields,
    bodies: bodies.map(({ position, size, file }) => ({ position, size, file })),
    lengths,
    bytes,
  };
}

/** The record as it was packed; its bytes are views on the one piece of memory. */
export function unpack({ fields, bodies, lengths, bytes }: PackedRecord): RecordToAppend {
  let at = 0;
  let index = 0;
  const next = (): Uint8Array | null => {
    const length = lengths[index] ?? -1;
    index += 1;
    if (length === -1) return null;
    at += length;
    return Buffer.from(bytes.buffer, bytes.byteOffset + at - length, length);
  };
  const needed = (): Uint8Array => next() ?? new Uint8Array(0);
  return {
    ...fields,
    head: needed(),
    headDigest: next(),
    signature: needed(),
    hashChainResult: next(),
    hashChain: next(),
    bodies: bodies.map((body) => ({ ...body, digest: needed(), bytes: next(), key: next() })),
  };
}
