import type { BundleScope } from '../../gateway/evidence/index.ts';
import type { RecordSummary } from '../message-log/index.ts';
import type { BundleLimits } from './bundle-limits.ts';
import { EvidenceAccessError, type EvidenceSource } from './evidence-source.ts';
import { nextTurn } from './next-turn.ts';
import { showUnanswered } from './show-unanswered.ts';
import { firstTallyFrom, lastTallyUntil, type ReadTally } from './tallies.ts';

/** What is asked to be exported; instants are milliseconds since the epoch. */
export type ExportScope =
  | { readonly kind: 'exchange'; readonly queryId: string }
  | { readonly kind: 'party'; readonly party: string; readonly from: number; readonly to: number }
  | { readonly kind: 'case'; readonly title: string; readonly queryIds: readonly string[] };

export interface PlannedRecords {
  readonly scope: BundleScope;
  readonly records: readonly number[];
  readonly beside: readonly number[];
  readonly tallies: readonly ReadTally[];
  /** Pairs whose numbers the tallies show, of an exchange or a case. */
  readonly pairs?: ReadonlySet<string>;
}

const recordsPerPage = 1_000;

/**
 * Chooses the records that a scope is about and, for a period, the tallies that show it complete; for a request that
 * had no response, what shows that.
 * @throws EvidenceAccessError exchange-not-found, period-not-begun, export-too-large
 */
export async function planExport(
  log: EvidenceSource,
  scope: ExportScope,
  now: Date,
  limits: BundleLimits & { readonly includeNeighbours: boolean },
): Promise<PlannedRecords> {
  const shown = (places: readonly number[]) =>
    limits.includeNeighbours ? showUnanswered(log, places) : { beside: [], tallies: [] };
  if (scope.kind === 'party') return planPeriod(log, scope, now, limits);
  if (scope.kind === 'exchange') {
    const records = recordsOf(log, scope.queryId, limits.records);
    return { scope, records, ...(await shown(records)) };
  }
  const { kind, title } = scope;
  const queryIds = [...new Set(scope.queryIds)].sort();
  const records = new Set<number>();
  for (const queryId of queryIds) {
    for (const index of recordsOf(log, queryId, limits.records)) records.add(index);
    if (records.size > limits.records) throw tooMany(limits.records, 'make several cases of it');
    await nextTurn();
  }
  const places = [...records].sort((a, b) => a - b);
  return {
    ...{ scope: { kind, title, queryIds }, records: places },
    ...(await shown(places)),
  };
}

/**
 * Places of the records of one message id, oldest first.
 * @throws EvidenceAccessError exchange-not-found, export-too-large
 */
export function recordsOf(log: Pick<EvidenceSource, 'search'>, queryId: string, limit: number): number[] {
  const found = log.search({ queryId, limit: limit + 1 });
  if (found.length > limit) throw tooMany(limit, 'export a period of its client instead');
  if (found.length === 0) {
    const reason = `The log has no message with the id '${queryId}'; look for it with a search by time and party`;
    throw new EvidenceAccessError('exchange-not-found', reason);
  }
  return found.map(({ index }) => index).reverse();
}

/**
 * A period is shown complete by what a tally before it had counted and what one after it had; records between the
 * tallies and the period are told by their numbers alone.
 */
async function planPeriod(
  log: EvidenceSource,
  { party, from, to: wanted }: Extract<ExportScope, { kind: 'party' }>,
  now: Date,
  limits: BundleLimits,
): Promise<PlannedRecords> {
  if (from >= now.getTime()) {
    const reason = `The period begins at ${iso(from)}, which is still to come`;
    throw new EvidenceAccessError('period-not-begun', reason);
  }
  const upper = await tallyFrom(log, Math.min(wanted, now.getTime()));
  // Nobody can say yet what comes after the last tally.
  const to = Math.min(wanted, upper.at);
  if (from >= to) {
    throw new EvidenceAccessError('period-empty', `Between ${iso(from)} and ${iso(to)} there is no time`);
  }
  const scope = { kind: 'party', party, from: iso(from), to: iso(to) } as const;
  const inPeriod = await collect(limits.records, 'narrow the period, or export it in pieces', (before) =>
    log.search({ party, from, to, limit: recordsPerPage, ...(before !== undefined && { before }) }),
  );
  const first = Math.min(upper.index, ...inPeriod.slice(-1).map(({ index }) => index));
  const lower = lastTallyUntil(log, from, first);
  const above = lower?.index ?? -1;
  const between = await collect(
    inPeriod.length + limits.beside,
    'the log was counted too seldom around this period: export single exchanges as a case',
    (before = upper.index) =>
      log.search({ party, before, limit: recordsPerPage }).filter(({ index }) => index > above),
  );
  const records = new Set(inPeriod.map(({ index }) => index));
  const beside = between.filter(({ index }) => !records.has(index));
  return {
    scope,
    records: [...records],
    beside: beside.map(({ index }) => index),
    tallies: [...(lower === undefined ? [] : [lower]), upper],
  };
}

/** The first tally from an instant on: a new one when there is none. */
async function tallyFrom(log: EvidenceSource, at: number): Promise<ReadTally> {
  const known = firstTallyFrom(log, at);
  if (known !== undefined) return known;
  const index = await log.tallyNow();
  // A tally bears the time of its making; a clock that was put back in between would make it too early.
  const made = lastTallyUntil(log, Number.MAX_SAFE_INTEGER, index + 1);
  if (made?.index !== index) throw new Error(`the tally ${index} that was just made is not in the log`);
  return made;
}

/** Newest first. @throws EvidenceAccessError export-too-large */
async function collect(
  limit: number,
  remedy: string,
  page: (before: number | undefined) => RecordSummary[],
): Promise<RecordSummary[]> {
  const found: RecordSummary[] = [];
  for (let before: number | undefined; ; await nextTurn()) {
    const more = page(before);
    found.push(...more);
    if (found.length > limit) throw tooMany(limit, remedy);
    if (more.length < recordsPerPage) return found;
    before = more.at(-1)?.index;
  }
}

function tooMany(limit: number, remedy: string): EvidenceAccessError {
  return new EvidenceAccessError('export-too-large', `One export holds at most ${limit} records: ${remedy}`);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
