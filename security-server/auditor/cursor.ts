import { EvidenceAccessError } from './evidence-source.ts';

const start = 'before:';
/** Base64url of the start and 16 digits, and nothing that could cost time to refuse. */
const maxCursor = 40;

/**
 * Where the next page goes on. Pages go down from the newest record, so what is recorded meanwhile shifts none.
 * @param before place that the next page stays below
 */
export function writeCursor(before: number): string {
  return Buffer.from(`${start}${before}`).toString('base64url');
}

/** @throws EvidenceAccessError cursor-unreadable */
export function readCursor(cursor: string): number {
  const text = cursor.length > maxCursor ? '' : Buffer.from(cursor, 'base64url').toString('latin1');
  const before = Number(text.slice(start.length));
  // One spelling alone: what was written is what is read.
  if (Number.isSafeInteger(before) && before >= 0 && writeCursor(before) === cursor) return before;
  const reason = 'This is not a cursor of an earlier answer: search again without one';
  throw new EvidenceAccessError('cursor-unreadable', reason);
}
