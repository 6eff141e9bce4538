import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { initRegistry } from '../../central-registry/index.ts';
import { type LogBench, startLogBench } from '../../security-server/testing/log-bench.ts';
import { pin } from '../../security-server/testing/trust-services.ts';

const waygate = fileURLToPath(new URL('../../dist/bin/waygate.js', import.meta.url));

let bench: LogBench;
/** Looks like the data folder of a server: its token, its log. */
let data: string;
let held: string;

beforeAll(async () => {
  bench = await startLogBench();
  data = mkdtempSync(join(tmpdir(), 'waygate-fsck-'));
  const log = await bench.open();
  for (const id of ['a', 'b', 'c'])
    await log.record(await bench.entry(id, Buffer.from(id), Buffer.alloc(2_000)));
  await log.stampNow();
  held = join(data, 'held');
  writeFileSync(held, await log.checkpoint());
  writeFileSync(join(data, 'pin'), `${pin}\n`);
  await log.close();
  cpSync(bench.dir, join(data, 'messages'), { recursive: true });
  cpSync(join(bench.root, 'token'), join(data, 'token'), { recursive: true });
});
afterAll(async () => {
  await bench.close();
  rmSync(data, { recursive: true });
});

function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [waygate, 'audit', 'fsck', ...args],
      { env: { PATH: '' } },
      (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err });
      },
    );
  });
}

it('a whole log is clean; one that is sealed is checked from outside', async () => {
  const opened = await run(data, '--pin-file', join(data, 'pin'), '--checkpoint', held, '--json');
  expect(opened.code, opened.err).toBe(0);
  expect(JSON.parse(opened.out)).toMatchObject({
    isClean: true,
    isOpened: true,
    checked: 4,
    size: 4,
    timestamps: 1,
  });
  const sealed = await run(join(data, 'messages'), '--sealed');
  expect(sealed).toMatchObject({ code: 0, out: expect.stringContaining('clean') });
});

it('a record that was changed is named, with exit status 1', async () => {
  const tree = join(data, 'messages', 'tree', '0');
  const before = readFileSync(tree);
  const after = Buffer.from(before);
  after[2 * 32] = (after[2 * 32] ?? 0) ^ 1;
  writeFileSync(tree, after);
  const found = await run(data, '--sealed', '--json');
  writeFileSync(tree, before);
  expect(found.code).toBe(1);
  expect(JSON.parse(found.out).findings).toContainEqual(
    expect.objectContaining({ code: 'altered', place: 'record 2' }),
  );
});

it('a wrong PIN, a missing PIN and a folder without a log are exit status 2, and say what was expected', async () => {
  writeFileSync(join(data, 'wrong'), 'not the PIN');
  expect(await run(data, '--pin-file', join(data, 'wrong'))).toMatchObject({ code: 2, out: '' });
  expect(await run(data)).toMatchObject({ code: 2, err: expect.stringContaining('--pin-file') });
  expect(await run(tmpdir(), '--sealed')).toMatchObject({
    code: 2,
    err: expect.stringContaining('no message log'),
  });
});

it("a registry's data folder is clean until a row is changed past the registry, which is named", async () => {
  const registry = join(data, 'registry');
  await initRegistry({
    data: registry,
    instance: 'TEST',
    address: 'registry.example',
    pin: 'Correct-Horse-7',
  });
  expect(await run(registry)).toMatchObject({ code: 0, out: expect.stringContaining('clean') });
  const database = new Database(join(registry, 'register.sqlite'));
  database.exec("UPDATE setting SET value = 'evil.example' WHERE name = 'address'");
  database.close();
  const { code, out } = await run(registry, '--json');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ findings: [{ code: 'altered', place: 'setting address' }] });
});
