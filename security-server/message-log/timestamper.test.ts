import { createServer } from 'node:http';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listen } from '../../gateway/http/index.ts';
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

it('a connection that is cut is asked over once more, and no failure', async () => {
  let asked = 0;
  const authority = createServer(async (incoming, outgoing) => {
    asked += 1;
    if (asked === 1) {
      incoming.socket.destroy();
      return;
    }
    const { body } = await request(bench.services.tsaUrl, {
      ...{ method: 'POST', headers: { 'content-type': 'application/timestamp-query' }, body: incoming },
    });
    outgoing.end(Buffer.from(await body.arrayBuffer()));
  });
  const listening = await listen(authority, '127.0.0.1', 0, 'none');
  await bench.reset();
  const log = await bench.open({ timestampUrls: [`http://127.0.0.1:${listening.port}`] });
  await log.record(await bench.entry('one'));
  await log.stampNow();
  expect([asked, log.health().withoutTimestamp, bench.troubles]).toEqual([2, 0, []]);
  await listening.close();
});
