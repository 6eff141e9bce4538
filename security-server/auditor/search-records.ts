import type { RecordQuery, RecordSummary } from '../message-log/index.ts';
import { readCursor, writeCursor } from './cursor.ts';
import type { EvidenceSource } from './evidence-source.ts';
import { nextTurn } from './next-turn.ts';

export interface SearchQuestion extends Omit<RecordQuery, 'before'> {
  /** Of an earlier answer. */
  readonly cursor?: string;
}

export interface FoundPage {
  /** Newest first. */
  readonly records: readonly RecordSummary[];
  /** Null when there is nothing more. */
  readonly next: string | null;
}

/**
 * One page of a search. Partitions are looked through one by one with everything else in between, and only as many as
 * it takes to fill the page: years behind it are not touched.
 * @throws EvidenceAccessError cursor-unreadable
 */
export async function searchRecords(
  log: Pick<EvidenceSource, 'search' | 'partitions'>,
  { cursor, limit, ...query }: SearchQuestion,
): Promise<FoundPage> {
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(cursor);
  // One more tells whether a next page is worth asking for.
  const wanted = limit + 1;
  const found: RecordSummary[] = [];
  for (const { firstIndex, lastIndex, from, to } of log.partitions().reverse()) {
    if (found.length >= wanted) break;
    if (firstIndex >= before || to < (query.from ?? 0) || from >= (query.to ?? Number.MAX_SAFE_INTEGER))
      continue;
    // What is appended to the newest one while pages are read stays above the cursor.
    const below = Math.min(before, lastIndex + 1);
    const page = log.search({
      ...query,
      ...{ before: below, from: Math.max(query.from ?? 0, from), limit: wanted - found.length },
    });
    // A clock that was put back lets partitions overlap in time.
    found.push(...page.filter(({ index }) => index >= firstIndex));
    await nextTurn();
  }
  const records = found.slice(0, limit);
  const last = records.at(-1);
  return { records, next: found.length > limit && last !== undefined ? writeCursor(last.index) : null };
}
