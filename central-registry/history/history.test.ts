import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MemberId } from '../../gateway/identifier/index.ts';
import {
  type Checkpoint,
  checkInclusion,
  openNote,
  parseCheckpoint,
} from '../../gateway/transparency/index.ts';
import {
  addGroupMember,
  addMember,
  checkRegister,
  putGroup,
  putMemberClass,
  Register,
  registerFile,
  removeMember,
  renameMember,
} from '../register/index.ts';
import { registerSteps } from '../register/schema.ts';
import { History, historyOrigin, historyPath } from './index.ts';

const ministry: MemberId = { kind: 'MEMBER', instance: 'TEST', memberClass: 'GOV', memberCode: '1001' };
const anna = { by: 'user:anna', why: 'a decree' };

let data: string;
let register: Register;
let history: History;
const closers: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'waygate-history-'));
  await Register.create(join(data, registerFile), 'TEST', 'registry.example');
  await open();
});
afterEach(async () => {
  await close();
  rmSync(data, { recursive: true });
});

async function open(): Promise<void> {
  register = await Register.open(join(data, registerFile));
  closers.push(() => register.close());
  history = await History.open({
    ...{ dir: historyPath(data), origin: historyOrigin('TEST'), rows: register.history },
    alone: (look) => register.read(look),
    onTrouble: (error) => expect.fail(error.message),
  });
  closers.push(() => history.close());
}

async function close(): Promise<void> {
  for (const end of closers.splice(0).reverse()) await end();
}

const addMinistry = () =>
  register.change(anna, async (book) => {
    await putMemberClass(book, { code: 'GOV', description: 'Government' });
    await addMember(book, { id: ministry, name: 'Ministry' });
  });
const rename = (name: string) => register.change(anna, (book) => renameMember(book, { id: ministry, name }));
const newest = () => history.search({ limit: 1 })[0];
const read = (note: string): Checkpoint => parseCheckpoint(openNote(note, [history.verifierKey]).text);
const folderCheck = (held: { name: string; note: string }[] = []) => checkRegister({ data, held });
const sql = (statement: string) => {
  const database = new Database(join(data, registerFile));
  database.exec(statement);
  database.close();
};

describe('a change of the register', () => {
  it('is one entry: who, when, why, and each row before and after', async () => {
    await addMinistry();
    await rename('Interior');
    expect(newest()).toMatchObject({
      ...anna,
      kind: 'change',
      changes: [
        {
          table: 'member',
          key: 'GOV/1001',
          before: { memberClass: 'GOV', memberCode: '1001', name: 'Ministry' },
          after: { memberClass: 'GOV', memberCode: '1001', name: 'Interior' },
        },
      ],
    });
    const founding = history.search({ limit: 10 }).at(-1);
    expect(founding).toMatchObject({ index: 0, by: 'system', kind: 'change' });
    expect(founding?.changes.map(({ key }) => key)).toContain('instance');
  });

  it('tells also of rows that went with others', async () => {
    await addMinistry();
    await register.change(anna, async (book) => {
      await putGroup(book, { code: 'readers', description: 'Readers' });
      await addGroupMember(book, 'readers', ministry);
    });
    await register.change(anna, (book) => removeMember(book, ministry));
    expect(newest()?.changes.map(({ table, key, after }) => [table, key, after])).toEqual(
      expect.arrayContaining([
        ['member', 'GOV/1001', null],
        ['groupMember', 'readers/GOV/1001/%00', null],
      ]),
    );
  });

  it('that is undone leaves no entry, nor does one that changes nothing', async () => {
    await addMinistry();
    const last = newest()?.index;
    const failed = register.change(anna, async (book) => {
      await renameMember(book, { id: ministry, name: 'Interior' });
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    await rename('Ministry');
    expect(newest()?.index).toBe(last);
    expect(await history.check()).toEqual([]);
  });

  it('cannot be made by who says they only read', async () => {
    await addMinistry();
    const sly = register.read((book) => renameMember(book, { id: ministry, name: 'Sly' }));
    await expect(sly).rejects.toThrow(/member was changed/);
    expect(await history.check()).toEqual([]);
  });

  it('of a secret tells its hash alone', async () => {
    await register.change(
      anna,
      ({ db }) =>
        db.insertInto('setting').values({ name: 'invitationKey', value: 'sealed-octets' }).execute(),
      () => false,
    );
    expect(newest()?.changes[0]?.after?.['value']).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(readFileSync(join(data, registerFile)).includes('{"name":"invitationKey","value":"sealed')).toBe(
      false,
    );
    expect(await history.check()).toEqual([]);
  });

  it('is found by table, key, person and time, page by page', async () => {
    await addMinistry();
    for (const name of ['a', 'b', 'c']) await rename(name);
    const found = history.search({ table: 'member', key: 'GOV/1001', by: 'user:anna', limit: 2 });
    expect(found.map(({ index }) => index)).toEqual([4, 3]);
    expect(history.search({ table: 'member', before: 3, limit: 9 }).map(({ index }) => index)).toEqual([
      2, 1,
    ]);
    expect(history.search({ by: 'user:bert', limit: 9 })).toEqual([]);
    expect(history.search({ from: Date.now() + 60_000, limit: 9 })).toEqual([]);
  });

  it('is proved to whoever sees it', async () => {
    await addMinistry();
    await rename('Interior');
    const found = await history.find(1);
    if (found === undefined) throw new Error('entry 1 is not there');
    const { leaf, proof, checkpoint } = found.inclusion;
    const { size, root } = read(checkpoint);
    expect(checkInclusion({ leaf, index: 1, size, proof, root })).toBe(true);
    expect(checkInclusion({ leaf, index: 2, size, proof, root })).toBe(false);
  });
});

describe('what is not as it was written down', () => {
  beforeEach(async () => {
    await addMinistry();
    await rename('Interior');
    await close();
  });

  it('is nothing when nobody touched it', async () => {
    expect(await folderCheck()).toMatchObject({ isClean: true, entries: 3 });
  });

  it.each([
    ["UPDATE member SET name = 'Forged'", 'altered', 'member GOV/1001'],
    ["INSERT INTO memberClass VALUES ('ORG', 'x')", 'inserted', 'memberClass ORG'],
    ["DELETE FROM setting WHERE name = 'address'", 'missing', 'setting address'],
    ["UPDATE historyEntry SET entry = replace(entry, 'anna', 'bert') WHERE id = 2", 'altered', 'entry 2'],
    ["UPDATE historyEntry SET actor = 'bert' WHERE id = 2", 'altered', 'entry 2'],
    ["UPDATE historyEntry SET salt = x'00' WHERE id = 0", 'altered', 'entry 0'],
    ['DELETE FROM historyChange WHERE entry = 1', 'altered', 'entry 1'],
    ['PRAGMA foreign_keys = OFF; DELETE FROM historyEntry WHERE id = 1', 'missing', 'entry 1'],
    ['PRAGMA foreign_keys = OFF; DELETE FROM historyEntry WHERE id = 2', 'missing', 'entry 2'],
    ["INSERT INTO historyEntry VALUES (9, 0, 'x', '{}', x'00')", 'inserted', 'entry 9'],
  ])('%s is found: %s, %s', async (statement, code, place) => {
    sql(statement);
    const { isClean, findings } = await folderCheck();
    expect(isClean).toBe(false);
    expect(findings).toEqual(expect.arrayContaining([expect.objectContaining({ code, place })]));
  });

  it('is found in the tree and in the checkpoint, octet by octet', async () => {
    for (const [name, octets, place] of [
      [join('tree', '0'), 96, /^entry/],
      ['checkpoint', 40, /^checkpoint/],
    ] as const) {
      const path = join(historyPath(data), name);
      const good = readFileSync(path);
      for (let at = 0; at < octets; at += 8) {
        const bad = Buffer.from(good);
        bad.writeUInt8((bad[at] ?? 0) ^ 1, at);
        writeFileSync(path, bad);
        const { findings } = await folderCheck();
        expect(findings[0]?.place, `${name} at ${at}`).toMatch(place);
      }
      writeFileSync(path, good);
    }
    expect((await folderCheck()).isClean).toBe(true);
  });

  it('is not opened: an older register under a later checkpoint', async () => {
    sql('PRAGMA foreign_keys = OFF; DELETE FROM historyEntry WHERE id = 2');
    await expect(open()).rejects.toMatchObject({ code: 'rolled-back', place: 'entry 2' });
  });

  it.each(['checkpoint', 'key.json', ''])('is not replaced by a new one: %s', async (name) => {
    rmSync(join(historyPath(data), name), { recursive: true });
    await expect(open()).rejects.toMatchObject({ code: 'damaged' });
  });
});

it('who holds a later checkpoint finds a register that was put back, and one that was forked', async () => {
  await addMinistry();
  await close();
  const before = `${data}-before`;
  cpSync(data, before, { recursive: true });
  await open();
  await rename('Interior');
  const note = await history.checkpoint();
  await close();
  rmSync(data, { recursive: true });
  cpSync(before, data, { recursive: true });
  rmSync(before, { recursive: true });
  const held = [{ name: 'kept', note }];
  expect((await folderCheck(held)).findings).toEqual([
    expect.objectContaining({ code: 'rolled-back', place: 'kept' }),
  ]);
  await open();
  await rename('Another');
  await history.checkpoint();
  expect((await folderCheck(held)).findings).toEqual([
    expect.objectContaining({ code: 'forked', place: 'kept' }),
  ]);
});

describe('a crash', () => {
  it('between the change and its leaf, and between the leaf and the checkpoint, loses nothing', async () => {
    await addMinistry();
    const dir = historyPath(data);
    const first = await history.checkpoint();
    const parts = ['checkpoint', join('tree', '0')];
    for (const name of parts) copyFileSync(join(dir, name), join(data, `${name.replace('/', '-')}.then`));
    await rename('Interior');
    await history.checkpoint();
    await close();
    // As the disk stood before the checkpoint; then also before the leaf.
    for (const [count] of parts.entries()) {
      for (const name of parts.slice(0, count + 1)) {
        copyFileSync(join(data, `${name.replace('/', '-')}.then`), join(dir, name));
      }
      await open();
      const [old, now] = [read(first), read(await history.checkpoint())];
      expect(now.size).toBe(old.size + 1);
      expect(newest()?.changes[0]?.after).toMatchObject({ name: 'Interior' });
      expect(await history.check([{ name: 'first', note: first }])).toEqual([]);
      await close();
    }
  });

  it('before the first checkpoint leaves a history that begins', async () => {
    await close();
    rmSync(historyPath(data), { recursive: true });
    sql('DELETE FROM historyKey');
    await open();
    expect(await history.check()).toEqual([]);
  });
});

describe('a register of an earlier release', () => {
  it('begins its history with what it holds, said to be found and not done', async () => {
    await close();
    rmSync(data, { recursive: true });
    data = mkdtempSync(join(tmpdir(), 'waygate-history-'));
    const historyAt = registerSteps.findIndex((step) => step.includes('historyEntry'));
    const database = new Database(join(data, registerFile));
    for (const step of registerSteps.slice(0, historyAt)) database.exec(step);
    database.exec(`PRAGMA user_version = ${historyAt};
      INSERT INTO setting VALUES ('instance', 'TEST'), ('address', 'registry.example');
      INSERT INTO memberClass VALUES ('GOV', 'Government');`);
    database.close();
    await open();
    expect(newest()).toMatchObject({ index: 0, by: 'system', kind: 'statement' });
    expect(newest()?.changes.map(({ table, key }) => `${table} ${key}`)).toEqual(
      expect.arrayContaining(['setting instance', 'memberClass GOV']),
    );
    expect(await history.check()).toEqual([]);
    // It says so once.
    await close();
    await open();
    expect(newest()?.index).toBe(0);
  });
});
