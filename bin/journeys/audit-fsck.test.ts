import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
/** Folder with the log as it was before the last of its messages, which the held checkpoint covers. */
let older: string;

beforeAll(async () => {
  bench = await startLogBench();
  data = mkdtempSync(join(tmpdir(), 'waygate-fsck-'));
  let log = await bench.open();
  for (const id of ['a', 'b']) await log.record(await bench.entry(id, Buffer.from(id), Buffer.alloc(2_000)));
  await log.stampNow();
  older = join(data, 'older');
  log = await bench.reopen(log);
  cpSync(bench.dir, join(older, 'messages'), { recursive: true, filter: (path) => !path.endsWith('-shm') });
  await log.record(await bench.entry('c', Buffer.from('c'), Buffer.alloc(2_000)));
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
    timestamps: 2,
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

/** What is found with the checkpoint that somebody kept, and without it. */
async function judged(folder: string): Promise<{ with: unknown; without: unknown }> {
  const answers = await Promise.all([
    run(folder, '--sealed', '--json', '--checkpoint', held),
    run(folder, '--sealed', '--json'),
  ]);
  const [kept, alone] = answers.map(({ code, out }) => ({
    code,
    findings: (JSON.parse(out).findings as readonly { code: string; place: string }[]).map(
      (finding) => `${finding.code} ${finding.place === held ? 'held' : finding.place}`,
    ),
  }));
  return { with: kept, without: alone };
}

it('a log that was put back to an older state is clean by itself; a later checkpoint finds it', async () => {
  expect(await judged(older)).toEqual({
    with: { code: 1, findings: ['rolled-back held'] },
    without: { code: 0, findings: [] },
  });
});

it('a log that went on another way from there is clean by itself; a later checkpoint finds it', async () => {
  const fork = join(data, 'fork');
  cpSync(older, fork, { recursive: true });
  const log = await bench.open({ dir: join(fork, 'messages') });
  for (const id of ['x', 'y']) await log.record(await bench.entry(id));
  await log.stampNow();
  await log.close();
  expect(await judged(fork)).toEqual({
    with: { code: 1, findings: ['forked held'] },
    without: { code: 0, findings: [] },
  });
});

it('a log whose end was cut off, the tree with it, is found by a later checkpoint', async () => {
  const cut = join(data, 'cut');
  cpSync(join(data, 'messages'), join(cut, 'messages'), { recursive: true });
  const [partition = ''] = readdirSync(join(cut, 'messages', 'partitions')).filter((name) =>
    name.endsWith('.sqlite'),
  );
  const database = new Database(join(cut, 'messages', 'partitions', partition));
  database.pragma('foreign_keys = OFF');
  database.exec(`DELETE FROM timestamp WHERE lastId = 3; DELETE FROM body WHERE recordId = 3;
    DELETE FROM content WHERE id = 3; DELETE FROM record WHERE id = 3`);
  database.close();
  const tree = join(cut, 'messages', 'tree', '0');
  writeFileSync(tree, readFileSync(tree).subarray(0, 3 * 32));
  // Who cuts it puts the checkpoint of then in the place of the last.
  cpSync(join(older, 'messages', 'checkpoint'), join(cut, 'messages', 'checkpoint'));
  const { with: kept, without } = await judged(cut);
  expect(kept).toMatchObject({ code: 1, findings: expect.arrayContaining(['rolled-back held']) });
  expect(without).not.toMatchObject({ findings: expect.arrayContaining(['rolled-back held']) });
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
