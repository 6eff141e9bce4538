import { type Gap, isOfParty, pairOf } from '../../gateway/evidence/index.ts';
import type { RecordSummary } from '../message-log/index.ts';
import { EvidenceAccessError, type EvidenceSource } from './evidence-source.ts';
import { nextTurn } from './next-turn.ts';
import { firstTallyFrom, lastTallyUntil } from './tallies.ts';

export interface GapQuestion {
  /** Milliseconds since the epoch: `from` belongs to the period, `to` does not. */
  readonly from: number;
  readonly to: number;
  /** Encoded member or subsystem; all parties unless told. */
  readonly party?: string;
}

/** Numbers that are missing, with the instants between which their records must have been. */
export interface FoundGap extends Gap {
  /** How many. */
  readonly missing: number;
  /** Instants of the record before and behind; null where a tally bounds the gap. ISO 8601. */
  readonly afterAt: string | null;
  readonly beforeAt: string | null;
}

export interface GapReport {
  readonly from: string;
  readonly to: string;
  readonly party: string | null;
  /** Tallies between which numbers were counted; null where the log had none yet, and an end could be missing unseen. */
  readonly countedFrom: { readonly index: number; readonly at: string } | null;
  readonly countedTo: { readonly index: number; readonly at: string } | null;
  /** Clients, providers, directions and sides that had messages. */
  readonly pairs: number;
  readonly records: number;
  readonly gaps: readonly FoundGap[];
  /** Gaps beyond those that are told. */
  readonly omitted: number;
}

const recordsPerPage = 1_000;
const maxRecords = 5_000_000;
const maxGaps = 1_000;

/** How far one pair has come on the way down from the newest record. */
interface Walk {
  /** Number of the record above, or one more than the tally above had counted. */
  above: number;
  aboveAt: number | null;
  /** Whether `above` was counted by a tally alone, so that no record stands there. */
  isEnd: boolean;
}

/**
 * Which numbers are missing between the tally before a period and the tally after it. Records are walked through page
 * by page, newest first, and none is kept: years cost time, not memory.
 * @throws EvidenceAccessError period-too-long
 */
export async function reportGaps(log: EvidenceSource, question: GapQuestion): Promise<GapReport> {
  const { from, to, party } = question;
  const upper = firstTallyFrom(log, to);
  const end = upper?.index ?? log.tree.size;
  const lower = lastTallyUntil(log, from, end);
  const walks = new Map<string, Walk>();
  for (const [pair, count] of upper?.counts ?? []) {
    if (concerns(pair, party)) walks.set(pair, { above: count + 1, aboveAt: null, isEnd: true });
  }
  const found: FoundGap[] = [];
  let omitted = 0;
  const note = (gap: FoundGap) => {
    if (found.length < maxGaps) found.push(gap);
    else omitted += 1;
  };
  const start = lower?.index ?? -1;
  let records = 0;
  for (let before = end; before > start + 1; await nextTurn()) {
    const page = log.search({ before, limit: recordsPerPage, ...(party !== undefined && { party }) });
    for (const record of page) {
      if (record.index <= start) break;
      stepDown(walks, record, note);
      records += 1;
    }
    if (records > maxRecords) throw tooLong();
    before = page.length < recordsPerPage ? 0 : (page.at(-1)?.index ?? 0);
  }
  for (const [pair, { above, aboveAt, isEnd }] of walks) {
    const after = lower?.counts.get(pair) ?? 0;
    if (above > after + 1) note(gapOf(pair, after, null, above, aboveAt, isEnd));
  }
  return {
    ...{ from: iso(from), to: iso(to), party: party ?? null },
    countedFrom: lower === undefined ? null : { index: lower.index, at: iso(lower.at) },
    countedTo: upper === undefined ? null : { index: upper.index, at: iso(upper.at) },
    ...{ pairs: walks.size, records, gaps: found, omitted },
  };
}

function stepDown(walks: Map<string, Walk>, record: RecordSummary, note: (gap: FoundGap) => void): void {
  const pair = pairOf(record);
  const walk = walks.get(pair);
  if (walk !== undefined && walk.above > record.sequence + 1) {
    note(gapOf(pair, record.sequence, record.at, walk.above, walk.aboveAt, walk.isEnd));
  }
  walks.set(pair, { above: record.sequence, aboveAt: record.at, isEnd: false });
}

function gapOf(
  pair: string,
  after: number,
  afterAt: number | null,
  above: number,
  aboveAt: number | null,
  isEnd: boolean,
): FoundGap {
  return {
    ...{ pair, after, before: isEnd ? null : above, missing: above - after - 1 },
    afterAt: afterAt === null ? null : iso(afterAt),
    beforeAt: aboveAt === null ? null : iso(aboveAt),
  };
}

/** @param pair as `pairOf` writes it */
export function concerns(pair: string, party: string | undefined): boolean {
  if (party === undefined) return true;
  const [client = '', provider = ''] = pair.split('|');
  return isOfParty({ client, provider }, party);
}

function tooLong(): EvidenceAccessError {
  const reason =
    `Gaps are looked for among at most ${maxRecords} records at once: narrow the period, or name a party. ` +
    '`waygate audit fsck` checks a whole log.';
  return new EvidenceAccessError('period-too-long', reason);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
