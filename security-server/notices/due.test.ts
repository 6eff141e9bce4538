import { describe, expect, it } from 'vitest';
import { daysUntil, thresholdOf } from './due.ts';

const now = new Date('2026-11-01T12:00:00Z');
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000);
const ends = (days: number) => ({ notBefore: inDays(-300), notAfter: inDays(days) });

describe('a threshold', () => {
  it.each([
    [60.01, undefined],
    [60, 60],
    [30.01, 60],
    [30, 30],
    [7.5, 30],
    [7, 7],
    [1.1, 7],
    [1, 1],
    [0, 1],
    [-29, 1],
    [-31, undefined],
  ])('of what ends in %d days is %s', (days, expected) => {
    expect(thresholdOf(ends(days), now)).toBe(expected);
  });

  it('is none of what was replaced', () => {
    expect(thresholdOf({ ...ends(5), replacedBy: 'aa' }, now)).toBeUndefined();
  });

  it('is none that is longer than the whole life', () => {
    expect(thresholdOf({ notBefore: inDays(-1), notAfter: inDays(6) }, now)).toBeUndefined();
    expect(thresholdOf({ notBefore: inDays(-6.5), notAfter: inDays(0.5) }, now)).toBe(1);
  });

  it('of what renews itself is only one at which that is late, or has failed', () => {
    const renewing = { ...ends(29), renewsAt: inDays(-1) };
    expect(thresholdOf(renewing, now)).toBeUndefined();
    expect(thresholdOf({ ...renewing, renewalTrouble: 'no answer' }, now)).toBe(30);
    expect(thresholdOf({ ...ends(7), renewsAt: inDays(-23) }, now)).toBe(7);
  });

  it('is counted in whole days', () => {
    expect([daysUntil(inDays(1.9), now), daysUntil(inDays(-0.1), now)]).toEqual([1, -1]);
  });
});
