import { setImmediate } from 'node:timers/promises';
import type { FoundRecord, FoundTally } from '../message-log/index.ts';
import type { ArchiveSource } from './archive-source.ts';
import { countLeftOut, maxArchivedBody } from './build.ts';
import { type Grouping, groupOf } from './group.ts';

/** Records of one group that go into one archive. */
export interface Batch {
  readonly group: string;
  /** Places, rising. */
  readonly records: number[];
  readonly tallies: FoundTally[];
  readonly from: number;
  to: number;
  leftOut: number;
}

/** A stretch of the log without a hole, by groups. */
export interface Stretch {
  readonly batches: readonly Batch[];
  /** Place of the first record after it. */
  readonly next: number;
  readonly isLast: boolean;
}

interface Limits {
  readonly grouping: Grouping;
  /** Of the messages of all groups: they end together, so that one place tells how far the log is archived. */
  readonly maxBytes: number;
}

const recordsPerTurn = 50;
/** A zip file has 65,535 entries, some of them for evidence. */
const maxRecords = 20_000;
/** What a record takes besides its parts: names, proofs, facts, its share of a timestamp. */
const evidenceBytes = 4_096;

/**
 * Collects timestamped records from a place on, up to the limit or to the first that waits for its timestamp.
 * @throws MessageLogError locked
 */
export async function collectStretch(log: ArchiveSource, first: number, limits: Limits): Promise<Stretch> {
  const batches = new Map<string, Batch>();
  let [bytes, records, lastTally]: [number, number, FoundTally | undefined] = [0, 0, undefined];
  let place = first;
  for (; ; place += 1) {
    if (place >= log.tree.size) break;
    if (place % recordsPerTurn === 0) await setImmediate();
    const tally = log.readTally(place);
    if (tally !== undefined) {
      for (const { tallies } of batches.values()) tallies.push(tally);
      lastTally = tally;
      continue;
    }
    const record = log.read(place);
    if (record === undefined) {
      const kept = firstKeptAfter(log, place);
      if (kept === undefined) break;
      // The loop takes one step itself.
      place = kept - 1;
      continue;
    }
    if (record.timestamp === undefined) break;
    const size = sizeOf(record);
    const isFull = bytes + size > limits.maxBytes || records === maxRecords;
    if (isFull && records > 0) return { batches: [...batches.values()], next: place, isLast: false };
    addTo(batches, record, groupOf(record, limits.grouping), lastTally);
    bytes += size;
    records += 1;
  }
  return { batches: [...batches.values()], next: place, isLast: true };
}

function addTo(
  batches: Map<string, Batch>,
  record: FoundRecord,
  group: string,
  lastTally: FoundTally | undefined,
): void {
  const known = batches.get(group);
  const tallies = lastTally === undefined ? [] : [lastTally];
  const batch = known ?? { group, records: [], tallies, from: record.at, to: record.at, leftOut: 0 };
  batch.records.push(record.index);
  batch.to = record.at;
  batch.leftOut += countLeftOut(record);
  batches.set(group, batch);
}

/** First place after one that was removed with its partition; undefined when nothing follows. */
function firstKeptAfter(log: ArchiveSource, place: number): number | undefined {
  const later = log
    .partitions()
    .filter(({ firstIndex, lastIndex }) => lastIndex >= firstIndex && firstIndex > place)
    .map(({ firstIndex }) => firstIndex);
  return later.length === 0 ? undefined : Math.min(...later);
}

function sizeOf({ head, signature, bodies }: FoundRecord): number {
  const kept = bodies.filter(({ isErased, size }) => !isErased && size <= maxArchivedBody);
  return (
    (head?.length ?? 0) + signature.length + evidenceBytes + kept.reduce((sum, { size }) => sum + size, 0)
  );
}
