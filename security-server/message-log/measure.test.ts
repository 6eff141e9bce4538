import { statSync, utimesSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { measureLog } from './measure.ts';

let bench: LogBench;
beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());
beforeEach(() => bench.reset());

it('tells what each month takes: its database, and its large bodies by when they were written', async () => {
  const log = await bench.open();
  const months = await measureLog(bench.dir);
  expect(months.map(({ bodies }) => bodies)).toEqual([0]);
  await log.record(await bench.entry('large', Buffer.alloc(5_000), Buffer.alloc(100), Buffer.alloc(7_000)));
  const bodies = join(bench.dir, 'bodies');
  const files = await readdir(bodies);
  const sizes = files.map((file) => statSync(join(bodies, file)).size);
  for (const file of files) utimesSync(join(bodies, file), 0, new Date('2020-01-31T23:59:00Z'));
  const [old, current] = await measureLog(bench.dir);
  expect(old).toEqual({ name: '2020-01', database: 0, bodies: (sizes[0] ?? 0) + (sizes[1] ?? 0) });
  expect(current?.database).toBeGreaterThanOrEqual(months[0]?.database ?? Number.POSITIVE_INFINITY);
  expect(current?.bodies).toBe(0);
});

it('counts what waits for a timestamp the same however it came about: tallies, a new month, a month without', async () => {
  const log = await bench.open();
  expect(log.health().withoutTimestamp).toBe(0);
  await log.record(await bench.entry('a'));
  await log.tallyNow();
  await log.record(await bench.entry('b'));
  expect(log.health().withoutTimestamp).toBe(2);
  await log.stampNow();
  expect(log.health().withoutTimestamp).toBe(0);
  await log.tallyNow();
  expect(log.health().withoutTimestamp).toBe(0);
  await log.record(await bench.entry('c'));
  expect(log.health().withoutTimestamp).toBe(1);
  expect(bench.troubles).toEqual([]);
});
