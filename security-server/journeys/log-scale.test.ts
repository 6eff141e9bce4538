import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { measureLog } from '../testing/log-figures.ts';

/**
 * Records to write; ten million take half an hour and thirty gigabytes. `WAYGATE_LOG_FIGURES` names a file for what
 * was measured.
 */
const records = Number(process.env['WAYGATE_LOG_RECORDS'] ?? 40_000);
const figuresFile = process.env['WAYGATE_LOG_FIGURES'];
const months = 12;

let bench: LogBench;
beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());

it(
  'a log of a year is searched over all its months, and proves every record',
  async () => {
    const { log, figures } = await measureLog(bench, { records, months }, (done) => {
      if (figuresFile !== undefined && done % 100_000 === 0) {
        writeFileSync(`${figuresFile}.progress`, `${done} ${process.memoryUsage.rss()}\n`, { flag: 'a' });
      }
    });
    if (figuresFile !== undefined) writeFileSync(figuresFile, `${JSON.stringify(figures, undefined, 2)}\n`);
    expect(figures.partitions).toBeGreaterThan(months - 1);
    // A tally begins each month, at least.
    expect(log.tree.size).toBeGreaterThanOrEqual(records + months);
    expect(figures.searches.map(({ name, found }) => [name, Math.min(found, 50)])).toEqual([
      ['newest', 50],
      ['message id', 2],
      ['message id that is not there', 0],
      ['request id that is not there', 0],
      ['user', expect.any(Number)],
      ['issue', 2],
      ['party', 50],
      ['party that asks little', 50],
      ['party that is not there', 0],
      ['service', 50],
      ['client and service', expect.any(Number)],
      ['failed', 50],
      ['failed of a party', expect.any(Number)],
      ['succeeded responses of a day', expect.any(Number)],
      ['a day', 50],
      ['a day of a party', expect.any(Number)],
      ['far back', 50],
      ['requests of clients here', 50],
      ['a user within a month', expect.any(Number)],
    ]);
    expect(bench.troubles).toEqual([]);
  },
  4 * 3_600_000,
);
