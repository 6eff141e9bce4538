import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeAnchor } from '../../gateway/configuration/index.ts';
import { AskedBook } from '../asked/index.ts';
import { ConfigurationClient, downloadConfiguration } from '../configuration-client/index.ts';
import { type HistoryTrouble, RegistryHistoryError } from '../registry-history/index.ts';
import {
  type ConfigurationSigner,
  newSigner,
  startConfigurationSource,
  type TestSource,
} from '../testing/configuration-source.ts';
import { checkConfiguration } from './checks/configuration.ts';
import type { Found } from './found.ts';
import { Servers } from './testing/servers.ts';

const minute = 60_000;
let root: string;
let signer: ConfigurationSigner;
let servers: Servers;
let at: number;
let asked: AskedBook;
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'waygate-diagnose-configuration-'));
  signer = await newSigner();
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  servers = new Servers();
  closers.push(() => servers.close());
  at = Date.now();
  asked = new AskedBook();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function source(by = signer, instance = 'DEV'): Promise<TestSource> {
  const made = await startConfigurationSource(by, () => at, { instance });
  closers.push(() => made.close());
  return made;
}

/** A client that polled once. */
async function clientOf(
  urls: readonly string[],
  admit: () => Promise<void> = async () => undefined,
): Promise<ConfigurationClient> {
  const client = new ConfigurationClient({
    anchorFile: writeAnchor({
      instance: 'DEV',
      sources: urls.map((url) => ({ url, verificationCerts: [signer.cert] })),
    }),
    dir: join(mkdtempSync(join(root, 'server-')), 'globalconf'),
    now: () => new Date(at),
    random: () => 0.5,
    // Tests poll by hand.
    pollMs: 3_600_000,
    allowedFederations: 'none',
    onFailure: () => undefined,
    onChange: () => undefined,
    snapshots: { save: async () => undefined, discard: async () => undefined },
    onAsked: (one) => asked.note(one),
    history: { admit },
  });
  closers.push(() => client.close());
  await client.start();
  return client;
}

function found(client: ConfigurationClient, history?: HistoryTrouble): Found[] {
  return checkConfiguration({
    ...{ instance: 'DEV', latest: client.latest(), failure: client.failure(), sources: client.sources() },
    ...{ asked: asked.all('configuration'), history, now: new Date(at) },
  });
}

const codes = (all: readonly Found[]) => all.map(({ code }) => code);

describe('the configuration', () => {
  it('nothing is diagnosed while it comes and counts', async () => {
    const { url } = await source();
    expect(found(await clientOf([url]))).toEqual([]);
  });

  it('configuration-missing and configuration-refused: nobody listens, and there is no copy', async () => {
    const client = await clientOf([await servers.refusing()]);
    expect(codes(found(client))).toEqual(['configuration-missing', 'configuration-refused']);
  });

  it('configuration-expired: and since when', async () => {
    const made = await source();
    const client = await clientOf([made.url]);
    made.isDown = true;
    at += 11 * minute;
    await expect(client.refresh()).rejects.toThrow();
    const [expired, ...others] = found(client);
    expect(expired).toMatchObject({ code: 'configuration-expired', since: client.latest()?.expiresAt });
    expect(codes(others)).toEqual(['configuration-http-status']);
  });

  it('configuration-unknown-host', async () => {
    const client = await clientOf(['http://registry.invalid/conf']);
    expect(codes(found(client))).toContain('configuration-unknown-host');
  });

  it('configuration-timeout: a source takes the connection and never answers', async () => {
    const url = await servers.silent();
    const question = { instance: 'DEV', known: [], served: new Map(), now: () => new Date(at) };
    const sources = [{ url, verificationCerts: [signer.cert] }];
    const download = downloadConfiguration({
      ...{ ...question, sources, timeoutMs: 100 },
      onAsked: (one) => asked.note(one),
    });
    await expect(download).rejects.toThrow();
    const states = asked.all('configuration');
    const all = checkConfiguration({
      ...{ instance: 'DEV', latest: undefined, failure: undefined, sources: [url], asked: states },
      ...{ history: undefined, now: new Date(at) },
    });
    expect(codes(all)).toContain('configuration-timeout');
  });

  it('configuration-tls: the certificate of a source is not trusted here', async () => {
    const client = await clientOf([await servers.selfSigned()]);
    expect(codes(found(client))).toContain('configuration-tls');
  });

  it('configuration-http-status: and another source in its place makes it a warning', async () => {
    const [away, good] = [await servers.status(503), await source()];
    const [only] = found(await clientOf([away])).filter(({ subject }) => subject === away);
    expect(only).toMatchObject({ code: 'configuration-http-status' });
    expect(only?.severity).toBeUndefined();
    const both = found(await clientOf([away, good.url]));
    expect(both).toMatchObject([{ code: 'configuration-http-status', severity: 'warns' }]);
  });

  it('configuration-version: a source has none of a version that is known here', async () => {
    const client = await clientOf([await servers.status(404)]);
    expect(codes(found(client))).toContain('configuration-version');
  });

  it('configuration-anchor-mismatch: another key signed it', async () => {
    const { url } = await source(await newSigner());
    expect(codes(found(await clientOf([url])))).toContain('configuration-anchor-mismatch');
  });

  it('configuration-signature: it was changed on its way, or one of its files was', async () => {
    const directory = await source();
    directory.tamper = (path, content) =>
      path.startsWith('/conf')
        ? Buffer.from(content.toString('latin1').replace('Version: ', 'Version:  '), 'latin1')
        : content;
    const files = await source();
    files.tamper = (path, content) =>
      path.endsWith('.xml') ? Buffer.concat([content, Buffer.from(' ')]) : content;
    for (const { url } of [directory, files]) {
      const all = found(await clientOf([url])).filter(({ subject }) => subject === url);
      expect(codes(all)).toEqual(['configuration-signature']);
    }
  });

  it('configuration-instance-mismatch: it is of another instance than the anchor', async () => {
    const { url } = await source(signer, 'TEST');
    expect(codes(found(await clientOf([url])))).toContain('configuration-instance-mismatch');
  });

  it('configuration-source-expired: the registry signs none anew', async () => {
    const { url } = await source();
    at += 11 * minute;
    expect(codes(found(await clientOf([url])))).toContain('configuration-source-expired');
  });

  it('configuration-unreadable: what is served is no configuration, or has no private parameters', async () => {
    const page = await servers.answering(async () => Buffer.from('<html>Sign in</html>'));
    expect(codes(found(await clientOf([page])))).toContain('configuration-unreadable');
    const external = await source();
    await external.publish({ isExternal: true });
    const client = await clientOf([external.url]);
    expect(found(client)).toMatchObject([
      { code: 'configuration-missing' },
      { code: 'configuration-unreadable' },
    ]);
  });

  it('registry-history-contradicts: what the watch refused', async () => {
    const { url } = await source();
    const text = 'it is not what was signed for before';
    const client = await clientOf([url], async () => {
      throw new RegistryHistoryError('registry-history-forked', text);
    });
    const trouble = { code: 'registry-history-forked', text, at: new Date(at).toISOString() } as const;
    expect(codes(found(client, trouble))).toEqual(['configuration-missing', 'registry-history-contradicts']);
  });

  it('registry-history-unavailable: a warning, for the configuration is in force', async () => {
    const { url } = await source();
    const client = await clientOf([url]);
    const trouble = { code: 'registry-history-absent', text: 'x', at: new Date(at).toISOString() } as const;
    expect(codes(found(client, trouble))).toEqual(['registry-history-unavailable']);
  });
});
