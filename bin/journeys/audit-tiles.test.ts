import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LogBench, startLogBench } from '../../security-server/testing/log-bench.ts';

const waygate = fileURLToPath(new URL('../../dist/bin/waygate.js', import.meta.url));

let bench: LogBench;
beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());

function tiles(data: string, into: string): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const args = [waygate, 'audit', 'tiles', '--data', data, '--into', into, '--json'];
    execFile(process.execPath, args, { env: { PATH: '' } }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

it('a log in use is laid out for others to watch, again and again; another log never goes on from it', async () => {
  const into = join(bench.root, 'public');
  const log = await bench.open();
  await log.record(await bench.entry('one', Buffer.from('a body')));
  await log.checkpoint();
  const first = await tiles(bench.dir, into);
  expect(first.code, first.err).toBe(0);
  // The message, and the tally that a month begins with.
  expect(JSON.parse(first.out)).toMatchObject({ from: 0, size: 2, verifierKey: log.verifierKey });
  expect(existsSync(join(into, 'tile/0/000.p/2'))).toBe(true);

  await log.record(await bench.entry('two'));
  const note = await log.checkpoint();
  const second = await tiles(bench.dir, into);
  expect(JSON.parse(second.out)).toMatchObject({ from: 2, size: 3 });
  expect(readFileSync(join(into, 'checkpoint'), 'utf8')).toBe(note);

  await bench.reset();
  const other = await bench.open();
  await other.record(await bench.entry('three'));
  await other.checkpoint();
  expect(await tiles(bench.dir, into)).toMatchObject({
    code: 1,
    err: expect.stringContaining('cannot be gone on'),
  });
  expect(readFileSync(join(into, 'checkpoint'), 'utf8')).toBe(note);
  expect(await tiles(join(bench.root, 'nowhere'), into)).toMatchObject({ code: 2 });
});
