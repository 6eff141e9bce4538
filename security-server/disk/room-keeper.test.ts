import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeptRoom } from '../../gateway/road/index.ts';
import type { DiskLevel } from './levels.ts';
import { RoomKeeper } from './room-keeper.ts';

const mebibyte = 1024 * 1024;
const waitMs = 5_000;
const full = 64 * mebibyte;

interface Bench {
  readonly keeper: RoomKeeper;
  stale: number;
  see(level: DiskLevel, free: number): void;
}

function bench(maxWaiting = 1_000): Bench {
  const made: Bench = {
    stale: 0,
    keeper: new RoomKeeper({
      ...{ waitMs, maxWaiting },
      onStale: () => {
        made.stale += 1;
      },
    }),
    see: (level, free) => made.keeper.beginReading()({ level, free, full }),
  };
  return made;
}

/** What became of entering so far. */
function watched(entering: Promise<KeptRoom>) {
  const seen: { outcome: 'waits' | 'in' | string; kept?: KeptRoom } = { outcome: 'waits' };
  entering.then(
    (kept) => Object.assign(seen, { outcome: 'in', kept }),
    (fault: { code: string }) => Object.assign(seen, { outcome: fault.code }),
  );
  return seen;
}

const settled = () => vi.advanceTimersByTimeAsync(0);

describe('the keeper of room', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('refuses at once when the disk is full, and lets in again when it is not', async () => {
    const { keeper, see } = bench();
    see('full', full - 1);
    await expect(keeper.enter(0)).rejects.toMatchObject({ code: 'LoggingFailed' });
    expect(keeper.usage).toEqual({ open: 0, promised: 0, waiting: 0 });
    see('ample', 10 * full);
    await expect(keeper.enter(0)).resolves.toBeDefined();
  });

  it('lets in whoever comes while nobody knows the disk', async () => {
    const { keeper } = bench();
    const kept = await keeper.enter(1e15);
    expect(() => kept.take(1e15, 'request')).not.toThrow();
    keeper.beginReading()(undefined);
    await expect(keeper.enter(1e15)).resolves.toBeDefined();
  });

  it('refuses at once what will never fit', async () => {
    const { keeper, see } = bench();
    see('ample', full + 10 * mebibyte);
    await expect(keeper.enter(10 * mebibyte)).rejects.toMatchObject({ code: 'LoggingFailed' });
    await expect(keeper.enter(8 * mebibyte)).resolves.toBeDefined();
  });

  it('slows down small requests and refuses large ones while the disk is tight', async () => {
    const { keeper, see } = bench();
    see('tight', full + 100 * mebibyte);
    await expect(keeper.enter(2 * mebibyte)).rejects.toMatchObject({ code: 'LoggingFailed' });
    const small = watched(keeper.enter(1_000));
    await vi.advanceTimersByTimeAsync(waitMs - 1);
    expect(small.outcome).toBe('waits');
    await vi.advanceTimersByTimeAsync(1);
    expect(small.outcome).toBe('in');
    // One that did not say how large it is.
    expect(() => small.kept?.take(mebibyte, 'request')).not.toThrow();
    expect(() => small.kept?.take(1, 'request')).toThrow(/nearly full/);
    expect(() => small.kept?.take(5 * mebibyte, 'response')).not.toThrow();
  });

  it('lets in all who wait as soon as there is room, and refuses them when it runs out', async () => {
    const { keeper, see } = bench();
    see('tight', full + 100 * mebibyte);
    const some = [1, 2, 3].map(() => watched(keeper.enter(0)));
    see('low', full + 200 * mebibyte);
    await settled();
    expect(some.map(({ outcome }) => outcome)).toEqual(['in', 'in', 'in']);
    see('tight', full + 100 * mebibyte);
    const others = [1, 2, 3].map(() => watched(keeper.enter(0)));
    see('full', full - 1);
    await settled();
    expect(others.map(({ outcome }) => outcome)).toEqual(['LoggingFailed', 'LoggingFailed', 'LoggingFailed']);
    expect(keeper.usage.waiting).toBe(0);
  });

  it('lets only so many wait', async () => {
    const { keeper, see } = bench(2);
    see('tight', full + 100 * mebibyte);
    const some = [1, 2, 3].map(() => watched(keeper.enter(0)));
    await settled();
    expect(some.map(({ outcome }) => outcome)).toEqual(['waits', 'waits', 'LoggingFailed']);
    keeper.close();
    await settled();
    expect(some.map(({ outcome }) => outcome)).toEqual(['LoggingFailed', 'LoggingFailed', 'LoggingFailed']);
  });

  it('keeps room for the answers of a hundred exchanges at once, and lets the rest wait for theirs', async () => {
    const { keeper, see } = bench();
    see('low', full + 60 * 1.5 * mebibyte);
    const all = Array.from({ length: 100 }, () => watched(keeper.enter(0)));
    await settled();
    const countOf = (outcome: string) => all.filter((one) => one.outcome === outcome).length;
    expect([countOf('in'), countOf('waits')]).toEqual([60, 40]);
    // Every one that is in may write an answer of usual size, now that the disk is full.
    see('full', full - 1);
    for (const { kept } of all) expect(() => kept?.take(mebibyte, 'response')).not.toThrow();
    expect(countOf('in')).toBe(60);
    await settled();
    expect([countOf('in'), countOf('LoggingFailed')]).toEqual([60, 40]);
    for (const { kept } of all) kept?.release();
    expect(keeper.usage).toEqual({ open: 0, promised: 0, waiting: 0 });
  });

  it('hands the room of an exchange to the next only once the disk was read after it', async () => {
    const { keeper, see } = bench();
    see('low', full + 1.5 * mebibyte);
    const kept = await keeper.enter(0);
    const next = watched(keeper.enter(0));
    const began = keeper.beginReading();
    kept.release();
    kept.release();
    began({ level: 'low', free: full + 1.5 * mebibyte, full });
    await settled();
    expect(next.outcome).toBe('waits');
    see('low', full + 1.5 * mebibyte);
    await settled();
    expect(next.outcome).toBe('in');
  });

  it('asks for a reading when much may have been written since the last', async () => {
    const made = bench();
    made.see('low', full + 8 * mebibyte);
    const kept = await made.keeper.enter(0);
    expect(made.stale).toBe(0);
    kept.take(mebibyte, 'request');
    kept.release();
    expect(made.stale).toBe(1);
  });

  it('never lets what is free fall below the line, whoever writes how much and whenever the disk is read', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('enter' as const), announced: fc.nat(2 * mebibyte) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          ...{ kind: fc.constant('request' as const), who: fc.nat() },
          octets: fc.constantFrom(mebibyte / 2, 3 * mebibyte, 9 * mebibyte),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          ...{ kind: fc.constant('finish' as const), who: fc.nat() },
          octets: fc.constantFrom(0, mebibyte),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('read' as const) }) },
    );
    const steps = fc.array(step, { minLength: 30, maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 24 }), async (taken, above) => {
        const { keeper, see } = bench();
        let free = full + above * mebibyte;
        see('low', free);
        const open: KeptRoom[] = [];
        const evidence = 512 * 1024;
        for (const one of taken) {
          if (one.kind === 'read') see('low', free);
          if (one.kind === 'enter') {
            keeper.enter(one.announced).then(
              (kept) => open.push(kept),
              () => undefined,
            );
            await settled();
          }
          if (one.kind === 'request') {
            const kept = open[one.who % open.length];
            try {
              kept?.take(one.octets, 'request');
              if (kept !== undefined) free -= one.octets;
            } catch {
              // Refused: nothing is written.
            }
          }
          if (one.kind === 'finish' && open.length > 0) {
            const [kept] = open.splice(one.who % open.length, 1);
            kept?.take(one.octets, 'response');
            free -= one.octets + evidence;
            kept?.release();
            await settled();
          }
          expect(free).toBeGreaterThanOrEqual(full);
        }
        keeper.close();
      }),
      { numRuns: 200 },
    );
  });
});
