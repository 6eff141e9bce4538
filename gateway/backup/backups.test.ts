import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeBackup } from './backup.ts';
import { Backups, type BackupsOptions } from './backups.ts';
import { BackupError } from './error.ts';
import { restoreBackup } from './restore.ts';

const program = 'central-registry';
const hourMs = 3_600_000;

let data: string;
let identity: string;
let recipient: string;
let now: Date;
let events: Parameters<BackupsOptions['journal']['append']>[0][];
let troubles: Error[];
let backups: Backups;
let space: number;
const settings = () => ({ recipients: [recipient], keepLast: 2, madeElsewhere: false });
const open = (more: Partial<BackupsOptions> = {}) =>
  Backups.open({
    ...{ data, program, name: () => 'DEV', now: () => now },
    journal: { append: (event) => events.push(event) },
    onTrouble: (error) => troubles.push(error),
    make: (order) => makeBackup(order),
    lookEveryMs: hourMs,
    readSpace: async () => ({ free: space, size: 1_000_000 }),
    ...more,
  });

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'waygate-backups-'));
  mkdirSync(join(data, 'token'));
  writeFileSync(join(data, 'token', 'key'), 'sealed');
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
  now = new Date('2026-11-24T10:00:00Z');
  events = [];
  space = 900_000;
  troubles = [];
  backups = await open();
});
afterEach(async () => {
  await backups.close();
  rmSync(data, { recursive: true });
});

const make = async (by = 'user:anna') => (await backups.begin(by)).done;

describe('backups of a running program', () => {
  it('are made for their recipients alone, and hold none of the backups before', async () => {
    await expect(make()).rejects.toMatchObject({ code: 'no-recipients' });
    await backups.change('user:anna', settings());
    const first = await make();
    const second = await make();
    expect(second).toMatchObject({ size: first.size, madeBy: 'user:anna', recipients: [recipient] });
    // What it is made of: the sealed key and the settings of backups.
    expect(second.files).toBe(2);
    expect((await backups.list()).map(({ name }) => name).sort()).toEqual([first.name, second.name].sort());
    const target = join(data, 'backups', 'restored');
    const file = join(data, 'backups', second.name);
    await restoreBackup({ file, open: { identities: [identity] }, program, data: target });
    expect(readdirSync(target).sort()).toEqual(['backup-settings.json', 'token']);
    expect(events.map(({ actor, action, outcome }) => [actor, action, outcome])).toEqual([
      ['user:anna', 'backup.settings', 'done'],
      ['user:anna', 'backup.make', 'done'],
      ['user:anna', 'backup.make', 'done'],
    ]);
  });

  it('are made one at a time', async () => {
    await backups.change('user:anna', settings());
    const first = await backups.begin('user:anna');
    await expect(backups.begin('user:otto')).rejects.toMatchObject({ code: 'busy' });
    expect(backups.status().making).toMatchObject({ name: first.name, by: 'user:anna' });
    await first.done;
    expect(backups.status().making).toBeUndefined();
  });

  it('secrets in backup output: a secret key given as recipient is neither kept nor repeated, anywhere', async () => {
    for (const given of [identity, identity.toLowerCase(), '-----BEGIN PRIVATE KEY-----', ` ${identity}`]) {
      const error = await backups.change('user:anna', { ...settings(), recipients: [recipient, given] }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: 'private-key' });
      const told = [String(error), String((error as Error).cause), JSON.stringify(events)].join();
      expect(told.toLowerCase()).not.toContain(given.trim().toLowerCase());
    }
    await expect(
      backups.change('user:anna', { ...settings(), recipients: ['age1nothing'] }),
    ).rejects.toMatchObject({ code: 'wrong-key' });
    expect(backups.settings().recipients).toEqual([]);
    expect(existsSync(join(data, 'backup-settings.json'))).toBe(false);
  });

  it('secrets in backup output: neither notes, nor the journal, nor the file itself show what is in it', async () => {
    writeFileSync(join(data, 'api-key'), 'a-secret-that-is-long-enough');
    await backups.change('user:anna', settings());
    await make();
    const folder = join(data, 'backups');
    const all = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    const told = JSON.stringify([events, backups.status(), await backups.list()]);
    for (const text of [...all, told]) expect(text).not.toContain('a-secret');
  });

  it('client-side path traversal: names are those of backups, wherever they lead', async () => {
    writeFileSync(join(data, 'api-key'), 'x');
    const names = [
      '../api-key',
      '..',
      '',
      'central-registry-20261124T100000Z-00000000.backup/../../api-key',
      'central-registry-20261124T100000Z-00000000.backup\n',
      'central-registry-20261124T100000Z-00000000.backup',
      'central-registry-20261124T100000Z-00000000.backup.json',
    ];
    for (const name of names) {
      await expect(backups.read(name), name).rejects.toMatchObject({ code: 'unknown' });
      await expect(backups.open('user:anna', name), name).rejects.toMatchObject({ code: 'unknown' });
      await expect(backups.remove('user:anna', name), name).rejects.toMatchObject({ code: 'unknown' });
      await expect(backups.isWhole(name), name).rejects.toMatchObject({ code: 'unknown' });
    }
    expect(existsSync(join(data, 'api-key'))).toBe(true);
    expect(events).toEqual([]);
  });

  it('are taken away by nobody unseen', async () => {
    await backups.change('user:anna', settings());
    const { name, sha256 } = await make();
    await backups.close();
    backups = await open({
      journal: {
        append: () => {
          throw new Error('the disk is full');
        },
      },
    });
    await expect(backups.open('user:otto', name)).rejects.toThrow('the disk is full');
    await backups.close();
    backups = await open();
    (await backups.open('user:otto', name)).content.destroy();
    expect(events.at(-1)).toMatchObject({
      actor: 'user:otto',
      action: 'backup.download',
      detail: { sha256 },
    });
  });

  it('are made by the schedule, which removes its own older ones and none that people made', async () => {
    await backups.change('user:anna', { ...settings(), everyHours: 6 });
    const byHand = await make();
    await backups.makeIfDue();
    expect(await backups.list()).toHaveLength(1);
    for (let count = 0; count < 4; count += 1) {
      now = new Date(now.getTime() + 6 * hourMs);
      await backups.makeIfDue();
    }
    const kept = await backups.list();
    expect(kept.map(({ madeBy }) => madeBy)).toEqual(['system', 'system', 'user:anna']);
    expect(kept.at(-1)?.name).toBe(byHand.name);
    expect(backups.status()).toMatchObject({ isGood: true, nextAt: '2026-11-25T16:00:00.000Z' });
    expect(troubles).toEqual([]);
  });

  it('that fail are told of, leave nothing, and are tried again within the hour', async () => {
    await backups.close();
    let tried = 0;
    backups = await open({
      make: async () => {
        tried += 1;
        mkdirSync(join(data, 'backups', '.backup-copy'));
        writeFileSync(join(data, 'backups', '.backup-copy', 'database.copy'), 'readable');
        throw new BackupError('damaged', 'the disk is damaged');
      },
    });
    await backups.change('user:anna', { ...settings(), everyHours: 6 });
    await backups.makeIfDue();
    await backups.makeIfDue();
    expect([tried, troubles.length]).toEqual([1, 1]);
    expect(backups.status()).toMatchObject({ isGood: false, code: 'failed', failure: { code: 'damaged' } });
    expect(events.at(-1)).toMatchObject({ action: 'backup.make', outcome: 'failed', code: 'damaged' });
    expect(readdirSync(join(data, 'backups'))).toEqual([]);
    now = new Date(now.getTime() + hourMs);
    await backups.makeIfDue();
    expect(tried).toBe(2);
  });

  it('are not written to a disk that would be full of them', async () => {
    writeFileSync(join(data, 'large'), Buffer.alloc(100_000));
    await backups.change('user:anna', settings());
    space = 300_000;
    await expect(make()).rejects.toMatchObject({ code: 'no-room' });
    expect(backups.status()).toMatchObject({ isGood: false, failure: { code: 'no-room' } });
    expect(readdirSync(join(data, 'backups'))).toEqual([]);
    space = 310_000;
    await make();
    expect(backups.status()).toMatchObject({ isGood: true, code: 'good' });
  });

  it('that are missing or too old are told of', async () => {
    expect(backups.status()).toMatchObject({ isGood: false, code: 'none-made' });
    await backups.change('user:anna', { ...settings(), madeElsewhere: true });
    expect(backups.status()).toMatchObject({ isGood: true, code: 'made-elsewhere' });
    await backups.change('user:anna', { ...settings(), everyHours: 24 });
    const { name } = await make();
    now = new Date(now.getTime() + 25 * hourMs);
    expect(backups.status()).toMatchObject({ isGood: true, code: 'good' });
    now = new Date(now.getTime() + 1);
    expect(backups.status()).toMatchObject({ isGood: false, code: 'too-old', newest: { name } });
    await backups.remove('user:anna', name);
    expect(backups.status()).toMatchObject({ isGood: false, code: 'none-made' });
    await expect(
      backups.change('user:anna', { ...settings(), recipients: [], everyHours: 24 }),
    ).rejects.toMatchObject({ code: 'no-recipients' });
  });

  it('are found again after a crash, and what was cut short is removed', async () => {
    await backups.change('user:anna', settings());
    const { name, sha256, size } = await make();
    await backups.close();
    const folder = join(data, 'backups');
    rmSync(join(folder, `${name}.json`));
    const cut = 'central-registry-20261124T110000Z-00000000.backup';
    writeFileSync(join(folder, cut), '');
    writeFileSync(join(folder, `${cut.replace('11', '12')}.json`), '{}');
    writeFileSync(join(folder, '.1234.tmp'), 'x');
    mkdirSync(join(folder, '.backup-x'));
    backups = await open();
    expect(await backups.list()).toEqual([{ name, sha256, size, createdAt: expect.any(String) }]);
    expect(readdirSync(folder).sort()).toEqual([name, `${name}.json`]);
    expect(await backups.isWhole(name)).toBe(true);
    writeFileSync(join(folder, name), 'x');
    expect(await backups.isWhole(name)).toBe(false);
  });
});
