import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../store/index.ts';
import { makeBackup } from './backup.ts';
import { checkBackup, restoreBackup } from './restore.ts';
import { sealStream } from './seal.ts';
import { type BackupEntry, writeTar } from './tar.ts';

const hasAge = spawnSync('age', ['--version']).status === 0;
const now = new Date('2026-11-23T10:00:00Z');
const program = 'security-server';

let root: string;
let data: string;
let identity: string;
let recipient: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'waygate-backup-'));
  data = join(root, 'data');
  mkdirSync(join(data, 'token', 'keys'), { recursive: true });
  mkdirSync(join(data, 'spool'));
  writeFileSync(join(data, 'token', 'keys', '1.key'), 'sealed');
  writeFileSync(join(data, 'empty'), '');
  writeFileSync(join(data, 'spool', 'passing'), 'x');
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
});
afterEach(() => rmSync(root, { recursive: true }));

const backup = (out = join(root, 'one.backup')) =>
  makeBackup({
    ...{ data, program, name: 'DEV/GOV/1/ss1', out, now },
    seal: { recipients: [recipient] },
  });
const restore = (more: Partial<Parameters<typeof restoreBackup>[0]> = {}) =>
  restoreBackup({
    ...{ file: join(root, 'one.backup'), program, data: join(root, 'new') },
    open: { identities: [identity] },
    ...more,
  });

/** A backup that somebody made who has the key, but not our program. */
async function forge(...files: readonly (readonly [string, string])[]): Promise<void> {
  await sealForged(await tarOf(...files));
}

/** One whose second file has another header, which fits its checksum. */
async function forgeSecond(change: (header: Buffer) => unknown): Promise<void> {
  const tar = await tarOf(head(), ['run', '#!/bin/sh\n']);
  const header = tar.subarray(1_024, 1_536);
  change(header);
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, octet) => total + octet, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  await sealForged(tar);
}

async function tarOf(...files: readonly (readonly [string, string])[]): Promise<Buffer> {
  async function* entries(): AsyncGenerator<BackupEntry> {
    for (const [path, text] of files) {
      const content = async function* () {
        yield Buffer.from(text);
      };
      yield { path, size: Buffer.byteLength(text), content: content() };
    }
  }
  return collect(writeTar(entries(), now));
}

async function sealForged(tar: Buffer): Promise<void> {
  async function* octets(): AsyncGenerator<Uint8Array> {
    yield tar;
  }
  writeFileSync(
    join(root, 'one.backup'),
    await collect(await sealStream(octets(), { recipients: [recipient] })),
  );
}

async function collect(octets: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of octets) chunks.push(chunk);
  return Buffer.concat(chunks);
}
const head = (more: object = {}) =>
  [
    'waygate-backup.json',
    JSON.stringify({ version: 1, program, name: 'x', createdAt: now.toISOString(), ...more }),
  ] as const;

describe('a backup', () => {
  it('brings a folder back to an empty machine, for its owner alone', async () => {
    const made = await backup();
    expect(made.files).toBe(2);
    expect(statSync(made.file).mode & 0o777).toBe(0o600);
    expect(await restore()).toEqual({ name: 'DEV/GOV/1/ss1', createdAt: now.toISOString(), files: 2 });
    expect(readdirSync(join(root, 'new')).sort()).toEqual(['empty', 'token']);
    expect(readFileSync(join(root, 'new/token/keys/1.key'), 'utf8')).toBe('sealed');
    expect(statSync(join(root, 'new')).mode & 0o777).toBe(0o700);
    expect(statSync(join(root, 'new/token/keys/1.key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(root).sort()).toEqual(['data', 'new', 'one.backup']);
  });

  it('has each database as it was at one moment, while it is written to', async () => {
    interface Tables {
      readonly thing: { readonly id: number; readonly other: number };
    }
    const steps = ['CREATE TABLE thing (id INTEGER PRIMARY KEY, other INTEGER NOT NULL) STRICT;'];
    const store = openStore<Tables>(join(data, 'things.sqlite'), steps);
    let isDone = false;
    const writing = (async () => {
      for (let id = 1; !isDone; id += 1) {
        await store.db.transaction().execute(async (db) => {
          await db
            .insertInto('thing')
            .values({ id: 2 * id, other: 2 * id + 1 })
            .execute();
          await db
            .insertInto('thing')
            .values({ id: 2 * id + 1, other: 2 * id })
            .execute();
        });
        await setImmediate();
      }
    })();
    await backup();
    isDone = true;
    await writing;
    store.close();
    await restore();
    const again = openStore<Tables>(join(root, 'new/things.sqlite'), steps);
    const { count } = again.database
      .prepare<[], { count: number }>('SELECT count(*) AS count FROM thing')
      .get() ?? { count: -1 };
    expect(count % 2).toBe(0);
    expect(again.database.pragma('journal_mode', { simple: true })).toBe('wal');
    again.close();
  });

  it('secrets in backup output: has no readable octet of what it holds, whatever is on the disk meanwhile', async () => {
    writeFileSync(join(data, 'api-key'), 'a-secret-that-is-long-enough');
    const database = new Database(join(data, 'people.sqlite'));
    database.exec(
      "CREATE TABLE person (name TEXT); INSERT INTO person VALUES ('a-secret-that-is-long-enough')",
    );
    database.close();
    const { file } = await backup();
    const bytes = readFileSync(file).toString('latin1');
    expect(bytes).not.toContain('a-secret');
    expect(bytes).not.toContain('api-key');
    expect(readdirSync(root).sort()).toEqual(['data', 'one.backup']);
  });

  it('is not written over another, nor restored over anything', async () => {
    await backup();
    await expect(backup()).rejects.toMatchObject({ code: 'not-empty' });
    await expect(restore({ data })).rejects.toMatchObject({ code: 'not-empty' });
    expect(readdirSync(root).sort()).toEqual(['data', 'one.backup']);
  });

  it('is opened by its key or passphrase alone, and by the program it is of', async () => {
    await backup();
    const other = await generateX25519Identity();
    await expect(restore({ open: { identities: [other] } })).rejects.toMatchObject({ code: 'wrong-key' });
    await expect(restore({ open: { passphrase: 'x' } })).rejects.toMatchObject({ code: 'wrong-key' });
    await expect(restore({ open: { identities: [recipient] } })).rejects.toMatchObject({ code: 'wrong-key' });
    await expect(restore({ program: 'central-registry' })).rejects.toMatchObject({ code: 'wrong-program' });
    writeFileSync(join(root, 'text'), 'no backup');
    await expect(restore({ file: join(root, 'text') })).rejects.toMatchObject({ code: 'not-a-backup' });
    expect(existsSync(join(root, 'new'))).toBe(false);
    expect(readdirSync(root).sort()).toEqual(['data', 'one.backup', 'text']);
  });

  it('with any octet changed, or cut anywhere, leaves nothing behind', async () => {
    writeFileSync(join(data, 'large'), Buffer.alloc(200_000, 7));
    const { file } = await backup();
    const whole = readFileSync(file);
    const order = { file, program, open: { identities: [identity] } } as const;
    expect(await checkBackup(order)).toEqual({
      name: 'DEV/GOV/1/ss1',
      createdAt: now.toISOString(),
      files: 3,
    });
    for (let at = 0; at < whole.length; at += 4_999) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(file, changed);
      await expect(restore(), `octet ${at}`).rejects.toThrow();
      await expect(checkBackup(order), `octet ${at}`).rejects.toThrow();
      writeFileSync(file, whole.subarray(0, at));
      await expect(restore(), `cut at ${at}`).rejects.toThrow();
    }
    expect(readdirSync(root).sort()).toEqual(['data', 'one.backup']);
  });

  it('code execution through restore: one that is hostile runs nothing and writes nothing elsewhere, though it is sealed for us', async () => {
    await forge(['token/keys/1.key', 'x']);
    await expect(restore()).rejects.toMatchObject({ code: 'not-a-backup' });
    await forge(head({ version: 2 }));
    await expect(restore()).rejects.toMatchObject({ code: 'later-release' });
    await forge(head({ more: 'x' }));
    await expect(restore()).rejects.toMatchObject({ code: 'not-a-backup' });
    await forge(head(), ['a', 'x'], ['a/b', 'y']);
    await expect(restore()).rejects.toMatchObject({ code: 'hostile' });
    await forge(head(), ['a/b', 'x'], ['a', 'y']);
    await expect(restore()).rejects.toMatchObject({ code: 'hostile' });
    for (const path of ['../run', '../../run', '/tmp/run', '.bashrc', 'a/../../run', 'a/.git/hooks/run']) {
      await forgeSecond((header) => header.fill(0, 0, 100).write(path, 0, 'latin1'));
      await expect(restore(), path).rejects.toMatchObject({ code: 'hostile' });
    }
    // Hard and symbolic links, devices, folders and pipes; long names of GNU and of pax.
    for (const kind of '123456LKxg') {
      await forgeSecond((header) => header.write(kind, 156, 'latin1'));
      await expect(restore(), kind).rejects.toMatchObject({ code: 'hostile' });
    }
    expect(readdirSync(root).sort()).toEqual(['data', 'one.backup']);
    await forge(head(), ['run', '#!/bin/sh\nexit 1\n']);
    await restore();
    expect(statSync(join(root, 'new/run')).mode & 0o111).toBe(0);
  });

  it('is not made of a folder with links in it', async () => {
    symlinkSync('/etc/hostname', join(data, 'link'));
    await expect(backup()).rejects.toMatchObject({ code: 'damaged' });
    expect(readdirSync(root).sort()).toEqual(['data']);
  });

  it.skipIf(!hasAge)('is opened by age and tar (needs age)', async () => {
    const { file } = await backup();
    writeFileSync(join(root, 'key'), `${identity}\n`);
    const opened = spawnSync('age', ['-d', '-i', join(root, 'key'), file], { encoding: 'buffer' });
    const listed = spawnSync('tar', ['-tf', '-'], { input: opened.stdout });
    expect(listed.stdout.toString()).toBe('waygate-backup.json\nempty\ntoken/keys/1.key\n');
  });
});
