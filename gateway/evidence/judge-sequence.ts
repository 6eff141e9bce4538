import { type MessageFacts, pairOf } from './facts.ts';
import { isPairOfGroup } from './group.ts';
import { isOfParty } from './judge-scope.ts';
import type { KnownTally } from './judge-tally.ts';
import type { BundleScope } from './model.ts';
import { bad, type Gap, good, type Step } from './verdict.ts';

const id = 'sequence';

/** Where a record is in the log, and what it says of itself. */
export interface Numbered {
  readonly index: number;
  readonly facts: MessageFacts;
}

export interface JudgedSequence {
  readonly steps: readonly Step[];
  readonly gaps: readonly Gap[];
  readonly warnings: readonly string[];
}

/**
 * Whether numbers were given once and in order and, when the bundle claims to have all of a party in a period or of a
 * group in a stretch of the log, whether they are all there: from what a tally before it had counted to what one after
 * it had.
 */
export function judgeSequences(
  records: readonly Numbered[],
  tallies: readonly KnownTally[],
  scope: BundleScope,
): JudgedSequence {
  const byPair = groupByPair(records);
  const order = [...byPair].flatMap(([pair, numbered]) => judgeOrder(pair, numbered));
  if (scope.kind !== 'party' && scope.kind !== 'archive') return { steps: order, gaps: [], warnings: [] };
  const { lower, upper } = boundsOf(scope, tallies);
  if (upper === undefined) {
    const text = `No tally from ${scope.to} or later shows how many records there should be: ask for one.`;
    return { steps: [...order, bad(id, 'tallies', 'tally-missing', text)], gaps: [], warnings: [] };
  }
  const pairs = new Set([
    ...byPair.keys(),
    ...[...upper.counts.keys()].filter((pair) => concerns(pair, scope)),
  ]);
  const judged = [...pairs].map((pair) =>
    judgePair({ pair, numbered: byPair.get(pair) ?? [], lower, upper }),
  );
  return {
    steps: [...order, ...judgeBehind(records, upper, scope), ...judged.flatMap(({ steps }) => steps)],
    gaps: judged.flatMap(({ gaps }) => gaps),
    warnings: warningsOf(upper, scope),
  };
}

/** What is after a period counts up to the tally that closes it: a record behind that one was put in. */
function judgeBehind(records: readonly Numbered[], upper: KnownTally, scope: WholeScope): readonly Step[] {
  if (scope.kind !== 'party') return [];
  return records
    .filter(({ index, facts: { at } }) => index > upper.index && at >= scope.to)
    .map(({ index }) => {
      const text = `The record is after the period, and behind the tally ${upper.index} that closes it: it was put in.`;
      return bad('scope', `records/${index}`, 'out-of-scope', text);
    });
}

type WholeScope = Extract<BundleScope, { kind: 'party' | 'archive' }>;

/** The tallies around a period or a stretch that are nearest to it. */
function boundsOf(
  scope: WholeScope,
  tallies: readonly KnownTally[],
): { readonly lower: KnownTally | undefined; readonly upper: KnownTally | undefined } {
  if (scope.kind === 'archive') {
    return {
      lower: tallies.findLast(({ index }) => index <= scope.from),
      upper: tallies.find(({ index }) => index >= scope.to),
    };
  }
  const upper = tallies.find(({ at }) => at >= scope.to);
  const lower = tallies.findLast(({ at, index }) => at <= scope.from && index < (upper?.index ?? 0));
  return { lower, upper };
}

function groupByPair(records: readonly Numbered[]): ReadonlyMap<string, readonly Numbered[]> {
  const byPair = new Map<string, Numbered[]>();
  for (const record of records) {
    const pair = pairOf(record.facts);
    const known = byPair.get(pair);
    if (known === undefined) byPair.set(pair, [record]);
    else known.push(record);
  }
  return byPair;
}

/** @param numbered in the order of the log */
function judgeOrder(pair: string, numbered: readonly Numbered[]): Step[] {
  return numbered.flatMap(({ index, facts: { sequence } }, at) => {
    const before = numbered[at - 1]?.facts.sequence;
    if (before === undefined || before < sequence) return [];
    const about = `records/${index}`;
    return before === sequence
      ? [bad(id, about, 'sequence-duplicate', `Number ${sequence} of ${pair} was given twice.`)]
      : [bad(id, about, 'sequence-order', `Number ${sequence} of ${pair} stands behind ${before}.`)];
  });
}

export interface PairCase {
  readonly pair: string;
  /** Of this pair. */
  readonly numbered: readonly Numbered[];
  readonly lower: KnownTally | undefined;
  readonly upper: KnownTally;
}

/** Whether all records of a pair between two tallies are here. */
export function judgePair({ pair, numbered, lower, upper }: PairCase): {
  steps: readonly Step[];
  gaps: readonly Gap[];
} {
  // A pair that the tally before does not show is taken to begin after it: then more must be here, never less.
  const from = lower?.counts.get(pair) ?? 0;
  const to = upper.counts.get(pair) ?? 0;
  const wrong = numbered.find(({ index, facts: { sequence } }) => {
    const isCounted = index < upper.index;
    return sequence <= from || isCounted !== sequence <= to;
  });
  if (wrong !== undefined) {
    const { sequence } = wrong.facts;
    const text = `Number ${sequence} of ${pair} is not between what the tallies had counted, ${from} and ${to}.`;
    return { steps: [bad(id, `records/${wrong.index}`, 'tally-differs', text)], gaps: [] };
  }
  const gaps = gapsIn(pair, numbered, from, to);
  if (gaps.length > 0) {
    const steps = gaps.map(({ after, before }) => bad(id, pair, 'gap', describeGap(pair, after, before, to)));
    return { steps, gaps };
  }
  const text = `All records of ${pair} are here, numbers ${from + 1} to ${Math.max(to, from + numbered.length)}.`;
  const none = `${pair} had no records between the tallies.`;
  return { steps: [good(id, pair, numbered.length === 0 ? none : text)], gaps };
}

function gapsIn(pair: string, numbered: readonly Numbered[], from: number, to: number): Gap[] {
  const gaps: Gap[] = [];
  let last = from;
  for (const sequence of numbered.map(({ facts }) => facts.sequence).sort((a, b) => a - b)) {
    if (sequence > last + 1) gaps.push({ pair, after: last, before: sequence });
    last = Math.max(last, sequence);
  }
  if (last < to) gaps.push({ pair, after: last, before: null });
  return gaps;
}

function describeGap(pair: string, after: number, before: number | null, to: number): string {
  const end = before === null ? to : before - 1;
  const numbers = end === after + 1 ? `number ${end} is` : `numbers ${after + 1} to ${end} are`;
  return `Of ${pair}, ${numbers} missing.`;
}

function concerns(pair: string, scope: WholeScope): boolean {
  if (scope.kind === 'archive') return isPairOfGroup(pair, scope.grouping, scope.group);
  const [client = '', provider = ''] = pair.split('|');
  return isOfParty({ client, provider }, scope.party);
}

function warningsOf({ index, hidden }: KnownTally, scope: WholeScope): string[] {
  if (hidden === 0) return [];
  const subject = scope.kind === 'party' ? scope.party : scope.group || 'this log';
  return [
    `Tally ${index} has ${hidden} lines that are not shown: that none of them is of ${subject}, whoever exported this ` +
      'says; an export with all lines of the tally would prove it.',
  ];
}
