import { pairOf } from '../../gateway/evidence/index.ts';
import type { RecordSummary } from '../message-log/index.ts';
import { requireRecord } from './bundle-records.ts';
import type { EvidenceSource } from './evidence-source.ts';
import { nextTurn } from './next-turn.ts';
import { firstTallyFrom, lastTallyAt, type ReadTally } from './tallies.ts';

/** What shows of requests that they had no response. */
export interface ShownUnanswered {
  /** Responses to others: their numbers leave none out. */
  readonly beside: readonly number[];
  readonly tallies: readonly ReadTally[];
  readonly pairs: ReadonlySet<string>;
}

/** Until then a response may be on its way; later ones belong to no request. */
const longestWaitMs = 3_600_000;
/** Responses to others that one export tells of; with more of them nothing is shown, and the verdict says so. */
const maxBeside = 5_000;
const recordsPerPage = 1_000;

/**
 * For requests without response the numbers of all responses of their pair, between a tally before them and one after
 * the time in which a response may come. Facts of others are told by that, and no message of theirs.
 */
export async function showUnanswered(
  log: EvidenceSource,
  places: readonly number[],
): Promise<ShownUnanswered> {
  const records = places.map((index): RecordSummary => requireRecord(log, index));
  const answered = new Set(records.filter(({ direction }) => direction === 'response').map(exchangeOf));
  const open = records.filter((one) => one.direction === 'request' && !answered.has(exchangeOf(one)));
  const known = new Set(places);
  const beside = new Set<number>();
  const tallies = new Map<number, ReadTally>();
  const pairs = new Set<string>();
  for (const request of open) {
    const lower = lastTallyAt(log, request.index);
    const upper = await tallyAfter(log, request);
    const found = await responsesBetween(log, request, lower?.index ?? 0, upper.index);
    if (lower === undefined || found === undefined) continue;
    const others = found.filter((index) => !known.has(index) && !beside.has(index));
    if (beside.size + others.length > maxBeside) continue;
    for (const index of others) beside.add(index);
    for (const tally of [lower, upper]) tallies.set(tally.index, tally);
    pairs.add(pairOf({ ...request, direction: 'response' }));
  }
  return {
    beside: [...beside],
    tallies: [...tallies.values()].sort((a, b) => a.index - b.index),
    pairs,
  };
}

/** The first tally once no response can come any more; a new one while it still can. */
async function tallyAfter(log: EvidenceSource, { index, at }: RecordSummary): Promise<ReadTally> {
  const known = firstTallyFrom(log, at + longestWaitMs);
  if (known !== undefined && known.index > index) return known;
  const last = log.tree.size - 1;
  const newest = lastTallyAt(log, last);
  if (newest?.index === last) return newest;
  const made = lastTallyAt(log, await log.tallyNow());
  if (made === undefined) throw new Error('the tally that was just made is not in the log');
  return made;
}

/** @returns undefined when there are more than an export tells of */
async function responsesBetween(
  log: EvidenceSource,
  { client, provider, side }: RecordSummary,
  above: number,
  below: number,
): Promise<number[] | undefined> {
  const found: number[] = [];
  for (let before = below; ; await nextTurn()) {
    const page = log.search({ client, side, direction: 'response', before, limit: recordsPerPage });
    const inside = page.filter(({ index }) => index > above);
    // What is under the client, as subsystems are under a member, is numbered apart.
    const own = inside.filter((one) => one.client === client && one.provider === provider);
    found.push(...own.map(({ index }) => index));
    if (found.length > maxBeside) return undefined;
    if (inside.length < recordsPerPage) return found;
    before = inside.at(-1)?.index ?? above;
  }
}

function exchangeOf({ side, queryId, requestId }: RecordSummary): string {
  return JSON.stringify([side, queryId, requestId]);
}
