import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Trust } from '../../gateway/evidence/index.ts';
import {
  type ArchiveLink,
  readArchive,
  readZip,
  writeArchive,
  writeZip,
} from '../../gateway/signature/index.ts';
import { type ArchivedLog, archiveParts } from '../testing/archived-log.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { ImportError, ImportedArchives, readForImport } from './index.ts';

let bench: LogBench;
let log: ArchivedLog;
/** The same messages as X-Road archives them: containers and their links, and nothing beside. */
let foreign: readonly { readonly name: string; readonly bytes: Buffer }[];
let dir: string;
let imported: ImportedArchives;

beforeAll(async () => {
  bench = await startLogBench();
  log = await archiveParts(bench, [['a-1', 'a-2'], ['b-1'], ['c-1', 'c-2', 'c-3']]);
  let previous: ArchiveLink | undefined;
  const archives = [];
  for (const { bytes } of log.made) {
    const { containers } = await readArchive(bytes);
    const written = writeArchive(containers, previous);
    const name = `mlog-20260301000000-20260301000001-${written.lastDigest.slice(0, 16)}.zip`;
    previous = { digest: written.lastDigest, fileName: name };
    archives.push({ name, bytes: written.bytes });
  }
  foreign = archives;
});
afterAll(() => bench.close());
beforeEach(async () => {
  dir = mkdtempSync(join(bench.root, 'imported-'));
  imported = await ImportedArchives.create(dir);
});
afterEach(() => imported.close());

const codeOf = async (bytes: Buffer, trust: Trust = log.trust): Promise<string> => {
  try {
    await readForImport('archive.zip', bytes, trust);
    return 'imported';
  } catch (error) {
    if (error instanceof ImportError) return error.code;
    throw error;
  }
};
const bring = async (archives: readonly { readonly name: string; readonly bytes: Buffer }[]) => {
  for (const { name, bytes } of archives) await imported.add(await readForImport(name, bytes, log.trust));
};
const idsOf = (query: Partial<Parameters<ImportedArchives['search']>[0]>) =>
  imported.search({ limit: 100, ...query }).messages.map(({ queryId }) => queryId);

describe.each(['x-road', 'waygate'] as const)('archives of %s', (maker) => {
  const given = () => (maker === 'waygate' ? log.made : foreign);

  it('are found by what their messages say, newest first, and page by page', async () => {
    await bring(given());
    expect(idsOf({}).toSorted()).toEqual(['a-1', 'a-2', 'b-1', 'c-1', 'c-2', 'c-3']);
    expect(idsOf({ queryId: 'b-1' })).toEqual(['b-1']);
    const [message] = imported.search({ limit: 1, queryId: 'b-1' }).messages;
    expect(message).toMatchObject({ direction: 'request', code: null, client: 'DEV:GOV:1:portal' });
    expect(message?.service).toBe('DEV:GOV:1:data:echo');
    expect(idsOf({ client: 'DEV:GOV:1' })).toHaveLength(6);
    expect(idsOf({ client: 'DEV:GOV:1:data' })).toEqual([]);
    expect(idsOf({ party: 'DEV:GOV:1:data' })).toHaveLength(6);
    expect(idsOf({ party: 'DEV:GOV:1:dat' })).toEqual([]);
    expect(idsOf({ service: 'DEV:GOV:1:data:echo' })).toHaveLength(6);
    expect(idsOf({ direction: 'response' })).toEqual([]);
    expect(idsOf({ onlyBad: true })).toEqual([]);
    expect(idsOf({ to: message?.at ?? 0 })).toEqual(expect.not.arrayContaining(['b-1']));
    expect(idsOf({ from: message?.at ?? 0 })).toContain('b-1');
    const paged: (string | null)[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = imported.search({ limit: 2, ...(cursor !== undefined && { cursor }) });
      paged.push(...page.messages.map(({ queryId }) => queryId));
      cursor = page.next;
    }
    expect(paged).toEqual(idsOf({}));
  });

  it('give back the containers they hold, octet for octet', async () => {
    await bring(given());
    const [container, ...more] = await imported.containers('b-1');
    const { containers } = await readArchive(given()[1]?.bytes ?? Buffer.alloc(0));
    expect(more).toEqual([]);
    expect(container?.bytes.equals(containers[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
    expect(await imported.containers('none')).toEqual([]);
  });

  it('are kept once, over a restart, and tell which of them follow none that is here', async () => {
    await bring(given());
    const [first, , third] = given();
    expect(
      await imported.add(await readForImport(first?.name ?? '', first?.bytes ?? Buffer.alloc(0), log.trust)),
    ).toBe(false);
    expect(imported.archives().map(({ isLinked, maker: made }) => [isLinked, made])).toEqual([
      [true, maker],
      [true, maker],
      [true, maker],
    ]);
    imported.close();
    imported = ImportedArchives.open(dir);
    expect(idsOf({})).toHaveLength(6);
    imported.close();
    rmSync(dir, { recursive: true });
    imported = await ImportedArchives.create(dir);
    if (third !== undefined) await bring([third]);
    expect(imported.archives()).toMatchObject([{ isLinked: false, follows: given()[1]?.name, bad: 0 }]);
  });

  it('are refused when something in them was altered, left out, moved or added', async () => {
    const { bytes = Buffer.alloc(0) } = given()[2] ?? {};
    expect(await codeOf(bytes)).toBe('imported');
    const files = [...readZip(bytes, { maxEntries: 1_000, maxOctets: 10_000_000 })];
    const isContainer = (name: string) => name.endsWith('.asice');
    const rest = files.filter(([name]) => !isContainer(name)).map(([name, data]) => ({ name, data }));
    const containers = files.filter(([name]) => isContainer(name)).map(([name, data]) => ({ name, data }));
    const [other] = (await readArchive(given()[0]?.bytes ?? Buffer.alloc(0))).containers;
    // By somebody who leaves the links as they were.
    const write = (wrong: typeof containers) => writeZip([...wrong, ...rest], { level: 0 });
    expect(await codeOf(write(containers))).toBe('imported');
    const wrong = {
      left: containers.slice(1),
      moved: containers.map((one, at) => ({ ...one, data: containers[(at + 1) % 3]?.data ?? one.data })),
      added: [...containers, { name: 'more.asice', data: other?.bytes ?? Buffer.alloc(0) }],
    };
    for (const [what, entries] of Object.entries(wrong)) {
      expect([what, await codeOf(write(entries))]).toEqual([what, 'not-linked']);
    }
    const bit = Buffer.from(bytes);
    const middle = bytes.indexOf('message.xml') + 40;
    bit[middle] = (bit[middle] ?? 0) ^ 1;
    expect(await codeOf(bit)).not.toBe('imported');
    expect(await codeOf(Buffer.from('no archive'))).toBe('not-an-archive');
  });
});

it('a message of X-Road whose signature is not good is imported with what is wrong with it', async () => {
  const { containers } = await readArchive(foreign[0]?.bytes ?? Buffer.alloc(0));
  const [one] = containers;
  const broken = { name: 'broken.asice', bytes: Buffer.from('not a container') };
  const { bytes } = writeArchive(one === undefined ? [broken] : [one, broken]);
  await bring([{ name: 'mixed.zip', bytes }]);
  const { messages } = imported.search({ limit: 10, onlyBad: true });
  expect(messages).toMatchObject([
    { entry: 'broken.asice', queryId: null, code: 'asic_mime_type_not_found' },
  ]);
  expect(imported.archives()).toMatchObject([{ messages: 2, bad: 1 }]);
});

it('an archive of X-Road is not imported without knowing whom to trust', async () => {
  expect(await codeOf(foreign[0]?.bytes ?? Buffer.alloc(0), {})).toBe('not-good');
});

it('an archive that is changed after it was imported is found when something is taken from it', async () => {
  await bring(foreign.slice(0, 1));
  const [file = ''] = readdirSync(join(dir, 'archives'));
  const path = join(dir, 'archives', file);
  const bytes = readFileSync(path);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  await expect(imported.containers('a-1')).rejects.toMatchObject({ code: 'altered' });
});

it('a cursor that nobody gave is refused, and a folder without archives named', () => {
  for (const cursor of ['', 'x', 'MS4x=', 'a'.repeat(1_000)]) {
    expect(() => imported.search({ limit: 1, cursor })).toThrow(
      expect.objectContaining({ code: 'cursor-unreadable' }),
    );
  }
  expect(() => ImportedArchives.open(join(dir, 'none'))).toThrow('audit import');
});

describe('archives of one log', () => {
  const reasons = () => imported.archives().map(({ hole }) => hole);
  const pair = 'DEV:GOV:1:portal|DEV:GOV:1:data|request|client';

  it('are held to each other by their numbers, in whatever order and over how many days they are imported', async () => {
    const [first, second, third] = log.made;
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('there are three');
    await bring([third]);
    expect(reasons()).toEqual([null]);
    imported.close();
    imported = ImportedArchives.open(dir);
    await bring([first]);
    const reason = `number 3 of ${pair}: neither in ${first.name} nor in ${third.name}`;
    expect(reasons()).toEqual([{ code: 'missing', reason }, null]);
    await bring([second]);
    expect(reasons()).toEqual([null, null, null]);
  });

  it('whose links were written anew around one that was taken out are found by their numbers', async () => {
    const [first, , third] = log.made;
    if (first === undefined || third === undefined) throw new Error('there are three');
    await bring([first]);
    const brought = await readForImport(third.name, third.bytes, log.trust);
    const { lastDigest } = await readArchive(first.bytes);
    // As if it had not signed for the one before it: then its links may say what they like.
    await imported.add({ ...brought, previous: { fileName: first.name, digest: lastDigest } });
    expect(imported.archives()).toMatchObject([
      { isLinked: true, hole: null },
      { isLinked: true, hole: { code: 'missing', reason: expect.stringContaining('number 3 of') } },
    ]);
  });

  it('of another log, or of X-Road, have nothing to do with them', async () => {
    await bring(log.made.slice(0, 1));
    await bring(foreign);
    const [, , third] = log.made;
    if (third === undefined) throw new Error('there are three');
    const brought = await readForImport(third.name, third.bytes, log.trust);
    if (brought.stretch === undefined) throw new Error('it tells of what it is');
    await imported.add({ ...brought, stretch: { ...brought.stretch, log: 'another' } });
    expect(reasons()).toEqual(Array(5).fill(null));
  });

  it('that a folder of before has no numbers of are not held to any', async () => {
    await bring(log.made.slice(0, 1));
    const { stretch: _, ...unknown } = await readForImport(
      log.made[2]?.name ?? '',
      log.made[2]?.bytes ?? Buffer.alloc(0),
      log.trust,
    );
    await imported.add(unknown);
    expect(reasons()).toEqual([null, null]);
  });
});
