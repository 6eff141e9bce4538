import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Anchor,
  anchorFingerprint,
  type ConfigurationSnapshot,
  readSnapshot,
  verifySnapshot,
  writeAnchor,
} from '../../gateway/configuration/index.ts';
import {
  type ConfigurationSigner,
  newSigner,
  type Publication,
  startConfigurationSource,
  type TestSource,
} from '../testing/configuration-source.ts';
import { ConfigurationClient, type ConfigurationClientOptions } from './index.ts';

const minute = 60_000;
let root: string;
let signer: ConfigurationSigner;
let at: number;
let dir: string;
let saved: ConfigurationSnapshot[];
let discarded: string[];
let failures: string[];
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'waygate-snapshots-'));
  signer = await newSigner();
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  // Directories tell whole seconds.
  at = Math.floor(Date.now() / 1000) * 1000;
  dir = join(mkdtempSync(join(root, 'server-')), 'globalconf');
  saved = [];
  discarded = [];
  failures = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) await close();
});

async function startSource(publication: Partial<Publication> = {}): Promise<TestSource> {
  const source = await startConfigurationSource(signer, () => at, publication);
  closers.push(() => source.close());
  return source;
}

function anchorTo(source: TestSource, instance = 'DEV'): Anchor {
  return { instance, sources: [{ url: source.url, verificationCerts: [signer.cert] }] };
}

function clientOf(source: TestSource, more: Partial<ConfigurationClientOptions> = {}): ConfigurationClient {
  const client = new ConfigurationClient({
    anchorFile: writeAnchor(anchorTo(source)),
    dir,
    now: () => new Date(at),
    random: () => 0.5,
    pollMs: minute,
    allowedFederations: 'all',
    onFailure: (error) => failures.push(error.message),
    onChange: () => undefined,
    snapshots: {
      save: async (snapshot) => void saved.push(snapshot),
      discard: async (id) => void discarded.push(id),
    },
    ...more,
  });
  closers.push(() => client.close());
  return client;
}

/** The snapshot in force must be one that was saved, and good as of now. */
function inForce(client: ConfigurationClient): ConfigurationSnapshot {
  const snapshot = saved.find(({ id }) => id === client.snapshotId());
  if (snapshot === undefined) throw new Error('the snapshot in force was not saved');
  expect(client.snapshot()).toEqual(snapshot);
  expect(verifySnapshot(snapshot, { at: new Date(at) })).toEqual([]);
  return snapshot;
}

const shown = ({ files }: ConfigurationSnapshot) =>
  readSnapshot(files).configuration.shared('DEV')?.globalGroups[0]?.description;

const outdated = expect.objectContaining({ code: 'OutdatedGlobalConf' });

describe('the snapshot in force', () => {
  it('proves the configuration with the anchor alone', async () => {
    const source = await startSource();
    const client = clientOf(source);
    expect(client.snapshot()).toBeUndefined();
    expect(() => client.snapshotId()).toThrow(outdated);
    await client.start();
    const snapshot = inForce(client);
    const anchorHash = anchorFingerprint(writeAnchor(anchorTo(source)));
    expect(verifySnapshot(snapshot, { anchorHash, at: new Date(at) })).toEqual([]);
    expect(readSnapshot(snapshot.files).configuration.id).toBe(client.current().id);
    expect(snapshot.files.map(({ name }) => name)).toContain('DEV/directory');
    expect(readFileSync(join(dir, 'DEV/directory'))).toEqual(
      snapshot.files.find(({ name }) => name === 'DEV/directory')?.bytes,
    );
  });

  it('stays while the registry signs the same files anew, until its directory is about to expire', async () => {
    const source = await startSource();
    const client = clientOf(source);
    await client.start();
    const ids: string[] = [];
    // Signed anew every minute, for ten minutes each.
    for (let passed = 0; passed < 30; passed += 1) {
      ids.push(inForce(client).id);
      at += minute;
      inForce(client);
      await source.publish();
      await client.refresh();
    }
    const changes = ids.flatMap((id, index) => (id === ids[index - 1] ? [] : [index]));
    expect(changes).toEqual([0, 7, 14, 21, 28]);
    expect(saved).toHaveLength(5);
  });

  it('changes with the files', async () => {
    const source = await startSource();
    const client = clientOf(source);
    await client.start();
    const before = client.snapshotId();
    await source.publish({ description: 'second' });
    await client.refresh();
    expect(client.snapshotId()).not.toBe(before);
    expect(shown(inForce(client))).toBe('second');
  });

  it('is taken back when it goes and no record was given it', async () => {
    const source = await startSource();
    const client = clientOf(source);
    await client.start();
    const named = client.snapshotId();
    const publish = async (description: string) => {
      await source.publish({ description });
      await client.refresh();
      return client.snapshot()?.id;
    };
    const unnamed = await publish('second');
    await publish('third');
    expect(discarded).toEqual([unnamed]);
    expect(client.snapshotId()).not.toBe(unnamed);
    await publish('fourth');
    expect(discarded).toEqual([unnamed]);
    expect(discarded).not.toContain(named);
  });

  it('is the same after a restart, also without a source', async () => {
    const source = await startSource();
    const client = clientOf(source);
    await client.start();
    source.isDown = true;
    const restarted = clientOf(source);
    await restarted.start();
    expect(restarted.snapshotId()).toBe(client.snapshotId());
    inForce(restarted);
  });

  it('is renewed with what was fetched last when the source fails just then', async () => {
    const source = await startSource();
    const client = clientOf(source);
    await client.start();
    const first = inForce(client).id;
    at += 6 * minute;
    await source.publish();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    await client.refresh();
    source.isDown = true;
    expect(inForce(client).id).toBe(first);
    // The directory in the snapshot counts for four more minutes; three of them are to spare.
    const renewal = timers.mock.calls.find(([, wait]) => wait === minute)?.[0];
    timers.mockRestore();
    at += minute;
    renewal?.();
    await vi.waitFor(() => expect(client.snapshotId()).not.toBe(first));
    at += 8 * minute;
    expect(shown(inForce(client))).toBe('first');
    at += minute;
    expect(() => client.snapshotId()).toThrow(outdated);
  });

  it('is on disk before the configuration is in force, which waits until it is', async () => {
    const source = await startSource();
    let isDiskFull = false;
    const order: string[] = [];
    const client = clientOf(source, {
      snapshots: {
        save: async (snapshot) => {
          if (isDiskFull) throw new Error('ENOSPC');
          order.push('saved');
          saved.push(snapshot);
        },
        discard: async () => undefined,
      },
      onChange: () => void order.push('in force'),
    });
    await client.start();
    expect(order).toEqual(['saved', 'in force']);
    isDiskFull = true;
    await source.publish({ description: 'second' });
    await expect(client.refresh()).rejects.toThrow('ENOSPC');
    expect(shown(inForce(client))).toBe('first');
    isDiskFull = false;
    await client.refresh();
    expect(shown(inForce(client))).toBe('second');
    expect(order).toEqual(['saved', 'in force', 'saved', 'in force']);
  });
});

describe('a copy on disk', () => {
  it('that cannot be proved does not count', async () => {
    const source = await startSource();
    await clientOf(source).start();
    rmSync(join(dir, 'DEV/directory'));
    source.isDown = true;
    const restarted = clientOf(source);
    await restarted.start();
    expect(() => restarted.current()).toThrow(outdated);
    source.isDown = false;
    await restarted.refresh();
    inForce(restarted);
  });
});

describe('a directory', () => {
  it('cannot name a file that would take its own place', async () => {
    const source = await startSource();
    const client = clientOf(source);
    await client.start();
    await source.publish({ description: 'second', sharedFileName: 'directory' });
    await expect(client.refresh()).rejects.toThrow(/cannot be the name/);
    expect(shown(inForce(client))).toBe('first');
  });
});

describe('other instances', () => {
  async function startFederation() {
    const foreign = await startSource({ instance: 'ABROAD', isExternal: true, description: 'abroad' });
    const federated = [anchorTo(foreign, 'ABROAD')];
    const home = await startSource({ federated });
    const client = clientOf(home);
    await client.start();
    return { foreign, home, federated, client };
  }
  const instancesOf = ({ files }: ConfigurationSnapshot) =>
    readSnapshot(files).configuration.inForceAt(new Date(at)).instances;

  it('are proved by the anchors in the own private parameters', async () => {
    const { client } = await startFederation();
    const snapshot = inForce(client);
    expect(instancesOf(snapshot)).toEqual(['DEV', 'ABROAD']);
    expect(snapshot.files.map(({ name }) => name)).toContain('ABROAD/directory');
  });

  it('stay in the snapshot as they were published last, and count there until they expire', async () => {
    const { client, foreign, home, federated } = await startFederation();
    foreign.isDown = true;
    at += 9 * minute;
    await home.publish({ federated });
    await client.refresh();
    expect(instancesOf(inForce(client))).toEqual(['DEV', 'ABROAD']);
    at += minute;
    expect(instancesOf(inForce(client))).toEqual(['DEV']);
    expect(client.current().instances).toEqual(['DEV']);
    await client.refresh();
    expect(inForce(client).files.map(({ name }) => name)).not.toContain('ABROAD/directory');
    expect(failures).toHaveLength(2);
  });
});
