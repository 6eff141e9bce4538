import { pairOf, parseFacts } from './facts.ts';
import type { BundleContent } from './model.ts';

/** Last numbers that pairs of an archive's group had come to; a pair that is not named had none. */
export interface StretchNumbers {
  /** Where the archive's stretch of the log begins, and where it ends. */
  readonly before: ReadonlyMap<string, number>;
  readonly after: ReadonlyMap<string, number>;
}

type Told = BundleContent['records'][number];

/**
 * Numbers at both ends of an archive's stretch: what the tallies around it counted, without what lies between the stretch
 * and them. Two archives that follow each other in a group meet in them.
 * @param content that was judged good
 * @returns undefined for what is no stretch, or has no tally behind it
 * @throws EvidenceError facts-malformed
 */
export function numbersAround({ scope, records, tallies }: BundleContent): StretchNumbers | undefined {
  if (scope.kind !== 'archive') return undefined;
  const { from, to } = scope;
  const lower = tallies.findLast(({ index }) => index <= from);
  const upper = tallies.find(({ index }) => index >= to);
  if (upper === undefined) return undefined;
  const between = (start: number, end: number) =>
    records.filter(({ index }) => start <= index && index < end);
  return {
    before: moved(countsOf(lower), between(lower?.index ?? 0, from), 1),
    after: moved(countsOf(upper), between(to, upper.index), -1),
  };
}

/** How an archive does not go on where the one before it in its group ended. */
export interface StretchHole {
  /** Numbers between them are in neither; or the later has some that the earlier had, or follows another log. */
  readonly code: 'missing' | 'broken-link';
  /** A plain sentence without its full stop. */
  readonly reason: string;
}

/** Numbers at the ends of an archive's stretch, by the name that people know it by. */
export interface NamedStretch {
  readonly name: string;
  readonly numbers: StretchNumbers;
}

/**
 * Whether the numbers of each pair go on in an archive where the one before it left them. Links are made without a key:
 * whoever takes an archive out can write them anew, and the numbers that it had are missing.
 */
export function findHole(before: NamedStretch, next: NamedStretch): StretchHole | undefined {
  const [left, begun] = [before.numbers.after, next.numbers.before];
  for (const pair of new Set([...left.keys(), ...begun.keys()])) {
    const [last, base] = [left.get(pair) ?? 0, begun.get(pair) ?? 0];
    if (last < base) {
      const which = last + 1 === base ? `number ${base}` : `numbers ${last + 1} to ${base}`;
      return {
        code: 'missing',
        reason: `${which} of ${pair}: neither in ${before.name} nor in ${next.name}`,
      };
    }
    if (last > base) {
      const why = `it goes on with ${base + 1} of ${pair}, and ${before.name} ends with ${last}`;
      return { code: 'broken-link', reason: `${next.name} does not go on where ${before.name} ends: ${why}` };
    }
  }
  return undefined;
}

function countsOf(tally: BundleContent['tallies'][number] | undefined): Map<string, number> {
  return new Map(
    tally?.pairs.map(({ text }) => {
      const at = text.lastIndexOf('|');
      return [text.slice(0, at), Number(text.slice(at + 1))];
    }),
  );
}

function moved(counts: Map<string, number>, records: readonly Told[], by: 1 | -1): Map<string, number> {
  for (const { facts: octets } of records) {
    const facts = parseFacts(octets);
    if (facts.kind !== 'message') continue;
    const pair = pairOf(facts);
    counts.set(pair, (counts.get(pair) ?? 0) + by);
  }
  return counts;
}
