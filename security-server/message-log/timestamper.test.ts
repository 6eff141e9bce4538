import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { fillLog } from '../testing/log-generator.ts';

let bench: LogBench;
beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());

it('one round stamps all that was recorded before it, so that none falls behind for good', async () => {
  const log = await bench.open();
  const template = await bench.entry('template');
  const fromMs = bench.services.at;
  // More than X-Road takes in one round: at that rate each round would leave some over, and more with every next.
  await fillLog({ log, template, count: 10_500, fromMs, toMs: fromMs + 1, setClock: () => undefined });
  expect(log.health().withoutTimestamp).toBe(10_500);
  const { tsa } = bench.services.asked;
  await log.stampNow();
  expect(log.health().withoutTimestamp).toBe(0);
  expect(bench.services.asked.tsa - tsa).toBe(11);
  expect(bench.troubles).toEqual([]);
}, 60_000);
