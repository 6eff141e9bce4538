import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitTally, tallyText, writeFacts } from '../../gateway/evidence/index.ts';
import { firstTallyFrom, lastTallyUntil, type TallySource } from './tallies.ts';

const salt = Buffer.alloc(16, 7);
const pair = 'a|b|request|client';

/** A log in memory of which only the tallies are asked for. */
function logOf(
  size: number,
  tallies: readonly { readonly index: number; readonly at: number }[],
): TallySource {
  return {
    tree: { size, read: () => Buffer.alloc(0) },
    lastTally: (atOrBefore) => tallies.findLast(({ index }) => index <= atOrBefore)?.index,
    readTally: (index) => {
      const found = tallies.find((tally) => tally.index === index);
      if (found === undefined) return undefined;
      const text = tallyText(pair, index + 1);
      const at = new Date(found.at).toISOString();
      const facts = writeFacts({ kind: 'tally', at, pairs: [commitTally(salt, text)] });
      return { index, facts, factsSalt: salt, pairs: [{ text, salt }] };
    },
  };
}

/** Places and instants that grow, as those of a log do. */
const tallies = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 9 })), { maxLength: 40 })
  .map((steps) => {
    let [index, at] = [-1, 1000];
    return steps.map(([records, time]) => {
      index += records;
      at += time;
      return { index, at };
    });
  });

describe('tallies around a period', () => {
  it('are those that a walk through all of them finds', () => {
    const instant = fc.integer({ min: 990, max: 1400 });
    fc.assert(
      fc.property(tallies, fc.nat(30), instant, fc.nat(2100), (all, more, at, below) => {
        const log = logOf((all.at(-1)?.index ?? -1) + 1 + more, all);
        expect(firstTallyFrom(log, at)?.index).toBe(all.find((tally) => tally.at >= at)?.index);
        expect(lastTallyUntil(log, at, below)?.index).toBe(
          all.findLast((tally) => tally.at <= at && tally.index < below)?.index,
        );
      }),
    );
  });

  it('tell how far each pair had come', () => {
    const found = firstTallyFrom(logOf(10, [{ index: 4, at: 1000 }]), 1000);
    expect([found?.at, found?.counts]).toEqual([1000, new Map([[pair, 5]])]);
  });
});
