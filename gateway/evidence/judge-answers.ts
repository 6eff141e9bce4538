import { pairOf } from './facts.ts';
import { exchangeOf } from './judge-exchange.ts';
import { askedIn } from './judge-scope.ts';
import { type JudgedSequence, judgePair, type Numbered } from './judge-sequence.ts';
import type { KnownTally } from './judge-tally.ts';
import type { BundleScope } from './model.ts';
import { absent, bad, good, type Step } from './verdict.ts';
import { bundleNames } from './write-bundle.ts';

const id = 'exchange';

/** A record of which the message is here, or its number alone. */
export interface AskedRecord extends Numbered {
  readonly hasMessage: boolean;
}

/**
 * Whether all is here that was asked for, of exchanges that are told by their message ids: each of them, and of a request
 * without response that there was none. That is proven when all responses of its pair between two tallies around it
 * are here by their numbers, and none of them is the one to it.
 */
export function judgeAnswers(
  records: readonly AskedRecord[],
  tallies: readonly KnownTally[],
  scope: BundleScope,
): JudgedSequence {
  if (scope.kind !== 'exchange' && scope.kind !== 'case') return { steps: [], gaps: [], warnings: [] };
  const messages = records.filter(({ hasMessage }) => hasMessage);
  const answered = new Set(messages.filter(isResponse).map(({ facts }) => exchangeOf(facts)));
  const isUntold = askedIn(scope) === undefined;
  const open = isUntold
    ? []
    : messages.filter((record) => !isResponse(record) && !answered.has(exchangeOf(record.facts)));
  const byPair = new Map<string, AskedRecord[]>();
  for (const record of records.filter(isResponse)) {
    const pair = pairOf(record.facts);
    const known = byPair.get(pair);
    if (known === undefined) byPair.set(pair, [record]);
    else known.push(record);
  }
  const judged = open.map((request) =>
    judgeOpen(request, byPair.get(pairOfResponse(request)) ?? [], tallies),
  );
  return {
    steps: [
      ...judgeAsked(messages, scope),
      ...judgeBeside(records, open),
      ...judged.flatMap(({ steps }) => steps),
    ],
    gaps: judged.flatMap(({ gaps }) => gaps),
    warnings: judged.flatMap(({ warnings }) => warnings),
  };
}

function judgeAsked(messages: readonly AskedRecord[], scope: BundleScope): Step[] {
  const found = new Set(messages.map(({ facts }) => facts.queryId));
  return [...(askedIn(scope) ?? [])]
    .filter((queryId) => !found.has(queryId))
    .map((queryId) => {
      const text = `The bundle is about the exchange ${queryId}, and has no message of it.`;
      return bad('scope', bundleNames.index, 'exchange-missing', text);
    });
}

/** Records of which the number alone is here count only for a request that had no response. */
function judgeBeside(records: readonly AskedRecord[], open: readonly AskedRecord[]): Step[] {
  const pairs = new Set(open.map(pairOfResponse));
  return records
    .filter(({ hasMessage, facts }) => !hasMessage && !pairs.has(pairOf(facts)))
    .map(({ index }) => {
      const text = 'The bundle is not about this record: it was put in, or the scope was changed.';
      return bad('scope', `records/${index}`, 'out-of-scope', text);
    });
}

/** @param responses of its pair, in the order of the log */
function judgeOpen(
  request: AskedRecord,
  responses: readonly AskedRecord[],
  tallies: readonly KnownTally[],
): JudgedSequence {
  const about = `records/${request.index}`;
  const pair = pairOfResponse(request);
  const lower = tallies.findLast(({ index }) => index < request.index);
  const above = responses.filter(({ index }) => index > (lower?.index ?? 0));
  // One that may hide how many responses there were shows nothing: not that there were none, either.
  const shown = tallies.filter(
    ({ index, counts, hidden }) => index > request.index && (hidden === 0 || counts.has(pair)),
  );
  const upper = farthest(pair, above, lower?.counts.get(pair) ?? 0, shown);
  if (lower === undefined || upper === undefined) return unproven(about);
  const numbered = above.filter(({ index }) => index < upper.index);
  const { steps, gaps } = judgePair({ pair, numbered, lower, upper });
  if (steps.some(({ state }) => state === 'bad')) return { steps, gaps, warnings: [] };
  const text = `There was no response to this request until ${upper.at}: all that were recorded of its pair are to others.`;
  return { steps: [...steps, good(id, about, text)], gaps, warnings: [] };
}

/**
 * The farthest of some tallies up to which no number is missing: the farther, the longer no response is shown to have
 * come. The nearest when one is missing before all of them.
 */
function farthest(
  pair: string,
  responses: readonly AskedRecord[],
  from: number,
  uppers: readonly KnownTally[],
): KnownTally | undefined {
  let [found, next, last] = [uppers[0], 0, from];
  for (const upper of uppers) {
    for (let one = responses[next]; one !== undefined && one.index < upper.index; one = responses[next]) {
      if (one.facts.sequence !== last + 1) return found;
      last += 1;
      next += 1;
    }
    if ((upper.counts.get(pair) ?? 0) === last) found = upper;
  }
  return found;
}

function unproven(about: string): JudgedSequence {
  const text =
    'There is a request and no response. That none was recorded is the word of whoever exported this, and no numbers show it.';
  return {
    steps: [absent(id, about, 'response-missing', text)],
    gaps: [],
    warnings: [`${about}: that no response was recorded is the word of whoever exported this`],
  };
}

function pairOfResponse({ facts }: Numbered): string {
  return pairOf({ ...facts, direction: 'response' });
}

function isResponse({ facts }: Numbered): boolean {
  return facts.direction === 'response';
}
