import type { Verdict } from '../gateway/evidence/index.ts';

const marks = { good: 'good  ', bad: 'BAD   ', absent: 'absent' } as const;

/** A verdict of a bundle for people: the sum of it, every step with its place, what is missing, what to compare. */
export function describeVerdict(file: string, { valid, reason, code, place, ...rest }: Verdict): string {
  const { steps, gaps, warnings } = rest;
  const lines = [
    valid ? `${file}: valid` : `${file}: NOT valid\n  ${code} at ${place}: ${reason}`,
    ...steps.map(({ about, state, text }) => `  ${marks[state]}  ${about}: ${text}`),
    ...gaps.map(
      ({ pair, after, before }) =>
        `  gap     ${pair}: after ${after} ${before === null ? 'to the end' : `and before ${before}`}`,
    ),
    ...warnings.map((warning) => `  note: ${warning}`),
  ];
  return `${lines.join('\n')}\n`;
}
