import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  checkInclusion,
  openNote,
  parseCheckpoint,
  proveInclusion,
} from '../../gateway/transparency/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import type { SqliteMessageLog } from './index.ts';
import { leafOf } from './leaves.ts';
import { partitionFile, partitionNames } from './partition.ts';

const day = 86_400_000;
const secret = 'the applicant is in hospital since Monday. ';
const large = Buffer.from(secret.repeat(400));

let bench: LogBench;
beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());
beforeEach(() => bench.reset());

/** What lies somewhere of a record, sealed: small bodies, the head, keys of files, the files themselves. */
function sealedOf(index: number): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const [name = ''] = partitionNames(bench.dir);
  const database = new Database(partitionFile(bench.dir, name), { readonly: true });
  const content = database.prepare<[number], { head: Buffer }>('SELECT head FROM content WHERE id = ?');
  found.set('head', content.get(index)?.head ?? Buffer.alloc(0));
  const bodies = database
    .prepare<[number], { sealed: Buffer | null; file: string | null; fileKey: Buffer | null }>(
      'SELECT sealed, file, fileKey FROM body WHERE recordId = ?',
    )
    .all(index);
  for (const [position, { sealed, file, fileKey }] of bodies.entries()) {
    if (sealed !== null) found.set(`body ${position + 1}`, sealed);
    if (fileKey !== null) found.set(`key of file ${position + 1}`, fileKey);
    if (file !== null) found.set(`file ${position + 1}`, readFileSync(join(bench.dir, 'bodies', file)));
  }
  database.close();
  return found;
}

/** Every file of the data folder by its path: partitions with their write-ahead logs, bodies, the spool. */
function allFiles(): [string, Buffer][] {
  return readdirSync(bench.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(bench.root.length), readFileSync(path)]);
}

const pieceBytes = 24;

/** Files that have any piece of what is looked for: a page of a database may end in its middle. */
function filesWith(wanted: Buffer): string[] {
  const pieces = Array.from({ length: Math.floor(wanted.length / pieceBytes) }, (_, piece) =>
    wanted.subarray(piece * pieceBytes, (piece + 1) * pieceBytes),
  );
  return allFiles()
    .filter(([, bytes]) => pieces.some((piece) => bytes.includes(piece)))
    .map(([path]) => path);
}

/** Where each of them lies: `body 1 in /messages-x/partitions/2026-11.sqlite-wal`. */
function remains(sealed: ReadonlyMap<string, Buffer>): string[] {
  const wanted = [...sealed, ['plaintext', Buffer.from(secret)] as const];
  return wanted.flatMap(([what, bytes]) => filesWith(bytes).map((path) => `${what} in ${path}`));
}

/** Proves a record against a checkpoint, as a stranger would. */
function isProven(log: SqliteMessageLog, index: number, note: string): boolean {
  const record = log.read(index);
  if (record === undefined) return false;
  const { size, root } = parseCheckpoint(openNote(note, [log.verifierKey ?? '']).text);
  const leaf = leafOf({ facts: record.facts, salts: record.salts.facts });
  return checkInclusion({ leaf, index, size, root, proof: proveInclusion(log.tree, index, size) });
}

/** Three messages, the one in the middle to be erased. @returns its index */
async function fill(log: SqliteMessageLog, ...bodies: readonly Buffer[]): Promise<number> {
  await log.record(await bench.entry('before', Buffer.from('before')));
  await log.record(await bench.entry('gone', ...bodies));
  await log.record(await bench.entry('after', Buffer.from('after')));
  await log.stampNow();
  return log.find('gone')[0]?.index ?? -1;
}

describe('after erasure', () => {
  const kinds: readonly [string, readonly Buffer[], readonly string[]][] = [
    ['a small body', [Buffer.from(secret)], ['head', 'body 1']],
    ['a large body', [large], ['head', 'key of file 1', 'file 1']],
    ['bodies of both kinds', [Buffer.from(secret), large], ['head', 'body 1', 'key of file 2', 'file 2']],
  ];
  const ways: readonly [string, (log: SqliteMessageLog, index: number) => Promise<void>][] = [
    ['asked for', (log, index) => log.eraseBodies(index)],
    [
      'due',
      async (log) => {
        bench.services.at += 7 * day;
        await log.eraseDue();
      },
    ],
  ];
  const cells = kinds.flatMap(([kind, bodies, parts]) =>
    ways.map(([way, erase]) => ({ kind, way, bodies, parts, erase })),
  );

  it.each(cells)('nothing of $kind is in any file, sealed or not ($way)', async (cell) => {
    const { way, bodies, parts, erase } = cell;
    const log = await bench.open({
      bodyPolicy: () => (way === 'due' ? { kind: 'days', days: 7 } : { kind: 'keep' }),
    });
    const index = await fill(log, ...bodies);
    const note = await log.checkpoint();
    const sealed = sealedOf(index);
    // The search has teeth: everything is found as long as it is there.
    expect([...sealed.keys()]).toEqual(parts);
    for (const bytes of sealed.values()) expect(filesWith(bytes)).not.toEqual([]);
    const neighbour = sealedOf(index + 1).get('head') ?? Buffer.alloc(0);

    await erase(log, index);
    expect(remains(sealed)).toEqual([]);
    expect(log.read(index)?.bodies.every(({ isErased }) => isErased)).toBe(true);
    expect(log.openBody(index, 1)).toBeUndefined();
    for (const place of [index - 1, index, index + 1]) expect(isProven(log, place, note)).toBe(true);
    // What is due is so for all three.
    if (way === 'asked for') expect(filesWith(neighbour)).not.toEqual([]);
    expect((await log.check()).findings).toEqual([]);

    await log.close();
    expect(remains(sealed)).toEqual([]);
  });

  it('while somebody reads the file, what is left in the write-ahead log goes when that is over', async () => {
    const log = await bench.open();
    const index = await fill(log, Buffer.from(secret));
    const sealed = sealedOf(index);
    const [name = ''] = partitionNames(bench.dir);
    const reader = new Database(partitionFile(bench.dir, name), { readonly: true });
    reader.prepare('BEGIN').run();
    reader.prepare('SELECT count(*) FROM record').get();
    await log.eraseBodies(index);
    // The reader goes on to see what it began with.
    expect(remains(sealed)).not.toEqual([]);
    await log.record(await bench.entry('meanwhile'));
    reader.close();
    await log.eraseDue();
    expect(remains(sealed)).toEqual([]);
  });

  it('a crash before the write-ahead log was emptied leaves it to the next start', async () => {
    const log = await bench.open();
    const index = await fill(log, Buffer.from(secret));
    const sealed = sealedOf(index);
    const [name = ''] = partitionNames(bench.dir);
    // As the writer does it, and no further.
    const reader = new Database(partitionFile(bench.dir, name), { readonly: true });
    reader.prepare('BEGIN').run();
    reader.prepare('SELECT count(*) FROM record').get();
    await log.eraseBodies(index);
    await log.close();
    reader.close();
    expect(remains(sealed)).not.toEqual([]);
    await bench.open();
    expect(remains(sealed)).toEqual([]);
  });
});
