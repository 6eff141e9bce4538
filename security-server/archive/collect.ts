import { setImmediate } from 'node:timers/promises';
import { type Grouping, groupOf } from '../../gateway/evidence/index.ts';
import { firstTallyAt, lastTallyAt } from '../auditor/index.ts';
import type { FoundRecord, FoundTally, RecordSummary } from '../message-log/index.ts';
import type { ArchiveSource } from './archive-source.ts';
import { countLeftOut, maxArchivedBody } from './left-out.ts';

/** Records of one group that go into one archive. */
export interface Batch {
  readonly group: string;
  /** Places, rising. */
  readonly records: readonly number[];
  /** Records of the group between the tallies and the stretch: their numbers alone. */
  readonly beside: readonly number[];
  /** Instants of the first and last message. */
  readonly from: number;
  readonly to: number;
  readonly leftOut: number;
}

/** A stretch of the log without a hole, by groups. */
export interface Stretch {
  readonly batches: readonly Batch[];
  /** Places: `from` belongs to it, `to` does not. */
  readonly from: number;
  readonly to: number;
  /** From the last tally before it to the first after it: between them every number is accounted for. */
  readonly tallies: readonly FoundTally[];
  /** Place where the next one begins. */
  readonly next: number;
  readonly isLast: boolean;
}

interface Limits {
  readonly grouping: Grouping;
  /** Of the messages of all groups: they end together, so that one place tells how far the log is archived. */
  readonly maxBytes: number;
  /** Place of a tally, beyond which nothing is taken. */
  readonly until: number;
}

interface Item extends Pick<FoundRecord, 'index' | 'at' | 'side' | 'client' | 'provider'> {
  readonly leftOut: number;
}

const recordsPerTurn = 50;
/** A zip file has 65,535 entries, some of them for evidence. */
const maxRecords = 20_000;
/** What a record takes besides its parts: names, proofs, facts, its share of a timestamp. */
const evidenceBytes = 4_096;
const recordsPerPage = 1_000;

/**
 * Collects timestamped records from a place on, up to the limit or to the first that waits for its timestamp. One that is
 * full ends with a tally where there was one, so that the next needs to tell of nothing before it.
 * @throws MessageLogError locked
 */
export async function collectStretch(log: ArchiveSource, first: number, limits: Limits): Promise<Stretch> {
  const items: Item[] = [];
  let [bytes, from, place] = [0, first, first];
  let cut: number | undefined;
  let isLast = true;
  for (; place < limits.until; place += 1) {
    if (place % recordsPerTurn === 0) await setImmediate();
    if (log.readTally(place) !== undefined) {
      if (items.length > 0) cut = place;
      continue;
    }
    const record = log.read(place);
    if (record === undefined) {
      const kept = firstKeptAfter(log, place);
      if (kept === undefined) break;
      if (items.length > 0) {
        isLast = false;
        break;
      }
      // The loop takes one step itself.
      from = kept;
      place = kept - 1;
      continue;
    }
    if (record.timestamp === undefined) break;
    const size = sizeOf(record);
    const isFull = bytes + size > limits.maxBytes || items.length === maxRecords;
    if (isFull && items.length > 0) {
      isLast = false;
      place = cut ?? place;
      break;
    }
    const { index, at, side, client, provider } = record;
    items.push({ index, at, side, client, provider, leftOut: countLeftOut(record) });
    bytes += size;
  }
  const taken = items.filter(({ index }) => index < place);
  const to = (taken.at(-1)?.index ?? from - 1) + 1;
  const lower = lastTallyAt(log, from);
  const upper = firstTallyAt(log, to);
  const bounds = { first: lower?.index ?? -1, from, to, last: upper?.index ?? log.tree.size };
  return {
    batches: batchesOf(taken, besideOf(log, bounds), limits.grouping),
    ...{ from, to, tallies: talliesOf(log, bounds), isLast },
    next: place === limits.until ? place + 1 : place,
  };
}

interface Bounds {
  readonly first: number;
  readonly from: number;
  readonly to: number;
  readonly last: number;
}

/** Records of all groups between the tallies and the stretch. */
function besideOf(log: ArchiveSource, { first, from, to, last }: Bounds): RecordSummary[] {
  const found: RecordSummary[] = [];
  for (const [low, high] of [
    [to, last],
    [first, from],
  ] as const) {
    for (let before = high; ; ) {
      const page = log.search({ before, limit: recordsPerPage });
      const inside = page.filter(({ index }) => index >= low);
      found.push(...inside);
      if (inside.length < recordsPerPage) break;
      before = inside.at(-1)?.index ?? low;
    }
  }
  return found.reverse();
}

function talliesOf(log: ArchiveSource, { first, last }: Bounds): FoundTally[] {
  const tallies: FoundTally[] = [];
  for (let place = last; place >= 0 && place >= first; ) {
    const tally = lastTallyAt(log, place);
    if (tally === undefined || tally.index < first) break;
    tallies.unshift(tally);
    place = tally.index - 1;
  }
  return tallies;
}

function batchesOf(items: readonly Item[], beside: readonly RecordSummary[], grouping: Grouping): Batch[] {
  const others = groupBy(beside, (record) => groupOf(record, grouping));
  return [...groupBy(items, (item) => groupOf(item, grouping))].map(([group, own]) => ({
    group,
    records: own.map(({ index }) => index),
    beside: (others.get(group) ?? []).map(({ index }) => index),
    from: own[0]?.at ?? 0,
    to: own.at(-1)?.at ?? 0,
    leftOut: own.reduce((sum, { leftOut }) => sum + leftOut, 0),
  }));
}

function groupBy<One>(all: readonly One[], nameOf: (one: One) => string): Map<string, One[]> {
  const groups = new Map<string, One[]>();
  for (const one of all) {
    const name = nameOf(one);
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [one]);
    else known.push(one);
  }
  return groups;
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
