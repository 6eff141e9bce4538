import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKey } from '../../../gateway/configuration/testing/samples.ts';
import { signSnapshot } from '../../../gateway/evidence/testing/world.ts';
import { SnapshotStore } from '../../configurations/index.ts';
import { type LogBench, startLogBench } from '../../testing/log-bench.ts';
import { startTrustServices, type TrustServices } from '../../testing/trust-services.ts';
import type { SqliteMessageLog } from '../index.ts';
import type { MessageLogOptions } from '../options.ts';
import { type CheckReport, checkFolder } from './index.ts';

const month = 31 * 86_400_000;

let bench: LogBench;
/** Another authority, with a timestamping authority of its own. */
let others: TrustServices;

beforeAll(async () => {
  bench = await startLogBench();
  const dir = join(bench.root, 'others');
  mkdirSync(dir);
  others = await startTrustServices(dir);
});
afterAll(async () => {
  await others.close();
  await bench.close();
});
beforeEach(() => bench.reset());

/** What a log is told once the registry has put the other authority in the place of the first. */
async function replaced(): Promise<Partial<MessageLogOptions>> {
  const id = await bench.keep(others.configuration);
  return { configuration: { current: () => others.configuration }, configurationId: () => id };
}

async function recordAndStamp(log: SqliteMessageLog, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await log.record(await bench.entry(id));
  await log.stampNow();
}

/** The folder as a stranger finds it, whatever the server would say. */
const checkAlone = (folder: string): Promise<CheckReport> => checkFolder({ folder });
const found = ({ findings }: CheckReport) => findings.map(({ code, place }) => `${code} ${place}`);

describe('timestamps of a log are judged by the authorities of their time', () => {
  it('of an authority that was replaced later: nothing was altered', async () => {
    const log = await bench.open();
    await recordAndStamp(log, 'a', 'b');
    const later = await bench.reopen(log, await replaced());
    await recordAndStamp(later, 'c');
    bench.services.at += month;
    await recordAndStamp(later, 'd');
    expect((await later.check()).findings).toEqual([]);
    expect(await checkAlone(bench.dir)).toMatchObject({ isClean: true, timestamps: 3 });
  });

  it('of an authority that took its place after the records, and before they were stamped', async () => {
    const log = await bench.open();
    await log.record(await bench.entry('a'));
    const later = await bench.reopen(log, await replaced());
    await later.stampNow();
    // The log wrote down at once what had come into force, though nobody had sent anything since.
    expect(later.tree.size).toBe(3);
    expect((await later.check()).findings).toEqual([]);
    expect(await checkAlone(bench.dir)).toMatchObject({ isClean: true, timestamps: 1 });
    bench.services.at += month;
    await later.record(await bench.entry('b'));
    expect(await checkAlone(bench.dir)).toMatchObject({ isClean: true, partitions: 2 });
  });

  it('of an authority that took its place, when the next month says so alone', async () => {
    const log = await bench.open();
    await log.record(await bench.entry('a'));
    const { configuration, configurationId } = await replaced();
    // Whoever asks while the configuration is being replaced may still be told of the former.
    const first = await bench.keep(bench.services.configuration);
    let isNamed = false;
    const later = await bench.reopen(log, {
      ...(configuration && { configuration }),
      configurationId: () => (isNamed && configurationId !== undefined ? configurationId() : first),
    });
    await later.stampNow();
    isNamed = true;
    expect(later.tree.size).toBe(2);
    // The server knows what is in force, and the folder does not say it.
    expect((await later.check()).findings).toEqual([]);
    expect(found(await checkAlone(bench.dir))).toEqual(['untrusted timestamp of records 1 to 1']);
    bench.services.at += month;
    await later.record(await bench.entry('b'));
    expect(await checkAlone(bench.dir)).toMatchObject({ isClean: true, partitions: 2 });
  });

  it('of several batches in a month that has ended: each is judged by the first leaf behind its checkpoint', async () => {
    const log = await bench.open();
    for (const id of ['a', 'b']) await log.record(await bench.entry(id));
    bench.services.at += month;
    await log.record(await bench.entry('c'));
    // Both months get a timestamp in one round, whose checkpoint reaches into the second.
    const later = await bench.reopen(log, await replaced());
    await later.stampNow();
    expect(await checkAlone(bench.dir)).toMatchObject({ isClean: true, partitions: 2, timestamps: 2 });
  });

  it('of a stranger are found and named, whoever shows the certificate', async () => {
    const log = await bench.open();
    await recordAndStamp(log, 'a');
    // The server asks an authority that no configuration ever approved of, and goes on as if nothing were.
    const lured = await bench.reopen(log, { configuration: { current: () => others.configuration } });
    await recordAndStamp(lured, 'b', 'c');
    const honest = await bench.reopen(lured);
    await recordAndStamp(honest, 'd');
    const stranger = ['untrusted timestamp of records 2 to 3'];
    expect(found(await honest.check())).toEqual(stranger);
    expect(found(await checkAlone(bench.dir))).toEqual(stranger);
    // One that was approved of later, or earlier, is a stranger to the records between.
    const later = await bench.reopen(honest, await replaced());
    await recordAndStamp(later, 'e');
    expect(found(await checkAlone(bench.dir))).toEqual(stranger);
  });

  it.each([
    ['had expired when it stamped', () => bench.registry, -1_000],
    ['another registry signed', () => createKey('Registry'), 3_600_000],
  ] as const)(
    'of an authority of a configuration that %s are found, though the log names it',
    async (_what, registry, until) => {
      const expiresAt = new Date(bench.services.at + until);
      const snapshot = await signSnapshot(others, await registry(), expiresAt);
      const log = await bench.open();
      await (await SnapshotStore.open(join(bench.dir, 'configurations'))).save(snapshot);
      await log.record(await bench.entry('a'));
      const lured = await bench.reopen(log, {
        configuration: { current: () => others.configuration },
        configurationId: () => snapshot.id,
      });
      await lured.stampNow();
      expect(lured.tree.size).toBe(3);
      expect(found(await checkAlone(bench.dir))).toEqual(['untrusted timestamp of records 1 to 1']);
    },
  );

  it('of the former authority, once it was replaced, are found', async () => {
    const log = await bench.open(await replaced());
    await recordAndStamp(log, 'a');
    const lured = await bench.reopen(log, {
      ...(await replaced()),
      configuration: { current: () => bench.services.configuration },
    });
    await recordAndStamp(lured, 'b');
    const back = await bench.reopen(lured, await replaced());
    await recordAndStamp(back, 'c');
    expect(found(await back.check())).toEqual(['untrusted timestamp of records 2 to 2']);
  });
});

describe('configurations that records name', () => {
  /** Names of snapshots, in the order in which records name them. */
  let ids: string[];
  let master: string;
  beforeEach(async () => {
    const log = await bench.open();
    await recordAndStamp(log, 'a');
    const first = readdirSync(join(bench.dir, 'configurations', 'snapshots'));
    const later = await bench.reopen(log, await replaced());
    await recordAndStamp(later, 'b');
    await later.close();
    const all = readdirSync(join(bench.dir, 'configurations', 'snapshots'));
    ids = [...first, ...all.filter((id) => !first.includes(id))];
    master = bench.dir;
    expect(ids).toHaveLength(2);
  });

  async function changed(change: (configurations: string) => void): Promise<string[]> {
    const dir = mkdtempSync(join(bench.root, 'copy-'));
    try {
      cpSync(master, dir, { recursive: true });
      change(join(dir, 'configurations'));
      return found(await checkAlone(dir));
    } finally {
      rmSync(dir, { recursive: true });
    }
  }

  it('are found to be missing, by their name, and no timestamp is called good for it', async () => {
    const [first = '', second = ''] = ids;
    expect(await changed((dir) => rmSync(join(dir, 'snapshots', second)))).toEqual([
      `missing configuration ${second}`,
    ]);
    expect(await changed((dir) => rmSync(dir, { recursive: true }))).toEqual([
      `missing configuration ${first}`,
      `missing configuration ${second}`,
    ]);
    const [file = ''] = readFileSync(join(master, 'configurations', 'snapshots', first), 'utf8').split(' ');
    const without = await changed((dir) => rmSync(join(dir, 'files', file)));
    expect(without).toContain(`altered configuration ${first}`);
  });

  it('are found to be altered by one bit of one of their files, by their name', async () => {
    const files = readdirSync(join(master, 'configurations'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(master, 'configurations').length + 1));
    expect(files.length).toBeGreaterThan(6);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.nat({ max: 1_000_000 }), async (file, bit) => {
        const places = await changed((dir) => {
          const bytes = readFileSync(join(dir, file));
          const at = bit % (bytes.length * 8);
          bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
          writeFileSync(join(dir, file), bytes);
        });
        const naming = ids.filter(
          (id) =>
            file === `snapshots/${id}` ||
            readFileSync(join(master, 'configurations', 'snapshots', id), 'utf8').includes(
              file.replace('files/', ''),
            ),
        );
        expect(naming).not.toEqual([]);
        expect(places).toEqual(naming.map((id) => `altered configuration ${id}`));
      }),
      { numRuns: 30 },
    );
  });

  it('are read where a folder was made unreadable, and the rest is checked all the same', async () => {
    const [first = ''] = ids;
    const places = await changed((dir) => {
      rmSync(join(dir, 'snapshots', first));
      mkdirSync(join(dir, 'snapshots', first));
    });
    expect(places).toEqual([`unreadable configuration ${first}`]);
  });
});
