import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BackupStatus, Backups } from '../../gateway/backup/index.ts';
import { type Archiving, archiveSettingsSchema, startArchiving } from '../archive/index.ts';
import { type DiskStatus, DiskWatch } from '../disk/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { checkEvidence, type EvidenceSources } from './checks/evidence.ts';

const hour = 3_600_000;
const gibibyte = 1024 ** 3;
let bench: LogBench;
let folder: string;
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.reset();
  folder = mkdtempSync(join(bench.root, 'evidence-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A disk with so much free, as the server watches it. */
async function disk(free: number | Error): Promise<DiskStatus> {
  const watch = await DiskWatch.open({
    ...{ settings: {}, measure: async () => [], file: join(folder, 'samples.json'), now: bench.services.now },
    read: async () => {
      if (free instanceof Error) throw free;
      return { free, size: 1_000 * gibibyte };
    },
    makeRoom: async () => undefined,
    onLevel: () => undefined,
    onTrouble: () => undefined,
    readEveryMs: hour,
  });
  closers.push(() => watch.close());
  return watch.status();
}

const good: BackupStatus = { isGood: true, code: 'good', detail: '' };

async function codes(changes: Partial<EvidenceSources> = {}): Promise<string[]> {
  const log = { checkWritable: async () => undefined };
  const found = await checkEvidence({
    ...{ server: 'DEV:GOV:1:ss1', log, archiveFailure: undefined, backups: good },
    disk: changes.disk ?? (await disk(500 * gibibyte)),
    ...changes,
  });
  return found.map(({ code }) => code);
}

describe('evidence', () => {
  it('nothing is diagnosed where there is room, the log is written and backups are made', async () => {
    expect(await codes({ log: await bench.open() })).toEqual([]);
  });

  it('disk-low, disk-tight and disk-full: by what is free', async () => {
    expect(await codes({ disk: await disk(10 * gibibyte) })).toEqual(['disk-low']);
    expect(await codes({ disk: await disk(gibibyte) })).toEqual(['disk-tight']);
    expect(await codes({ disk: await disk(gibibyte / 10) })).toEqual(['disk-full']);
  });

  it('disk-unknown: the file system cannot be asked', async () => {
    expect(await codes({ disk: await disk(new Error('no such device')) })).toEqual(['disk-unknown']);
  });

  it('message-log-not-writable: its writing thread is gone', async () => {
    const started = new Promise<Worker>((resolve) => process.once('worker', resolve));
    const log = await bench.open();
    await (await started).terminate();
    expect(await codes({ log })).toEqual(['message-log-not-writable']);
  });

  it('archive-failing: the target is no folder; and no longer once it is', async () => {
    const log = await bench.open();
    await log.record(await bench.entry('one'));
    await log.stampNow();
    const path = join(folder, 'target');
    writeFileSync(path, 'a file');
    const settings = archiveSettingsSchema.parse({ target: { kind: 'folder', path }, intervalHours: 0 });
    const archiving: Archiving = await startArchiving(settings, {
      ...{ data: folder, token: bench.services.token, name: 'DEV/GOV/1/ss1', log, now: bench.services.now },
      configurations: bench.noSnapshots,
      onTrouble: () => undefined,
    });
    closers.push(() => archiving.close());
    await expect(archiving.require().run()).rejects.toThrow();
    expect(await codes({ archiveFailure: archiving.current?.failure })).toEqual(['archive-failing']);
  });

  describe('backups', () => {
    let at: number;
    let isBroken: boolean;
    const open = async () => {
      mkdirSync(join(folder, 'token'));
      writeFileSync(join(folder, 'token', 'key'), 'sealed');
      const backups = await Backups.open({
        ...{ data: folder, program: 'security-server', name: () => 'ss1', now: () => new Date(at) },
        ...{ journal: { append: () => undefined }, onTrouble: () => undefined, lookEveryMs: hour },
        readSpace: async () => {
          if (isBroken) throw new Error('the disk does not answer');
          return { free: 100 * gibibyte, size: 1_000 * gibibyte };
        },
      });
      closers.push(() => backups.close());
      return backups;
    };
    const settings = async (everyHours?: number) => ({
      recipients: [await identityToRecipient(await generateX25519Identity())],
      ...{ keepLast: 2, madeElsewhere: false },
      ...(everyHours !== undefined && { everyHours }),
    });

    beforeEach(() => {
      at = Date.parse('2026-11-24T10:00:00Z');
      isBroken = false;
    });

    it('backup-none: nobody made one', async () => {
      expect(await codes({ backups: (await open()).status() })).toEqual(['backup-none']);
    });

    it('backup-old: there should be one every day', async () => {
      const backups = await open();
      await backups.change('user:anna', await settings(24));
      await (await backups.begin('user:anna')).done;
      expect(await codes({ backups: backups.status() })).toEqual([]);
      at += 26 * hour;
      expect(await codes({ backups: backups.status() })).toEqual(['backup-old']);
    });

    it('backup-failed: what the schedule wanted could not be made', async () => {
      const backups = await open();
      await backups.change('user:anna', await settings(24));
      isBroken = true;
      await backups.makeIfDue();
      expect(await codes({ backups: backups.status() })).toEqual(['backup-failed']);
    });
  });
});
