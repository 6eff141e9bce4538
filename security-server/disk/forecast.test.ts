import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DiskSample, forecastOf, growthOf } from './forecast.ts';
import { checkOrder, type DiskLevel, levelOf, thresholdsOf } from './levels.ts';

const hourMs = 3_600_000;
const gibibyte = 1024 ** 3;

/** One sample an hour, of what is free by the hour. */
function hourly(hours: number, free: (hour: number) => number): DiskSample[] {
  return Array.from({ length: hours }, (_, hour) => ({
    ...{ at: hour * hourMs, free: free(hour), log: 1_000_000 - free(hour) },
  }));
}

describe('a forecast', () => {
  it('is not made from less than a day, or from a few samples', () => {
    expect(forecastOf([], 0)).toEqual({ kind: 'not-enough-data', samples: 0, hours: 0 });
    expect(
      forecastOf(
        hourly(24, () => 5),
        0,
      ),
    ).toMatchObject({ kind: 'not-enough-data', hours: 23 });
    const two = hourly(200, (hour) => 1_000 - hour).filter((_, index) => index % 100 === 0);
    expect(forecastOf(two, 0)).toMatchObject({ kind: 'not-enough-data', samples: 2 });
    expect(growthOf(hourly(24, () => 5))).toBeUndefined();
  });

  it('tells the days of a disk that fills evenly', () => {
    const samples = hourly(100, (hour) => 10_000 - hour);
    // 10,000 - 99 are left, 24 go each day.
    expect(forecastOf(samples, 301)).toEqual({ kind: 'filling', days: 9_600 / 24 });
    expect(growthOf(samples)).toBe(24);
  });

  it('goes by the last week', () => {
    const samples = hourly(400, (hour) => (hour < 200 ? 1_000_000 - 1_000 * hour : 800_000));
    expect(forecastOf(samples, 0)).toEqual({ kind: 'not-filling' });
  });

  it('is not misled by a month that was removed, nor by a file that came and went', () => {
    const removed = hourly(169, (hour) => 10_000 - hour + (hour >= 100 ? 5_000 : 0));
    const visited = hourly(169, (hour) => 10_000 - hour - (hour > 50 && hour < 60 ? 9_000 : 0));
    for (const samples of [removed, visited]) {
      const forecast = forecastOf(samples, 0);
      const left = samples.at(-1)?.free ?? 0;
      expect(forecast.kind).toBe('filling');
      if (forecast.kind !== 'filling') return;
      expect(forecast.days).toBeGreaterThan((left / 24) * 0.9);
      expect(forecast.days).toBeLessThan((left / 24) * 1.1);
    }
  });

  it('is no number without end, nor below nothing, whatever was measured', () => {
    const sample = fc.record({
      at: fc.integer({ min: 0, max: 30 * 24 * hourMs }),
      free: fc.nat(),
      log: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 60 }), fc.nat(), (list, full) => {
        const samples = list.sort((a, b) => a.at - b.at);
        const forecast = forecastOf(samples, full);
        if (forecast.kind === 'filling') {
          expect(forecast.days).toBeGreaterThanOrEqual(0);
          expect(forecast.days).toBeLessThanOrEqual(3_650);
        }
        expect(Number.isFinite(growthOf(samples) ?? 0)).toBe(true);
      }),
    );
  });

  it('says that a disk which becomes emptier does not fill', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 30, maxLength: 60 }), (steps) => {
        let free = 1_000;
        const samples = hourly(steps.length, (hour) => {
          free += steps[hour] ?? 0;
          return free;
        });
        expect(forecastOf(samples, 500)).toEqual({ kind: 'not-filling' });
      }),
    );
  });
});

describe('a level', () => {
  const rank: readonly DiskLevel[] = ['full', 'tight', 'low', 'ample'];
  const lines = thresholdsOf({}, 1_000 * gibibyte);
  const level = (free: number, former: DiskLevel = 'ample', days?: number) =>
    levelOf(free, lines, former, days, 14);

  it('begins at lines that are smaller on small disks', () => {
    expect(lines).toEqual({ full: gibibyte / 2, tight: 2 * gibibyte, low: 20 * gibibyte });
    const small = thresholdsOf({}, 8 * gibibyte);
    expect(small.full).toBeLessThan(gibibyte / 8);
    expect(small.low).toBeLessThan(2 * gibibyte);
  });

  it('is low, tight and full where the lines are', () => {
    expect([level(20 * gibibyte), level(20 * gibibyte - 1)]).toEqual(['ample', 'low']);
    expect([level(2 * gibibyte), level(2 * gibibyte - 1)]).toEqual(['low', 'tight']);
    expect([level(gibibyte / 2), level(gibibyte / 2 - 1)]).toEqual(['tight', 'full']);
    expect(level(0)).toBe('full');
  });

  it('is low when the disk will soon be full', () => {
    expect(level(100 * gibibyte, 'ample', 13.9)).toBe('low');
    expect(level(100 * gibibyte, 'ample', 14)).toBe('ample');
  });

  it('ends a little above the line at which it began', () => {
    expect(level(gibibyte / 2 + 1, 'full')).toBe('full');
    expect(level(gibibyte * 0.53, 'full')).toBe('tight');
    expect(level(20 * gibibyte + 1, 'low')).toBe('low');
  });

  it('is never better with less room, and lines keep their order with any settings', () => {
    const bytes = fc.option(fc.nat(), { nil: undefined });
    fc.assert(
      fc.property(bytes, bytes, bytes, fc.nat(), fc.nat(), fc.nat(), (a, b, c, size, one, other) => {
        const told = [a, b, c].filter((line) => line !== undefined).sort((x, y) => x - y);
        const [fullBytes, tightBytes, lowBytes] = told;
        const settings = {
          ...(fullBytes !== undefined && { fullBytes }),
          ...(tightBytes !== undefined && { tightBytes }),
          ...(lowBytes !== undefined && { lowBytes }),
        };
        expect(() => checkOrder(settings)).not.toThrow();
        const drawn = thresholdsOf(settings, size);
        expect(drawn.full).toBeLessThanOrEqual(drawn.tight);
        expect(drawn.tight).toBeLessThanOrEqual(drawn.low);
        const [less, more] = one < other ? [one, other] : [other, one];
        const rankOf = (free: number) => rank.indexOf(levelOf(free, drawn, 'ample', undefined, 14));
        expect(rankOf(less)).toBeLessThanOrEqual(rankOf(more));
      }),
    );
  });

  it('has lines that must not cross', () => {
    expect(() => checkOrder({ lowBytes: 1, fullBytes: 2 })).toThrow(/tight less than full/);
    expect(() => checkOrder({ lowBytes: 1, tightBytes: 2 })).toThrow();
    expect(thresholdsOf({ lowBytes: 10 }, 1_000 * gibibyte)).toEqual({ full: 10, tight: 10, low: 10 });
  });
});
