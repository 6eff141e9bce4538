import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { judgeOwnArchive } from '../../gateway/evidence/index.ts';
import { signSnapshot } from '../../gateway/evidence/testing/world.ts';
import { readArchive } from '../../gateway/signature/index.ts';
import { SnapshotArchive, SnapshotStore } from '../configurations/index.ts';
import type { SqliteMessageLog } from '../message-log/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { ArchivingError } from './archive-source.ts';
import { Archiver, type ArchiverOptions } from './archiver.ts';
import { FolderTarget } from './target/folder.ts';

let bench: LogBench;
let log: SqliteMessageLog;
let dir: string;
let target: string;

beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.reset();
  log = await bench.open();
  dir = mkdtempSync(join(bench.root, 'archive-'));
  target = join(dir, 'target');
});

function archiver(more: Partial<ArchiverOptions> = {}): Promise<Archiver> {
  return Archiver.open({
    ...{ dir: join(dir, 'own'), log, target: new FolderTarget(target), grouping: 'none' },
    configurations: bench.noSnapshots,
    ...{ maxBytes: 33_554_432, intervalMs: 0, now: bench.services.now, token: bench.services.token },
    onTrouble: (error) => {
      throw error;
    },
    ...more,
  });
}

async function record(from: number, count: number, ...bodies: Buffer[]): Promise<void> {
  for (let n = from; n < from + count; n += 1) await log.record(await bench.entry(`id-${n}`, ...bodies));
}

async function withArchiver<Result>(
  work: (one: Archiver) => Promise<Result>,
  more: Partial<ArchiverOptions> = {},
): Promise<Result> {
  const one = await archiver(more);
  try {
    return await work(one);
  } finally {
    await one.close();
  }
}

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'done';
  } catch (error) {
    if (error instanceof ArchivingError) return error.code;
    throw error;
  }
}

describe('a run', () => {
  it('archives what is timestamped, links archives to each other, and each is judged good', async () => {
    await record(0, 3, Buffer.from('body'));
    await log.stampNow();
    await record(3, 1);
    const first = await withArchiver((one) => one.run());
    expect(first.delivered).toMatchObject([{ records: 3, previous: null, leftOut: 0 }]);
    expect(first.archived).toBeLessThan(first.size);
    await log.stampNow();
    const second = await withArchiver((one) => one.run());
    const [a, b] = [first.delivered[0], second.delivered[0]];
    expect(b).toMatchObject({ records: 1, previous: a?.name });
    const files = [a, b].map((row) => readFileSync(join(target, row?.name ?? '')));
    const link = { digest: a?.lastDigest ?? '', fileName: a?.name ?? '' };
    const trust = { configuration: bench.services.configuration, verifierKey: log.verifierKey ?? '' };
    for (const [n, file] of files.entries()) {
      const { verdict } = await judgeOwnArchive(file, trust, n === 0 ? undefined : link);
      expect(verdict).toMatchObject({ valid: true, code: null });
    }
    const names = (await readArchive(files[0] ?? Buffer.alloc(0))).containers.map(({ name }) => name);
    expect(names).toHaveLength(3);
    expect(names[0]).toMatch(/^id-0-request-[0-9a-v]+\.asice$/);
    expect((await withArchiver((one) => one.run())).delivered).toEqual([]);
  });

  it('begins another archive when one is full, and takes a body that is larger than that alone', async () => {
    await record(0, 5, Buffer.alloc(9_000, 1));
    await log.stampNow();
    const { delivered } = await withArchiver((one) => one.run(), { maxBytes: 10_000 });
    expect(delivered.map(({ records }) => records)).toEqual([1, 1, 1, 1, 1]);
    expect(delivered.map(({ previous }) => previous).slice(1)).toEqual(
      delivered.map(({ name }) => name).slice(0, -1),
    );
  });

  it('names the owner, which is ours on that side', async () => {
    await record(0, 2);
    const provided = { ...(await bench.entry('id-9')), side: 'provider' as const };
    await log.record(provided);
    await log.stampNow();
    const { delivered } = await withArchiver((one) => one.run(), { grouping: 'subsystem' });
    expect(delivered.map(({ group, records }) => [group, records])).toEqual([
      ['DEV:GOV:1:portal', 2],
      ['DEV:GOV:1:data', 1],
    ]);
    expect(delivered[0]?.name).toMatch(/^mlog-DEV-GOV-1-portal-\d{14}-\d{14}-[0-9a-f]{16}\.zip$/);
  });
});

describe('whatever dies', () => {
  it('when the target is away, the same archive arrives later, and what came since is linked to it', async () => {
    await record(0, 2);
    await log.stampNow();
    const away = {
      place: 'away',
      put: () => Promise.reject(new ArchivingError('target-unreachable', 'away')),
    };
    const codes = await withArchiver(
      async (one) => [await codeOf(() => one.run()), await codeOf(() => one.run())],
      { target: away },
    );
    expect(codes).toEqual(['target-unreachable', 'target-unreachable']);
    const [made, ...others] = readdirSync(join(dir, 'own', 'outgoing'));
    expect(others).toEqual([]);
    await record(2, 1);
    await log.stampNow();
    const { delivered } = await withArchiver((one) => one.run());
    expect(delivered.map(({ name, records }) => [name, records])).toEqual([
      [made, 2],
      [delivered[1]?.name, 1],
    ]);
    expect(delivered[1]?.previous).toBe(made);
    expect(readdirSync(join(dir, 'own', 'outgoing'))).toEqual([]);
  });

  it('what waits cannot be read without the token: not what the log erased meanwhile, either', async () => {
    // Of chance, which no compression makes anything else of.
    const body = randomBytes(600);
    const secret = body.subarray(200, 264);
    await record(0, 1, body);
    await log.stampNow();
    const away = { place: '', put: () => Promise.reject(new ArchivingError('target-unreachable', 'away')) };
    await withArchiver((one) => codeOf(() => one.run()), { target: away });
    await log.eraseBodies(log.find('id-0')[0]?.index ?? -1);
    const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const paths = files.map(({ parentPath, name }) => join(parentPath, name));
    expect(paths.filter((path) => path.includes('outgoing'))).toHaveLength(1);
    expect(paths.filter((path) => readFileSync(path).includes(secret))).toEqual([]);
    // The target gets what was recorded then.
    const { delivered } = await withArchiver((one) => one.run());
    expect(readFileSync(join(target, delivered[0]?.name ?? '')).includes(secret)).toBe(true);
  });

  it('what an earlier release left to wait, unsealed, is delivered', async () => {
    await record(0, 1);
    await log.stampNow();
    let plain: Buffer = Buffer.alloc(0);
    const away = {
      place: '',
      put: async (_name: string, bytes: Buffer) => {
        plain = bytes;
        throw new ArchivingError('target-unreachable', 'away');
      },
    };
    await withArchiver((one) => codeOf(() => one.run()), { target: away });
    const [name = ''] = readdirSync(join(dir, 'own', 'outgoing'));
    writeFileSync(join(dir, 'own', 'outgoing', name), plain);
    expect((await withArchiver((one) => one.run())).delivered.map((one) => one.name)).toEqual([name]);
  });

  it('one of which a bit was changed is not sent', async () => {
    const away = { place: '', put: () => Promise.reject(new ArchivingError('target-refused', 'no')) };
    await record(0, 1);
    await log.stampNow();
    await withArchiver((one) => codeOf(() => one.run()), { target: away });
    const [name = ''] = readdirSync(join(dir, 'own', 'outgoing'));
    const path = join(dir, 'own', 'outgoing', name);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect(await withArchiver((one) => codeOf(() => one.run()))).toBe('staging-damaged');
  });

  it('between a file and its entry, the file is made again; between target and entry, it is taken over', async () => {
    await record(0, 1);
    await log.stampNow();
    await withArchiver(async () => undefined);
    writeFileSync(join(dir, 'own', 'outgoing', 'mlog-orphan.zip'), 'half');
    const folder = new FolderTarget(target);
    const dying = {
      place: target,
      put: async (name: string, bytes: Buffer, sha256: string) => {
        await folder.put(name, bytes, sha256);
        throw new ArchivingError('target-unreachable', 'died after it had arrived');
      },
    };
    const code = await withArchiver((one) => codeOf(() => one.run()), { target: dying });
    expect(code).toBe('target-unreachable');
    const { delivered } = await withArchiver((one) => one.run());
    expect(delivered).toHaveLength(1);
    expect(readdirSync(target)).toEqual([delivered[0]?.name]);
  });

  it('an archive altered while it waits is not sent', async () => {
    await record(0, 1);
    await log.stampNow();
    const away = { place: '', put: () => Promise.reject(new ArchivingError('target-refused', 'no')) };
    await withArchiver((one) => codeOf(() => one.run()), { target: away });
    const [name = ''] = readdirSync(join(dir, 'own', 'outgoing'));
    writeFileSync(join(dir, 'own', 'outgoing', name), 'other');
    expect(await withArchiver((one) => codeOf(() => one.run()))).toBe('staging-damaged');
  });

  it('a file of that name in the folder that is another is left alone', async () => {
    await record(0, 1);
    await log.stampNow();
    const spoiled = {
      place: target,
      put: async (name: string, bytes: Buffer, sha256: string) => {
        const folder = new FolderTarget(target);
        await folder.put(name, bytes, sha256);
        writeFileSync(join(target, name), 'other');
        await folder.put(name, bytes, sha256);
      },
    };
    expect(await withArchiver((one) => codeOf(() => one.run()), { target: spoiled })).toBe('target-differs');
    const [name = ''] = readdirSync(target);
    expect(readFileSync(join(target, name), 'utf8')).toBe('other');
    rmSync(join(target, name));
    expect((await withArchiver((one) => one.run())).delivered).toHaveLength(1);
  });
});

describe('what is archived', () => {
  it('goes from the log when its time is over and all of it is in the target, and not before', async () => {
    const day = 86_400_000;
    await record(0, 2);
    await log.stampNow();
    await withArchiver((one) => one.run(), { keepMs: 10 * day });
    bench.services.at += 40 * day;
    // Nothing was written since: the partition is still the one that messages go to.
    expect((await withArchiver((one) => one.run(), { keepMs: 10 * day })).removed).toEqual([]);
    const entry = await bench.entry('id-later').catch(() => undefined);
    if (entry !== undefined) await log.record(entry);
    await log.stampNow();
    const away = { place: '', put: () => Promise.reject(new ArchivingError('target-refused', 'no')) };
    await withArchiver((one) => codeOf(() => one.run()), { keepMs: 10 * day, target: away });
    expect(log.partitions()).toHaveLength(2);
    const store = await SnapshotStore.open(join(dir, 'configurations'));
    const kept: string[] = [];
    // The month that goes named the first, and may have; the one that stays began before the others expired.
    const month = log.partitions()[1];
    for (const lifeMs of [-1_000, 1_000, 365 * day]) {
      const expiresAt = new Date(Date.parse(month?.name ?? '') + lifeMs);
      const snapshot = await signSnapshot(bench.services, bench.registry, expiresAt);
      await store.save(snapshot);
      kept.push(snapshot.id);
    }
    const keeping = {
      keepMs: 10 * day,
      configurations: new SnapshotArchive(store, () => bench.services.configuration),
    };
    const { removed } = await withArchiver((one) => one.run(), keeping);
    expect(removed).toHaveLength(1);
    expect(log.partitions()).toHaveLength(1);
    expect((await withArchiver((one) => one.run(), { ...keeping, keepMs: 0 })).removed).toEqual([]);
    expect((await store.list()).sort()).toEqual(kept.slice(1).sort());
  });
});
