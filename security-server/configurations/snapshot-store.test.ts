import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConfigurationSnapshot,
  type SnapshotFile,
  snapshotId,
} from '../../gateway/configuration/index.ts';
import { SnapshotStore } from './index.ts';

let root: string;
let dir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'snapshots-'));
  dir = join(root, 'configurations');
});
afterEach(() => rmSync(root, { recursive: true }));

const shared = 'x'.repeat(100_000);
function snapshotOf(directory: string): ConfigurationSnapshot {
  const files: SnapshotFile[] = [
    ['DEV/directory', directory],
    ['DEV/shared-params.xml', shared],
    ['anchor.xml', 'anchor'],
    ['instance-identifier', 'DEV'],
  ].map(([name = '', text = '']) => ({ name, bytes: Buffer.from(text) }));
  return { id: snapshotId(files), files };
}
const [first, second, third] = [snapshotOf('first'), snapshotOf('second'), snapshotOf('third')];
const pathOf = (id: string) => join(dir, 'snapshots', id);
const filesThere = () => readdirSync(join(dir, 'files'));
const later = () => new Date(Date.now() + 60_000);

describe('snapshots on disk', () => {
  it('are loaded as they were saved, also by the next process', async () => {
    const store = await SnapshotStore.open(dir);
    await store.save(first);
    await store.save(second);
    await store.save(first);
    expect(await store.load(first.id)).toEqual(first);
    const reopened = await SnapshotStore.open(dir);
    expect(await reopened.load(second.id)).toEqual(second);
    expect((await reopened.list()).sort()).toEqual([first.id, second.id].sort());
  });

  it('share the files that they have in common', async () => {
    const store = await SnapshotStore.open(dir);
    for (const snapshot of [first, second, third]) await store.save(snapshot);
    // Three directories; shared parameters, anchor and owner once.
    expect(filesThere()).toHaveLength(6);
  });

  it('can be checked with sha256sum alone', async () => {
    const store = await SnapshotStore.open(dir);
    await store.save(first);
    const listing = readFileSync(pathOf(first.id), 'utf8');
    expect(listing.split('\n')[2]).toMatch(/^[0-9a-f]{64} {2}anchor\.xml$/);
  });

  it.each(['../first', '', 'f'.repeat(64), first.id.toUpperCase()])('are not there under %j', async (id) => {
    const store = await SnapshotStore.open(dir);
    await store.save(first);
    expect(await store.load(id)).toBeUndefined();
  });

  it('are refused under an id that is not theirs', async () => {
    const store = await SnapshotStore.open(dir);
    await expect(store.save({ ...first, id: second.id })).rejects.toMatchObject({ code: 'snapshot-damaged' });
    expect(await store.list()).toEqual([]);
    // What goes wrong with one stays its own affair.
    await store.save(second);
    expect(await store.list()).toEqual([second.id]);
  });
});

describe('a damaged snapshot', () => {
  it('is refused, and whole again once it is saved by the next process', async () => {
    await (await SnapshotStore.open(dir)).save(first);
    const [listing, [whole = '']] = [readFileSync(pathOf(first.id)), filesThere()];
    const changes: (() => void)[] = [
      () => writeFileSync(pathOf(first.id), listing.subarray(0, -1)),
      () => writeFileSync(pathOf(first.id), listing.toString().replace('anchor.xml', 'anchor.xmk')),
      () => writeFileSync(join(dir, 'files', whole), 'other'),
      () => rmSync(join(dir, 'files', whole)),
    ];
    for (const change of changes) {
      change();
      const store = await SnapshotStore.open(dir);
      await expect(store.load(first.id)).rejects.toMatchObject({ code: 'snapshot-damaged' });
      await store.save(first);
      expect(await store.load(first.id)).toEqual(first);
    }
  });
});

describe('a crash', () => {
  it('in the middle of a save leaves no snapshot that lacks a file', async () => {
    await (await SnapshotStore.open(dir)).save(first);
    const before = filesThere();
    // Each step of a save that never took the next one: files one by one, the listing last.
    const { files } = second;
    for (const done of [0, 2, files.length]) {
      const partial = await SnapshotStore.open(join(root, `crash-${done}`));
      await partial.save(second);
      const crashed = join(root, `crash-${done}`);
      rmSync(join(crashed, 'snapshots', second.id));
      for (const name of readdirSync(join(crashed, 'files')).slice(done))
        rmSync(join(crashed, 'files', name));
      writeFileSync(join(crashed, 'files', `${'0'.repeat(64)}.4711.tmp`), 'half');
      writeFileSync(join(crashed, 'snapshots', `${second.id}.4711.tmp`), 'half');
      const store = await SnapshotStore.open(crashed);
      expect(await store.list()).toEqual([]);
      expect(readdirSync(join(crashed, 'snapshots'))).toEqual([]);
      await store.save(second);
      expect(await store.load(second.id)).toEqual(second);
      expect(readdirSync(join(crashed, 'files'))).toHaveLength(files.length);
    }
    expect(filesThere()).toEqual(before);
  });

  it('in the middle of a removal leaves files that the next removal takes', async () => {
    const store = await SnapshotStore.open(dir);
    for (const snapshot of [first, second, third]) await store.save(snapshot);
    rmSync(pathOf(first.id));
    const reopened = await SnapshotStore.open(dir);
    expect(filesThere()).toHaveLength(6);
    expect(await reopened.removeUnused(new Set([third.id]), later())).toEqual([second.id]);
    expect(filesThere()).toHaveLength(4);
    expect(await reopened.load(third.id)).toEqual(third);
  });
});

describe('removal', () => {
  it('leaves what records name, what was saved last, and what is young', async () => {
    const store = await SnapshotStore.open(dir);
    for (const snapshot of [first, second, third]) await store.save(snapshot);
    expect(await store.removeUnused(new Set(), new Date(0))).toEqual([]);
    expect(await store.removeUnused(new Set([first.id]), later())).toEqual([second.id]);
    expect(await store.load(first.id)).toEqual(first);
    expect(await store.load(third.id)).toEqual(third);
    expect(await store.load(second.id)).toBeUndefined();
    utimesSync(pathOf(first.id), 0, 0);
    expect(await store.removeUnused(new Set(), new Date(1))).toEqual([first.id]);
    expect(existsSync(pathOf(third.id))).toBe(true);
  });

  it('takes nothing from a save that goes on meanwhile', async () => {
    const store = await SnapshotStore.open(dir);
    await store.save(first);
    await store.save(second);
    await Promise.all([
      store.removeUnused(new Set(), later()),
      store.save(first),
      store.removeUnused(new Set(), later()),
    ]);
    expect(await store.load(first.id)).toEqual(first);
    await store.save(second);
    expect(await store.load(second.id)).toEqual(second);
  });
});
