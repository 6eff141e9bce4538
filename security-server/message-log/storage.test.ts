import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseFacts } from '../../gateway/evidence/index.ts';
import { createVerifier, verifyContainer } from '../../gateway/signature/index.ts';
import {
  checkConsistency,
  checkInclusion,
  openNote,
  parseCheckpoint,
  proveConsistency,
  proveInclusion,
} from '../../gateway/transparency/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { containerOf, type SqliteMessageLog } from './index.ts';
import { leafOf } from './leaves.ts';

const day = 86_400_000;
const month = 31 * day;

let bench: LogBench;
beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());
beforeEach(() => bench.reset());

/** Every octet of every file under the log. */
function allBytes(dir: string): Buffer {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
}

/** Proves a record against a checkpoint, as a stranger would. */
async function isProven(log: SqliteMessageLog, index: number, note?: string): Promise<boolean> {
  const record = log.read(index);
  const text = openNote(note ?? (await log.checkpoint()), [log.verifierKey ?? '']).text;
  const { size, root } = parseCheckpoint(text);
  if (record === undefined) return false;
  const leaf = leafOf({ facts: record.facts, salts: record.salts.facts });
  return checkInclusion({ leaf, index, size, root, proof: proveInclusion(log.tree, index, size) });
}

describe('the tree of the log', () => {
  it('has every record as its leaf, and later checkpoints go on from earlier ones', async () => {
    const log = await bench.open();
    const [one, ...more] = await bench.entries(
      ...Array.from({ length: 300 }, (_, n) => [`m${n}`] as [string]),
    );
    if (one === undefined) throw new Error('there is one');
    await log.record(one);
    const early = await log.checkpoint();
    await Promise.all(more.map((entry) => log.record(entry)));
    const late = await log.checkpoint();
    for (const index of [1, 2, 150, 300]) expect(await isProven(log, index)).toBe(true);
    const [a, b] = [early, late].map((note) => parseCheckpoint(openNote(note, [log.verifierKey ?? '']).text));
    if (a === undefined || b === undefined) throw new Error('there are two');
    const proof = proveConsistency(log.tree, a.size, b.size);
    expect([a.size, b.size]).toEqual([2, 301]);
    expect(
      checkConsistency({ oldSize: a.size, oldRoot: a.root, newSize: b.size, newRoot: b.root, proof }),
    ).toBe(true);
  });

  it('numbers each pair and direction without gap, over restarts and months', async () => {
    let log = await bench.open();
    for (const id of ['a', 'b']) await log.record(await bench.entry(id));
    await log.record({ ...(await bench.entry('c')), direction: 'response' });
    log = await bench.reopen(log);
    await log.record(await bench.entry('d'));
    bench.services.at += month;
    await log.record(await bench.entry('e'));
    const sequences = log.search({ limit: 10 }).map(({ queryId, sequence }) => [queryId, sequence]);
    expect(sequences).toEqual([
      ['e', 4],
      ['d', 3],
      ['c', 1],
      ['b', 2],
      ['a', 1],
    ]);
    expect((await log.check()).findings).toEqual([]);
  });

  it('is made anew from the records when a crash kept it from the disk, wholly or in part', async () => {
    const log = await bench.open();
    for (const id of ['a', 'b', 'c']) await log.record(await bench.entry(id));
    const signed = await log.checkpoint();
    for (const id of ['d', 'e']) await log.record(await bench.entry(id));
    for (const damage of ['gone', 'short', 'garbage']) {
      const copy = mkdtempSync(join(bench.root, 'copy-'));
      cpSync(bench.dir, copy, { recursive: true, filter: (path) => !path.endsWith('-shm') });
      // A later one may have been signed meanwhile; what is signed for is on the disk.
      writeFileSync(join(copy, 'checkpoint'), signed);
      const tree = join(copy, 'tree', '0');
      const bytes = readFileSync(tree);
      if (damage === 'gone') rmSync(join(copy, 'tree'), { recursive: true });
      if (damage === 'short') writeFileSync(tree, bytes.subarray(0, 4 * 32 + 5));
      if (damage === 'garbage')
        writeFileSync(tree, Buffer.concat([bytes.subarray(0, 4 * 32), Buffer.alloc(640, 7)]));
      const recovered = await bench.open({ dir: copy });
      expect(recovered.tree.size).toBe(6);
      expect((await recovered.check()).findings).toEqual([]);
    }
  });

  it('is not opened when records that were signed for are gone, or are others', async () => {
    const log = await bench.open();
    await log.record(await bench.entry('a'));
    const older = mkdtempSync(join(bench.root, 'older-'));
    cpSync(bench.dir, older, { recursive: true, filter: (path) => !path.endsWith('-shm') });
    await log.record(await bench.entry('b'));
    await log.checkpoint();
    cpSync(join(bench.dir, 'checkpoint'), join(older, 'checkpoint'));
    await expect(bench.open({ dir: older })).rejects.toMatchObject({ code: 'rolled-back' });

    const other = mkdtempSync(join(bench.root, 'other-'));
    cpSync(bench.dir, other, { recursive: true, filter: (path) => !path.endsWith('-shm') });
    const path = join(other, 'tree', '0');
    const bytes = readFileSync(path);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await expect(bench.open({ dir: other })).rejects.toMatchObject({ code: 'damaged' });
    writeFileSync(join(other, 'checkpoint'), 'nonsense');
    await expect(bench.open({ dir: other })).rejects.toMatchObject({ code: 'damaged' });
    writeFileSync(join(other, 'keys.json'), '{');
    await expect(bench.open({ dir: other })).rejects.toMatchObject({ code: 'damaged' });
  });
});

describe('what is kept', () => {
  const secret = 'the applicant is in hospital since Monday. ';

  it('is sealed: neither heads nor bodies can be read in any file', async () => {
    const log = await bench.open();
    await log.record(await bench.entry('a', Buffer.from(secret), Buffer.from(secret.repeat(200))));
    const head = log.find('a')[0]?.head?.toString() ?? '';
    await log.close();
    const bytes = allBytes(bench.dir);
    expect(bytes.includes(secret)).toBe(false);
    expect(bytes.includes(head.slice(0, 30))).toBe(false);
    expect(bytes.includes('ds:SignedInfo')).toBe(false);
  });

  it('is written nowhere while the token is signed out, and everything else can still be read', async () => {
    const { token } = bench.services;
    const log = await bench.open();
    await log.record(await bench.entry('a'));
    const signedOut = { isActive: () => false, wrapKey: token.wrapKey, unwrapKey: token.unwrapKey };
    const again = await bench.reopen(log, { token: signedOut });
    await expect(again.record(await bench.entry('b'))).rejects.toMatchObject({ code: 'LoggingFailed' });
    expect(again.search({ limit: 5 }).map(({ queryId }) => queryId)).toEqual(['a']);
    expect(() => again.find('a')).toThrow(expect.objectContaining({ code: 'locked' }));
  });

  it('is under one key, whoever asks for it first', async () => {
    const log = await bench.open();
    // The first record and the first checkpoint both want a key of a log that has none.
    await Promise.all([log.record(await bench.entry('a')), log.checkpoint(), log.rotateKey()]);
    await log.record(await bench.entry('b'));
    const again = await bench.reopen(log);
    expect((await again.check()).findings).toEqual([]);
  });

  it('goes on under a new key after a rotation, and what was sealed before still opens', async () => {
    const log = await bench.open();
    await log.record(await bench.entry('a', Buffer.from('a')));
    await log.rotateKey();
    await log.record(await bench.entry('b', Buffer.from('b')));
    const again = await bench.reopen(log);
    await again.record(await bench.entry('c', Buffer.from('c')));
    for (const id of ['a', 'b', 'c']) expect(again.find(id)[0]?.head).toBeDefined();
    expect((await again.check()).findings).toEqual([]);
    const keys = JSON.parse(readFileSync(join(bench.dir, 'keys.json'), 'utf8'));
    expect(keys.periods).toHaveLength(2);
  });

  it('of certificates and statuses is stored once for all', async () => {
    const log = await bench.open();
    await log.record(await bench.entry('one'));
    const certificate = /X509Certificate>([^<]+)</.exec(String(log.find('one')[0]?.signature))?.[1] ?? '';
    for (const entry of await bench.entries(['a'], ['b'])) await log.record(entry);
    await log.close();
    expect(certificate.length).toBeGreaterThan(200);
    const bytes = allBytes(join(bench.dir, 'partitions')).toString('latin1');
    expect(bytes.split(certificate.slice(40, 240)).length - 1).toBe(1);
  });

  it('of a large body takes less of the disk than the body, is read as it came, and checked', async () => {
    const log = await bench.open();
    const words = Buffer.from(Array.from({ length: 40_000 }, (_, n) => `word ${n} `).join(''));
    await log.record(await bench.entry('large', words));
    const file = join(bench.dir, 'bodies', readdirSync(join(bench.dir, 'bodies'))[0] ?? '');
    expect(statSync(file).size).toBeLessThan(words.length / 2);
    const again = await bench.reopen(log);
    const index = again.find('large')[0]?.index ?? -1;
    const pieces: Buffer[] = [];
    for await (const piece of again.openBody(index, 1) ?? []) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(words)).toBe(true);
    expect((await again.check()).findings).toEqual([]);

    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect((await again.check()).findings).toMatchObject([{ code: 'unsealed' }]);
    await again.eraseBodies(index);
    expect(existsSync(file)).toBe(false);
    expect((await again.check()).findings).toEqual([]);
  });

  it('goes when the days of its policy are over, and says in its evidence how long that was', async () => {
    const log = await bench.open({ bodyPolicy: () => ({ kind: 'days', days: 7 }) });
    await log.record(await bench.entry('a', Buffer.from(secret), Buffer.alloc(3_000)));
    bench.services.at += 7 * day - 1;
    await log.eraseDue();
    expect(log.find('a')[0]?.head).toBeDefined();
    bench.services.at += 1;
    await log.eraseDue();
    const [record] = log.find('a');
    expect(record?.head).toBeUndefined();
    expect(parseFacts(record?.facts ?? Buffer.alloc(0))).toMatchObject({ keepDays: 7 });
    expect(readdirSync(join(bench.dir, 'bodies'))).toEqual([]);
    expect((await log.check()).findings).toEqual([]);
  });

  it('is only a digest where the policy says so', async () => {
    const log = await bench.open({ bodyPolicy: () => ({ kind: 'digest' }) });
    await log.record(await bench.entry('a', Buffer.from(secret), Buffer.alloc(3_000)));
    const [record] = log.find('a');
    expect(record?.head).toBeUndefined();
    expect(record?.keptHead?.toString()).toBe('POST');
    expect(record?.bodies.map(({ isErased, digest }) => [isErased, digest.length])).toEqual([
      [true, 64],
      [true, 64],
    ]);
    expect((await log.check()).findings).toEqual([]);
  });
});

describe('a record that somebody removed', () => {
  it('costs its neighbours neither their timestamp nor their proof', async () => {
    const log = await bench.open();
    for (const id of ['a', 'b', 'c']) await log.record(await bench.entry(id));
    await log.stampNow();
    const { configuration } = bench.services;
    await log.close();
    const database = new Database(
      join(bench.dir, 'partitions', readdirSync(join(bench.dir, 'partitions'))[0] ?? ''),
    );
    database.pragma('foreign_keys = OFF');
    database.exec('DELETE FROM content WHERE id = 2; DELETE FROM record WHERE id = 2');
    database.close();
    const again = await bench.open();
    for (const index of [1, 3]) {
      const record = again.read(index);
      if (record === undefined) throw new Error('it is there');
      const { bytes } = await containerOf(record, again);
      await verifyContainer({ container: bytes, configuration, verifier: createVerifier() });
      expect(await isProven(again, index)).toBe(true);
    }
    expect((await again.check()).findings).toContainEqual(
      expect.objectContaining({ code: 'missing', place: 'record 2' }),
    );
  });
});

describe('a month that begins', () => {
  it('is nothing to readers and to the check while its file is being made, nor if that never ends', async () => {
    const log = await bench.open();
    bench.services.isDown = true;
    await log.record(await bench.entry('one'));
    await expect(log.stampNow()).rejects.toMatchObject({ code: 'TimestampingFailed' });
    const { failingSince } = log.health();
    expect(failingSince).toBeDefined();
    const made = new Date(bench.services.at + month).toISOString().slice(0, 7);
    writeFileSync(join(bench.dir, 'partitions', `${made}.sqlite`), '');
    expect(log.health()).toMatchObject({ withoutTimestamp: 1 });
    expect(log.search({ limit: 9 })).toHaveLength(1);
    expect(log.lastTally(9)).toBe(0);
    expect(log.statistics({ per: 'pair' }, 9).rows).toMatchObject([{ requests: 1 }]);
    expect((await log.check()).findings).toEqual([]);

    const again = await bench.reopen(log);
    expect(again.health().failingSince).toEqual(failingSince);
    bench.services.isDown = false;
    // No message came in all of that month.
    bench.services.at += 2 * month + day;
    await again.record(await bench.entry('two'));
    await again.stampNow();
    expect(again.partitions()).toHaveLength(2);
    expect((await again.check()).findings).toEqual([]);
  });
});

describe('a month that is over', () => {
  it('is removed with its keys and bodies by dropping its file; the proofs of all others stay whole', async () => {
    const log = await bench.open();
    await log.record(await bench.entry('old', Buffer.alloc(3_000)));
    const early = await log.checkpoint();
    bench.services.at += month;
    await log.record(await bench.entry('new', Buffer.alloc(3_000)));
    const [first, second] = log.partitions();
    expect([first?.isCurrent, second?.isCurrent]).toEqual([false, true]);
    await expect(log.dropPartition(first?.name ?? '')).rejects.toMatchObject({ code: 'not-droppable' });
    await log.stampNow();
    await expect(log.dropPartition(second?.name ?? '')).rejects.toMatchObject({ code: 'not-droppable' });
    await expect(log.dropPartition('../other')).rejects.toMatchObject({ code: 'not-droppable' });
    await log.dropPartition(first?.name ?? '');
    expect(existsSync(join(bench.dir, 'partitions', `${first?.name}.sqlite`))).toBe(false);
    expect(readdirSync(join(bench.dir, 'bodies'))).toHaveLength(1);
    expect(log.find('old')).toEqual([]);
    expect(await isProven(log, log.find('new')[0]?.index ?? -1)).toBe(true);

    const again = await bench.reopen(log);
    expect(await again.check([{ name: 'held', note: early }])).toMatchObject({ isClean: true, removed: 2 });
    await again.record(await bench.entry('newer'));
    expect(again.find('newer')[0]?.sequence).toBe(3);
  });

  it('takes its keys with it whatever dies in between, and files that were left beside it', async () => {
    const log = await bench.open();
    await log.record(await bench.entry('old'));
    bench.services.at += month;
    await log.record(await bench.entry('new'));
    await log.stampNow();
    await log.checkpoint();
    const name = log.partitions()[0]?.name ?? '';
    const keys = () => readFileSync(join(bench.dir, 'keys.json'), 'utf8');
    const file = join(bench.dir, 'partitions', `${name}.sqlite`);
    // Something that is no file cannot be removed as one: the removal breaks off with the partition gone.
    rmSync(`${file}-shm`, { force: true });
    mkdirSync(`${file}-shm`);
    await expect(log.dropPartition(name)).rejects.toThrow();
    expect(existsSync(file)).toBe(false);
    expect(keys()).toContain(`"partition":"${name}"`);
    rmSync(`${file}-shm`, { recursive: true });
    writeFileSync(`${file}-wal`, 'left');
    const again = await bench.reopen(log);
    expect(keys()).not.toContain(name);
    expect(readdirSync(join(bench.dir, 'partitions')).filter((left) => left.startsWith(name))).toEqual([]);
    expect((await again.check()).findings).toEqual([]);
  });

  it('takes no key with it that was used while the clock was put back', async () => {
    const log = await bench.open();
    await log.record(await bench.entry('old'));
    bench.services.at += month;
    await log.record(await bench.entry('new'));
    bench.services.at -= month;
    const again = await bench.reopen(log);
    await again.record(await bench.entry('back', Buffer.from('body')));
    await again.rotateKey();
    await again.record(await bench.entry('rotated', Buffer.from('body')));
    await again.stampNow();
    await again.dropPartition(again.partitions()[0]?.name ?? '');
    for (const id of ['new', 'back', 'rotated']) expect(again.find(id)).toHaveLength(1);
    expect((await again.check()).findings).toEqual([]);
  });

  it('waits for its last timestamps, also over a restart', async () => {
    const log = await bench.open();
    await log.record(await bench.entry('old'));
    bench.services.at += month;
    await log.record(await bench.entry('new'));
    const again = await bench.reopen(log);
    expect(again.health().withoutTimestamp).toBe(2);
    await again.stampNow();
    expect(again.find('old')[0]?.timestamp).toBeDefined();
    expect(again.find('new')[0]?.timestamp).toBeDefined();
    expect(again.partitions().map(({ allStamped }) => allStamped)).toEqual([true, true]);
  });
});
