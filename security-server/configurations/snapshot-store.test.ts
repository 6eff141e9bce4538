import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildSnapshot, type ConfigurationSnapshot } from '../../gateway/configuration/index.ts';
import { createKey } from '../../gateway/configuration/testing/samples.ts';
import { contentOf, issue, type TestRegistry } from '../../gateway/configuration/testing/snapshots.ts';
import { SnapshotStore } from './index.ts';

let root: string;
let dir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'snapshots-'));
  dir = join(root, 'configurations');
});
afterEach(() => rmSync(root, { recursive: true }));

let first: ConfigurationSnapshot;
let second: ConfigurationSnapshot;
let third: ConfigurationSnapshot;
beforeAll(async () => {
  const registry: TestRegistry = { instance: 'DEV', signer: await createKey('registry') };
  const of = async (expiresAt: string) => {
    const { files, directory } = await issue(registry, { expiresAt: new Date(expiresAt), federated: [] });
    const named = files.map((file) => ({ ...file, location: `/V6/${expiresAt}/${file.fileName}` }));
    return buildSnapshot(contentOf(registry, { files: named, directory }));
  };
  [first, second, third] = [await of('2026-01-01'), await of('2026-02-01'), await of('2026-03-01')];
});
const pathOf = (id: string) => join(dir, 'snapshots', id);
/** As if it had been saved long ago. */
const age = ({ id }: ConfigurationSnapshot) => utimesSync(pathOf(id), 0, 0);
const filesThere = () => readdirSync(join(dir, 'files'));

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
    // Of each its directory and the metadata of both parts; the parts, anchor and owner once.
    expect(filesThere()).toHaveLength(3 * 3 + 4);
  });

  it('can be checked with sha256sum alone', async () => {
    const store = await SnapshotStore.open(dir);
    await store.save(first);
    const listing = readFileSync(pathOf(first.id), 'utf8');
    expect(listing).toMatch(/\n[0-9a-f]{64} {2}anchor\.xml\n/);
  });

  it('are not there under what is no id of theirs', async () => {
    const store = await SnapshotStore.open(dir);
    await store.save(first);
    for (const id of [`../snapshots/${first.id}`, '', 'f'.repeat(64), first.id.toUpperCase()]) {
      expect(await store.load(id)).toBeUndefined();
    }
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
    age(second);
    rmSync(pathOf(first.id));
    const reopened = await SnapshotStore.open(dir);
    expect(filesThere()).toHaveLength(13);
    expect(await reopened.removeExpired(new Date('2026-02-15'))).toEqual([second.id]);
    expect(filesThere()).toHaveLength(7);
    expect(await reopened.load(third.id)).toEqual(third);
  });
});

describe('a snapshot that had expired', () => {
  it('before the oldest record is removed, with what no other has', async () => {
    const store = await SnapshotStore.open(dir);
    for (const snapshot of [first, second, third]) {
      await store.save(snapshot);
      age(snapshot);
    }
    expect(await store.removeExpired(new Date('2025-12-31'))).toEqual([]);
    expect(await store.removeExpired(new Date('2026-01-01'))).toEqual([first.id]);
    expect(await store.load(first.id)).toBeUndefined();
    expect(await store.load(second.id)).toEqual(second);
    // The one saved last stays, whatever the clock says.
    expect(await store.removeExpired(new Date('2030-01-01'))).toEqual([second.id]);
    expect(await store.load(third.id)).toEqual(third);
    expect(filesThere()).toHaveLength(7);
  });

  it('stays when it was damaged, for people to see', async () => {
    const store = await SnapshotStore.open(dir);
    for (const snapshot of [first, second]) await store.save(snapshot);
    const directory = first.files.find(({ name }) => name === 'DEV/directory');
    const hash = createHash('sha256')
      .update(directory?.bytes ?? '')
      .digest('hex');
    for (const damage of [
      () => writeFileSync(join(dir, 'files', hash), 'other'),
      () => rmSync(join(dir, 'files', hash)),
      () => writeFileSync(pathOf(first.id), 'other'),
    ]) {
      damage();
      age(first);
      expect(await store.removeExpired(new Date('2030-01-01'))).toEqual([]);
    }
  });

  it('takes nothing with it from a save that goes on meanwhile', async () => {
    const store = await SnapshotStore.open(dir);
    for (const snapshot of [first, second]) await store.save(snapshot);
    age(first);
    const removing = store.removeExpired(new Date('2030-01-01'));
    await store.save(first);
    expect(await removing).toEqual([first.id]);
    expect(await store.load(first.id)).toEqual(first);
  });
});

describe('a snapshot that no record was given', () => {
  it('is taken back, with the files that it alone has', async () => {
    const store = await SnapshotStore.open(dir);
    await store.save(first);
    const before = filesThere();
    await store.save(second);
    await store.save(third);
    await store.discard(second.id);
    expect(await store.load(second.id)).toBeUndefined();
    expect(await store.load(first.id)).toEqual(first);
    expect(await store.load(third.id)).toEqual(third);
    await store.save(first);
    await store.discard(third.id);
    expect(filesThere()).toEqual(before);
    await store.save(third);
    expect(await store.load(third.id)).toEqual(third);
  });

  it('is not taken back while it is the last, nor when it was there before', async () => {
    const store = await SnapshotStore.open(dir);
    await store.save(first);
    await store.discard(first.id);
    expect(await store.load(first.id)).toEqual(first);
    const reopened = await SnapshotStore.open(dir);
    await reopened.save(first);
    await reopened.save(second);
    await reopened.discard(first.id);
    expect(await reopened.load(first.id)).toEqual(first);
    await reopened.save(first);
    await reopened.save(third);
    await reopened.discard(first.id);
    expect(await reopened.load(first.id)).toEqual(first);
  });

  it('leaves what a later one has too', async () => {
    const store = await SnapshotStore.open(dir);
    await store.save(first);
    await store.save(second);
    await store.discard(first.id);
    expect(await store.load(second.id)).toEqual(second);
    expect(filesThere()).toHaveLength(7);
  });
});
