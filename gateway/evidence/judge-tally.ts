import { commitTally } from './facts.ts';
import type { KnownLog } from './judge-checkpoint.ts';
import { judgeFacts, judgeInclusion } from './judge-inclusion.ts';
import type { BundleTally } from './model.ts';
import { bad, good, type Step } from './verdict.ts';

/** How far pairs had come at one place of the log, as far as the bundle shows it. */
export interface KnownTally {
  readonly index: number;
  readonly at: string;
  /** Last sequence number by pair. */
  readonly counts: ReadonlyMap<string, number>;
  /** Lines that the bundle does not show. */
  readonly hidden: number;
}

export interface JudgedTally {
  readonly steps: readonly Step[];
  readonly tally?: KnownTally;
}

/** Whether a tally is in the log, and the lines that are shown are its own. */
export function judgeTally(bundled: BundleTally, log: KnownLog): JudgedTally {
  const about = `tallies/${bundled.index}`;
  const { steps, facts } = judgeFacts(bundled.facts, 'tally', about);
  if (facts === undefined) return { steps };
  const inclusion = judgeInclusion(bundled, log, about);
  const counts = new Map<string, number>();
  for (const { position, text, salt } of bundled.pairs) {
    const [, pair, number] = /^(.+)\|([1-9]\d{0,15})$/.exec(text) ?? [];
    const isOwn = facts.pairs[position] === commitTally(salt, text);
    if (!isOwn || pair === undefined || counts.has(pair)) {
      const why = `Line ${position} of this tally is not what the log recorded: '${text}'.`;
      return { steps: [inclusion, bad('tally', about, 'tally-differs', why)] };
    }
    counts.set(pair, Number(number));
  }
  const hidden = facts.pairs.length - counts.size;
  const step = good('tally', about, `The log counted its records at ${facts.at}.`, [
    ...[...counts].map(([pair, count]) => [pair, String(count)] as const),
    ['lines that are not shown', String(hidden)],
  ]);
  return { steps: [inclusion, step], tally: { index: bundled.index, at: facts.at, counts, hidden } };
}
