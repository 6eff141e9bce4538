import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Anchor,
  type ConfigurationSnapshot,
  type GlobalConfiguration,
  readConfigurationFolder,
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
let failures: string[];
let changes: GlobalConfiguration[];
let saved: ConfigurationSnapshot[];
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'waygate-configuration-'));
  signer = await newSigner();
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  at = Date.now();
  dir = join(mkdtempSync(join(root, 'server-')), 'globalconf');
  failures = [];
  changes = [];
  saved = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) await close();
});

async function startSource(
  publication: Partial<Publication> = {},
  order: string[] = [],
): Promise<TestSource> {
  const source = await startConfigurationSource(signer, () => at, publication, order);
  closers.push(() => source.close());
  return source;
}

function anchorTo(sources: readonly (TestSource | string)[], instance = 'DEV'): Anchor {
  const urls = sources.map((source) => (typeof source === 'string' ? source : source.url));
  return { instance, sources: urls.map((url) => ({ url, verificationCerts: [signer.cert] })) };
}

function clientOf(sources: readonly (TestSource | string)[], more: Partial<ConfigurationClientOptions> = {}) {
  const client = new ConfigurationClient({
    anchorFile: writeAnchor(anchorTo(sources)),
    dir,
    now: () => new Date(at),
    random: () => 0.5,
    // Tests poll by hand.
    pollMs: 3_600_000,
    allowedFederations: 'none',
    onFailure: (error) => failures.push(error.message),
    onChange: (configuration) => changes.push(configuration),
    snapshots: { save: async (snapshot) => void saved.push(snapshot), discard: async () => undefined },
    ...more,
  });
  closers.push(() => client.close());
  return client;
}

const shown = (configuration: GlobalConfiguration, instance = 'DEV') =>
  configuration.shared(instance)?.globalGroups[0]?.description;

const outdated = expect.objectContaining({ code: 'OutdatedGlobalConf' });

describe('sources', () => {
  it('are asked in order, the next only when one fails', async () => {
    const order: string[] = [];
    const [first, second] = [await startSource({}, order), await startSource({}, order)];
    const client = clientOf([first, second]);
    await client.start();
    expect(second.asked).toEqual([]);
    first.isDown = true;
    await second.publish({ description: 'of the second' });
    order.length = 0;
    await client.refresh();
    expect([order[0], order.at(-1)]).toEqual([first.url, second.url]);
    expect(shown(client.current())).toBe('of the second');
    expect(failures).toEqual([]);
  });

  it('over HTTPS come before those over HTTP', async () => {
    const order: string[] = [];
    const plain = await startSource({}, order);
    const tcp = createTcpServer((socket) => {
      order.push('https');
      socket.destroy();
    });
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => tcp.close(() => resolve())));
    const client = clientOf([plain, `https://127.0.0.1:${(tcp.address() as AddressInfo).port}/conf`]);
    await client.start();
    expect(order.slice(0, 2)).toEqual(['https', plain.url]);
    expect(shown(client.current())).toBe('first');
  });

  it('that sign with another key are passed over', async () => {
    const [forged, good] = [await startSource({ description: 'forged' }), await startSource()];
    const anchor = anchorTo([forged, good]);
    const { cert } = await newSigner();
    const sources = anchor.sources.map((source, index) =>
      index === 0 ? { ...source, verificationCerts: [cert] } : source,
    );
    const client = clientOf([], { anchorFile: writeAnchor({ ...anchor, sources }) });
    await client.start();
    expect(shown(client.current())).toBe('first');
  });

  it('are each named with what was wrong when none serves', async () => {
    const [first, second] = [await startSource(), await startSource()];
    first.isDown = true;
    await second.close();
    const client = clientOf([first, second]);
    await client.start();
    expect(failures).toEqual([expect.stringMatching(/conf: HTTP status 503; .*ECONNREFUSED/)]);
    expect(() => client.current()).toThrow(outdated);
  });
});

describe('versions', () => {
  it.each([6, 5, 4, 3, 2] as const)('finds %i when it is the newest, probing downwards', async (newest) => {
    const source = await startSource({ versions: ([2, 3, 4, 5, 6] as const).filter((one) => one <= newest) });
    const client = clientOf([source]);
    await client.start();
    const probes = source.asked.filter((path) => path.startsWith('/conf')).map((path) => Number(path.at(-1)));
    expect(probes).toEqual([6, 5, 4, 3, 2].filter((version) => version >= newest));
    expect(shown(client.current())).toBe('first');
  });

  it('says so when there is none', async () => {
    const client = clientOf([await startSource({ versions: [] })]);
    await expect(client.refresh()).rejects.toThrow(/no configuration of a version that is known/);
  });

  it('are asked for the newest version every time, so that an upgrade shows', async () => {
    const source = await startSource({ versions: [2, 3] });
    const client = clientOf([source]);
    await client.start();
    await source.publish({ versions: [2, 3, 4, 5], description: 'upgraded' });
    source.asked.length = 0;
    await client.refresh();
    expect(source.asked.slice(0, 2)).toEqual(['/conf?version=6', '/conf?version=5']);
    expect(shown(client.current())).toBe('upgraded');
  });

  it('does not probe downwards past a source that is in trouble', async () => {
    const source = await startSource();
    source.isDown = true;
    await expect(clientOf([source]).refresh()).rejects.toThrow('503');
    expect(source.asked).toEqual(['/conf?version=6']);
  });
});

describe('an outage', () => {
  it('leaves the last good copy in force until it expires, then refuses, then recovers by itself', async () => {
    const source = await startSource();
    const client = clientOf([source]);
    await client.start();
    source.isDown = true;
    at += 9 * minute;
    await expect(client.refresh()).rejects.toThrow('503');
    expect(shown(client.current())).toBe('first');
    at += minute;
    expect(() => client.current()).toThrow(outdated);
    source.isDown = false;
    await source.publish({ description: 'after' });
    await client.refresh();
    expect(shown(client.current())).toBe('after');
  });

  it('leaves the copy in force over a restart, and no longer than it counts', async () => {
    const source = await startSource();
    await clientOf([source]).start();
    source.isDown = true;
    const restarted = clientOf([source]);
    await restarted.start();
    expect(shown(restarted.current())).toBe('first');
    at += 10 * minute;
    expect(() => restarted.current()).toThrow(outdated);
    const late = clientOf([source]);
    await late.start();
    expect(() => late.current()).toThrow(outdated);
  });

  it('ends by itself: the next try comes without anybody asking', async () => {
    const source = await startSource();
    source.isDown = true;
    const client = clientOf([source], { pollMs: 20 });
    await client.start();
    source.isDown = false;
    await vi.waitFor(() => expect(shown(client.current())).toBe('first'), { timeout: 5_000 });
  });

  it('does not prolong what has expired: an old directory served again is refused', async () => {
    const source = await startSource();
    const client = clientOf([source]);
    await client.start();
    at += 11 * minute;
    await expect(client.refresh()).rejects.toThrow(/expire/i);
    expect(() => client.current()).toThrow(outdated);
  });
});

describe('pauses', () => {
  /** Milliseconds to which the next poll was set, after each of so many failures. */
  async function pausesOf(count: number, random: number, pollMs: number): Promise<number[]> {
    const source = await startSource();
    source.isDown = true;
    const client = clientOf([source], { random: () => random, pollMs });
    const pauses: number[] = [];
    for (let failed = 0; failed < count; failed += 1) {
      const timers = vi.spyOn(globalThis, 'setTimeout');
      await client.refresh().catch(() => undefined);
      // The last one set is the client's own plan; others belong to requests.
      pauses.push(Math.round(Number(timers.mock.calls.at(-1)?.[1])));
      timers.mockRestore();
    }
    return pauses;
  }

  it.each([
    ['shortest', 0, 0.8],
    ['middle', 0.5, 1],
    ['longest', 0.999_999, 1.2],
  ])('double after each failure up to the ordinary poll, %s jitter', async (_name, random, factor) => {
    const pauses = await pausesOf(6, random, 10_000);
    expect(pauses).toEqual([1, 2, 4, 8, 10, 10].map((seconds) => Math.round(seconds * 1_000 * factor)));
  });

  it('are the ordinary ones again after a success', async () => {
    const source = await startSource();
    source.isDown = true;
    const client = clientOf([source], { pollMs: 10_000 });
    for (let failed = 0; failed < 3; failed += 1) await client.refresh().catch(() => undefined);
    source.isDown = false;
    const timers = vi.spyOn(globalThis, 'setTimeout');
    await client.refresh();
    expect(timers.mock.calls.at(-1)?.[1]).toBe(10_000);
  });
});

describe('what is refused', () => {
  it.each([
    ['a part whose bytes are not those signed for', 'changed', 'chang3d', /not the file that the directory/],
    ['a directory that was prolonged', 'Expire-date: 2', 'Expire-date: 3', /signature/],
    ['a directory that is cut short', 'Expire-date', '', /MalformedGlobalConf|header|directory/],
  ])('%s; the last good copy stays', async (_name, from, to, reason) => {
    const source = await startSource();
    const client = clientOf([source]);
    await client.start();
    await source.publish({ description: 'changed' });
    source.tamper = (_path, content) => Buffer.from(content.toString('latin1').replace(from, to), 'latin1');
    await expect(client.refresh()).rejects.toThrow(reason);
    expect(shown(client.current())).toBe('first');
    expect(shown(await readConfigurationFolder(dir))).toBe('first');
    expect(changes).toHaveLength(1);
  });

  it.each([
    ['a directory of another instance', { instance: 'OTHER' }, /is of instance OTHER, expected DEV/],
    ['shared parameters of another instance', { sharedInstance: 'OTHER' }, /are those of OTHER/],
    ['a configuration without private parameters', { isExternal: true }, /without private parameters/],
  ])('%s', async (_name, publication, reason) => {
    const client = clientOf([await startSource(publication)]);
    await expect(client.refresh()).rejects.toThrow(reason);
    expect(() => client.current()).toThrow(outdated);
  });

  it('a copy on disk of another instance', async () => {
    const other = await startSource({ instance: 'OTHER' });
    const abroad = clientOf([], { anchorFile: writeAnchor(anchorTo([other], 'OTHER')) });
    await abroad.start();
    expect(abroad.current().instance).toBe('OTHER');
    const source = await startSource();
    source.isDown = true;
    const client = clientOf([source]);
    await client.start();
    expect(() => client.current()).toThrow(outdated);
  });
});

describe('a new configuration', () => {
  it('is in force as a whole, on disk as in memory; snapshots taken before do not change', async () => {
    const source = await startSource();
    const client = clientOf([source]);
    await client.start();
    const before = client.current();
    await source.publish({ description: 'second' });
    await client.refresh();
    expect([shown(before), shown(client.current())]).toEqual(['first', 'second']);
    expect(shown(await readConfigurationFolder(dir))).toBe('second');
    expect(changes.map((one) => shown(one))).toEqual(['first', 'second']);
    expect(client.current().id).not.toBe(before.id);
  });

  it('is not told of when only its expiry moved, and its parts are not fetched again', async () => {
    const source = await startSource();
    const client = clientOf([source]);
    await client.start();
    at += 5 * minute;
    await source.publish();
    source.asked.length = 0;
    await client.refresh();
    expect(source.asked).toEqual(['/conf?version=6']);
    expect(changes).toHaveLength(1);
    at += 6 * minute;
    expect(shown(client.current())).toBe('first');
  });
});

describe('other instances', () => {
  async function startFederation() {
    const foreign = await startSource({ instance: 'ABROAD', isExternal: true, description: 'abroad' });
    const home = await startSource({ federated: [anchorTo([foreign], 'ABROAD')] });
    return { foreign, home };
  }

  it.each([
    ['none', 'none', undefined],
    ['all', 'all', 'abroad'],
    ['that one', new Set(['ABROAD']), 'abroad'],
    ['others only', new Set(['ELSEWHERE']), undefined],
  ] as const)('are known when allowed: %s', async (_name, allowedFederations, expected) => {
    const { foreign, home } = await startFederation();
    const client = clientOf([home], { allowedFederations });
    await client.start();
    expect(shown(client.current(), 'ABROAD')).toBe(expected);
    if (expected === undefined) expect(foreign.asked).toEqual([]);
  });

  it('are dropped when they expire, while the own one goes on', async () => {
    const { foreign, home } = await startFederation();
    const client = clientOf([home], { allowedFederations: 'all' });
    await client.start();
    foreign.isDown = true;
    const federated = [anchorTo([foreign], 'ABROAD')];
    at += 9 * minute;
    await home.publish({ federated });
    await client.refresh();
    expect(failures).toEqual([expect.stringMatching(/^instance ABROAD: .*503/)]);
    expect(shown(client.current(), 'ABROAD')).toBe('abroad');
    at += 2 * minute;
    expect(shown(client.current(), 'ABROAD')).toBeUndefined();
    expect(client.current().instances).toEqual(['DEV']);
    expect(shown(client.current())).toBe('first');
    foreign.isDown = false;
    await foreign.publish({ description: 'back' });
    await client.refresh();
    expect(shown(client.current(), 'ABROAD')).toBe('back');
  });

  it('are forgotten when the own one no longer names them', async () => {
    const { home } = await startFederation();
    const client = clientOf([home], { allowedFederations: 'all' });
    await client.start();
    await home.publish({ federated: [] });
    await client.refresh();
    expect(client.current().instances).toEqual(['DEV']);
  });

  it('that publish what cannot be read keep their last copy, and the own one is renewed', async () => {
    const { foreign, home } = await startFederation();
    const client = clientOf([home], { allowedFederations: 'all' });
    await client.start();
    await foreign.publish({ sharedInstance: 'OTHER' });
    await home.publish({ description: 'second', federated: [anchorTo([foreign], 'ABROAD')] });
    await client.refresh();
    expect(failures).toEqual([expect.stringMatching(/^instance ABROAD: /)]);
    expect([shown(client.current()), shown(client.current(), 'ABROAD')]).toEqual(['second', 'abroad']);
  });

  it('cannot speak for the own instance', async () => {
    const impostor = await startSource({ description: 'impostor', isExternal: true });
    const home = await startSource({ federated: [anchorTo([impostor], 'DEV')] });
    const client = clientOf([home], { allowedFederations: 'all' });
    await client.start();
    expect(shown(client.current())).toBe('first');
    expect(impostor.asked).toEqual([]);
  });
});
