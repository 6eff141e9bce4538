import { parseFacts } from '../../gateway/evidence/index.ts';
import type { FoundTally } from '../message-log/index.ts';
import type { EvidenceSource } from './evidence-source.ts';

/** A tally of the log with the last number of each pair it counted. */
export interface ReadTally extends FoundTally {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly counts: ReadonlyMap<string, number>;
}

export type TallySource = Pick<EvidenceSource, 'lastTally' | 'readTally' | 'tree'>;

/** The first tally that was made at an instant or later; undefined when none was yet. */
export function firstTallyFrom(log: TallySource, at: number): ReadTally | undefined {
  const place = firstPlaceWhere(log, (tally) => tally.at >= at);
  return place === log.tree.size ? undefined : tallyAtOrBefore(log, place);
}

/** The last tally that was made at an instant or earlier, and stands below a place. */
export function lastTallyUntil(log: TallySource, at: number, below: number): ReadTally | undefined {
  const place = firstPlaceWhere(log, (tally) => tally.at > at);
  return tallyAtOrBefore(log, Math.min(place, below) - 1);
}

/** The last tally at a place or before it. */
export function lastTallyAt(log: TallySource, place: number): ReadTally | undefined {
  return tallyAtOrBefore(log, place);
}

/** The first tally at a place or behind it. */
export function firstTallyAt(log: TallySource, place: number): ReadTally | undefined {
  const found = firstPlaceWhere(log, (tally) => tally.index >= place);
  return found === log.tree.size ? undefined : tallyAtOrBefore(log, found);
}

/**
 * Tallies are in the order of their time, so that one in years is found in some thirty looks.
 * @param holds of all tallies from one on
 * @returns place of that one; the size of the log when there is none
 */
function firstPlaceWhere(log: TallySource, holds: (tally: ReadTally) => boolean): number {
  let [low, high] = [0, log.tree.size];
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    const tally = tallyAtOrBefore(log, middle);
    if (tally !== undefined && holds(tally)) high = tally.index;
    else low = middle + 1;
  }
  return low;
}

function tallyAtOrBefore(log: TallySource, place: number): ReadTally | undefined {
  const index = place < 0 ? undefined : log.lastTally(place);
  const found = index === undefined ? undefined : log.readTally(index);
  if (found === undefined) return undefined;
  const counts = new Map<string, number>();
  for (const { text } of found.pairs) {
    const bar = text.lastIndexOf('|');
    counts.set(text.slice(0, bar), Number(text.slice(bar + 1)));
  }
  return { ...found, at: Date.parse(parseFacts(found.facts).at), counts };
}
