import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskWatch, type DiskWatchOptions, diskReader } from './disk-watch.ts';
import type { DiskReading } from './levels.ts';
import { explainDisk } from './status.ts';

const gibibyte = 1024 ** 3;
const hourMs = 3_600_000;

let folder: string;
let at: number;
let reading: () => DiskReading;
let logBytes: number;
let levels: string[];
let troubles: string[];
let freed: number;
const watches: DiskWatch[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waygate-disk-'));
  at = Date.parse('2026-11-24T00:00:00Z');
  reading = () => ({ free: 100 * gibibyte, size: 1_000 * gibibyte });
  logBytes = 0;
  freed = 0;
  levels = [];
  troubles = [];
});
afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
  rmSync(folder, { recursive: true });
});

async function open(more: Partial<DiskWatchOptions> = {}): Promise<DiskWatch> {
  const watch = await DiskWatch.open({
    settings: {},
    read: async () => reading(),
    measure: async () => [{ name: '2026-11', database: logBytes, bodies: 0 }],
    file: join(folder, 'samples.json'),
    now: () => new Date(at),
    makeRoom: async () => {
      freed += 1;
    },
    onLevel: ({ level }) => levels.push(level),
    onTrouble: (error) => troubles.push(`${error.message}: ${(error.cause as Error | undefined)?.message}`),
    // By the test alone.
    readEveryMs: 3_600_000,
    ...more,
  });
  watches.push(watch);
  return watch;
}

/** Samples in the file. */
function kept(): readonly { readonly at: number }[] {
  const file = join(folder, 'samples.json');
  if (!existsSync(file)) return [];
  return (JSON.parse(readFileSync(file, 'utf8')) as { samples: { at: number }[] }).samples;
}

/** What was measured is told a moment after the disk was read. */
async function until(isSo: () => boolean, watch?: DiskWatch): Promise<void> {
  for (let attempt = 0; attempt < 5_000; attempt += 1) {
    if (isSo()) return;
    await watch?.readNow();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error('it did not come true');
}

describe('the watch on the disk', () => {
  it('takes a sample each hour, keeps them over a restart, and forecasts from them', async () => {
    const watch = await open();
    await until(() => kept().length === 1);
    for (let hour = 1; hour <= 30; hour += 1) {
      at += hourMs;
      reading = () => ({ free: (100 - hour) * gibibyte, size: 1_000 * gibibyte });
      logBytes = hour * gibibyte;
      await until(() => kept().length === hour + 1, watch);
    }
    const last = { kind: 'filling', days: 69.5 / 24 };
    await until(() => isDeepStrictEqual(watch.status().forecast, last));
    const { growthPerDay, months } = watch.status();
    expect(growthPerDay).toBe(24 * gibibyte);
    expect(months).toEqual([{ name: '2026-11', database: 30 * gibibyte, bodies: 0 }]);
    // Full in three days is low, however much there is.
    await watch.readNow();
    expect(levels).toEqual(['low']);
    expect(explainDisk(watch.status())).toMatch(/70.0 GiB are free.* full in 2.9 days/);
    watch.close();

    const again = await open();
    await until(() => isDeepStrictEqual(again.status().forecast, last));
  });

  it('keeps no more than two weeks, and none of a clock that was put back', async () => {
    const watch = await open();
    const samples = Array.from({ length: 400 }, (_, hour) => ({ at: hour * hourMs, free: 1, log: 1 }));
    watch.close();
    writeFileSync(join(folder, 'samples.json'), JSON.stringify({ version: 1, samples }));
    at = 400 * hourMs;
    await open();
    await until(() => kept().at(-1)?.at === at);
    expect(kept()).toHaveLength(336);
    at = 390 * hourMs;
    await open();
    await until(() => kept().at(-1)?.at === at);
    expect(kept().at(-2)?.at).toBe(389 * hourMs);
  });

  it('begins anew when its file is damaged, and says so', async () => {
    writeFileSync(join(folder, 'samples.json'), '{"version":1,"samples":[{"at":-1}]}');
    const watch = await open();
    expect(troubles).toHaveLength(1);
    expect(watch.status().forecast.kind).toBe('not-enough-data');
  });

  it('tells each change of level once, and asks for room to be made while it is scarce', async () => {
    const watch = await open();
    const see = async (free: number) => {
      reading = () => ({ free, size: 1_000 * gibibyte });
      await watch.readNow();
      await watch.readNow();
    };
    await see(10 * gibibyte);
    await see(gibibyte);
    await see(0);
    expect(freed).toBe(1);
    at += 600_000;
    await see(0);
    expect(freed).toBe(2);
    await see(100 * gibibyte);
    expect(levels).toEqual(['low', 'tight', 'full', 'ample']);
    expect(troubles).toEqual([]);
  });

  it('refuses nobody while the file system cannot be asked, or says nothing, and tells so once', async () => {
    const watch = await open();
    reading = () => {
      throw new Error('EIO');
    };
    await watch.readNow();
    await watch.readNow();
    expect(watch.status()).toMatchObject({ level: 'unknown' });
    expect(watch.status().free).toBeUndefined();
    expect(troubles).toEqual(['the room on the disk cannot be read: EIO']);
    await expect(watch.room.enter(1e15)).resolves.toBeDefined();
    reading = () => ({ free: 0, size: 0 });
    await watch.readNow();
    expect(watch.status().level).toBe('unknown');
    reading = () => ({ free: 1, size: gibibyte });
    await watch.readNow();
    await expect(watch.room.enter(0)).rejects.toMatchObject({ code: 'LoggingFailed' });
  });

  it('tells that the log could not be measured once an hour', async () => {
    const failing = () => Promise.reject(new Error('EACCES'));
    const watch = await open({ measure: failing });
    await watch.readNow();
    await watch.readNow();
    await until(() => troubles.length > 0);
    at += hourMs;
    await watch.readNow();
    await until(() => troubles.length > 1);
    expect(troubles).toHaveLength(2);
  });

  it('does not start with lines that cross', async () => {
    await expect(open({ settings: { lowBytes: 1, fullBytes: 2 } })).rejects.toThrow(/tight less than full/);
  });

  it('reads a real file system', async () => {
    const { free, size } = await diskReader(folder)();
    expect(size).toBeGreaterThan(free);
    expect(free).toBeGreaterThan(0);
  });
});
