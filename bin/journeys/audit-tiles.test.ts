import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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

function tiles(data: string, into: string) {
  return audit('tiles', '--data', data, '--into', into);
}

function audit(...asked: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const args = [waygate, 'audit', ...asked, '--json'];
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

it('who has such a folder holds it to the key and to checkpoints, and is told which file was altered', async () => {
  const into = join(bench.root, 'watched');
  await bench.reset();
  const log = await bench.open();
  for (const queryId of ['one', 'two', 'three']) await log.record(await bench.entry(queryId));
  const kept = join(bench.root, 'kept');
  writeFileSync(kept, await log.checkpoint());
  await log.record(await bench.entry('four'));
  await log.checkpoint();
  expect(await tiles(bench.dir, into)).toMatchObject({ code: 0 });
  const verify = (...more: readonly string[]) =>
    audit('verify-tiles', into, '--verifier-key', log.verifierKey ?? '', ...more);
  const good = await verify('--checkpoint', kept);
  expect([good.code, JSON.parse(good.out)]).toMatchObject([0, { size: 5, isGood: true, findings: [] }]);

  for (const file of ['tile/0/000.p/5', 'tile/entries/000.p/5', 'checkpoint']) {
    const whole = readFileSync(join(into, file));
    const altered = Buffer.from(whole);
    altered[40] = (altered[40] ?? 0) ^ 1;
    writeFileSync(join(into, file), altered);
    const found = await verify();
    expect([found.code, JSON.parse(found.out).findings]).toMatchObject([1, [{ file, code: 'altered' }]]);
    writeFileSync(join(into, file), whole);
  }
  await bench.reset();
  const other = await bench.open();
  await other.record(await bench.entry('other'));
  writeFileSync(kept, await other.checkpoint());
  expect(await verify('--checkpoint', kept)).toMatchObject({ code: 1, out: expect.stringContaining(kept) });
  expect(await audit('verify-tiles', into)).toMatchObject({ code: 2 });
  expect(await audit('verify-tiles', bench.dir, '--verifier-key', 'x')).toMatchObject({ code: 2 });
});
