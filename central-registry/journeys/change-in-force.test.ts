import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directoryTag } from '../../gateway/configuration/index.ts';
import { ConfigurationClient } from '../../security-server/configuration-client/index.ts';
import { AskedRegistry } from '../testing/asked-registry.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

describe('the client asks for the directory it has; the answer is that it is unchanged, or waits until it is not', () => {
  let registry: AskedRegistry;
  let home: string;
  const closers: (() => Promise<void> | void)[] = [];

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'waygate-held-'));
    registry = await AskedRegistry.found('TEST');
    await registry.ask('PUT', '/member-classes/GOV', { description: 'Government' });
  }, 60_000);
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await registry.close();
    rmSync(home, { recursive: true });
  });

  const describeClass = (description: string) => registry.ask('PUT', '/member-classes/GOV', { description });

  /** @param from loopback address to come from */
  function get(path: string, headers: Record<string, string> = {}, from?: string, signal?: AbortSignal) {
    return new Promise<Answer>((resolve, reject) => {
      const url = `${registry.running.configurationUrl}${path}`;
      const options = { headers, agent: false as const, localAddress: from, signal };
      httpRequest(url, options as object, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const { statusCode: status = 0, headers: told } = response;
          resolve({ status, headers: told, body: Buffer.concat(chunks) });
        });
        response.on('error', reject);
      })
        .on('error', reject)
        .end();
    });
  }
  /** The directory, once what it names says something. */
  async function settled(text = 'Government', path = '/internalconf?version=6'): Promise<Answer> {
    await expect
      .poll(
        async () => {
          // The newest version is published last.
          const { body } = await get('/internalconf?version=6');
          const location = /Content-location: (\S+shared-params\.xml)/i.exec(body.toString())?.[1] ?? '';
          return (await get(location)).body.toString();
        },
        { timeout: 20_000 },
      )
      .toContain(text);
    return get(path);
  }

  it.each(['/internalconf?version=6', '/internalconf', '/V3/externalconf'])(
    'by an entity tag, which names its octets: %s',
    async (path) => {
      const { headers, body } = await settled('Government', path);
      const etag = String(headers['etag']);
      expect(etag).toBe(`"${directoryTag(body)}"`);
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await get(path, { 'if-none-match': known });
        expect([again.status, again.body.length, again.headers['etag']]).toEqual([304, 0, etag]);
      }
      const other = await get(path, { 'if-none-match': '"other"' });
      expect([other.status, other.body.equals(body)]).toEqual([200, true]);
      expect(other.headers['preference-applied']).toBeUndefined();
    },
  );

  it('parts too, whose names never come again', async () => {
    const { body } = await settled();
    const location = /Content-location: (\S+shared-params\.xml)/i.exec(body.toString())?.[1] ?? '';
    const part = await get(location);
    expect(part.status).toBe(200);
    const again = await get(location, { 'if-none-match': String(part.headers['etag']) });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    expect((await get(location, { 'if-none-match': '"x"' })).body.equals(part.body)).toBe(true);
  });

  it('a change reaches all who wait for it, and nobody waits who has another directory', async () => {
    const { headers } = await settled();
    const waiting = { 'if-none-match': String(headers['etag']), prefer: 'respond-async, wait=25' };
    const held = Array.from({ length: 20 }, () => get('/internalconf?version=6', waiting));
    await expect.poll(() => registry.running.heldRequests()).toBe(20);
    await describeClass('changed');
    const answers = await Promise.all(held);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers[0]?.headers['preference-applied']).toBe('wait');
    expect(answers[0]?.headers['etag']).not.toBe(headers['etag']);
    const late = await get('/internalconf?version=6', waiting);
    expect([late.status, late.headers['preference-applied']]).toEqual([200, undefined]);
    expect(registry.running.heldRequests()).toBe(0);
  });

  it('who waits in vain is told so; who went away, or asks for what is not there, waits for nothing', async () => {
    const { headers } = await settled();
    const etag = String(headers['etag']);
    const vain = await get('/internalconf?version=6', { 'if-none-match': etag, prefer: 'wait=0' });
    expect([vain.status, vain.headers['preference-applied']]).toEqual([304, 'wait']);
    const leaving = new AbortController();
    const waiting = { 'if-none-match': etag, prefer: 'wait=25' };
    const left = get('/internalconf?version=6', waiting, undefined, leaving.signal).catch(() => 'left');
    await expect.poll(() => registry.running.heldRequests()).toBe(1);
    leaving.abort();
    expect(await left).toBe('left');
    await expect.poll(() => registry.running.heldRequests()).toBe(0);
    expect((await get('/V9/internalconf', { 'if-none-match': '*', prefer: 'wait=25' })).status).toBe(404);
    expect((await get('/history/checkpoint', { 'if-none-match': '*', prefer: 'wait=25' })).status).toBe(200);
  });

  it('a hostile holder takes its own places and no more; all others poll, and wait, as before', async () => {
    await registry.start({ holding: { total: 6, perAddress: 4, longestMs: 25_000 } });
    const { headers } = await settled();
    const waiting = { 'if-none-match': String(headers['etag']), prefer: 'wait=25' };
    const hostile = Array.from({ length: 40 }, () => get('/internalconf?version=6', waiting));
    const refused = hostile.map((one) =>
      one.then(({ status, headers: told }) => [status, told['preference-applied']]),
    );
    await expect.poll(() => registry.running.heldRequests()).toBe(4);
    // Those without a place were answered at once.
    expect(await Promise.race(refused)).toEqual([304, undefined]);
    const others = ['127.0.0.2', '127.0.0.3'].map((from) => get('/internalconf?version=6', waiting, from));
    await expect.poll(() => registry.running.heldRequests()).toBe(6);
    const poll = await get('/internalconf?version=6', waiting, '127.0.0.4');
    expect([poll.status, poll.headers['preference-applied']]).toEqual([304, undefined]);
    expect((await get('/internalconf?version=6')).status).toBe(200);
    await describeClass('changed');
    for (const { status } of await Promise.all(others)) expect(status).toBe(200);
    expect((await Promise.all(hostile)).filter(({ status }) => status === 200)).toHaveLength(4);
  });

  it('a registry that stops lets go who waits', async () => {
    const { headers } = await settled();
    const held = get('/internalconf?version=6', {
      'if-none-match': String(headers['etag']),
      prefer: 'wait=25',
    });
    await expect.poll(() => registry.running.heldRequests()).toBe(1);
    await registry.start();
    expect((await held).status).toBe(304);
  });

  it('which server has which configuration: as it says itself, and as nobody else is asked', async () => {
    await registry.ask('POST', '/members', { id: 'TEST:GOV:1', name: 'One' });
    for (const code of ['ss1', 'ss2'])
      await registry.ask('POST', '/servers', { id: `TEST:GOV:1:${code}`, address: `${code}.example` });
    const path = '/servers/TEST%3AGOV%3A1%3Ass1';
    const shown = async () => (await registry.ask('GET', path)).json.configuration;
    const { body } = await settled('ss2.example');
    expect(await shown()).toBeUndefined();
    const poll = (tag: string, server = 'TEST:GOV:1:ss1') =>
      get('/internalconf?version=6', { 'waygate-server': server, 'waygate-configuration': tag });
    const polled = async () => {
      await poll(directoryTag(body));
      return shown();
    };
    await expect.poll(polled).toMatchObject({ state: 'current', at: expect.any(String) });
    const edited = async () => {
      const { adminUrl, apiKey } = registry.running;
      const headers = { authorization: `Bearer ${apiKey}` };
      return (await fetch(`${adminUrl}/api/v1${path}`, { headers })).headers.get('etag');
    };
    const version = await edited();
    await describeClass('changed');
    await expect.poll(async () => (await shown()).state).toBe('former');
    await poll(directoryTag(Buffer.from('of nobody')));
    expect((await shown()).state).toBe('unknown');
    // What it says is nothing that could be edited: nobody's change is refused for it.
    expect(await edited()).toBe(version);
    await poll(directoryTag(body), 'TEST:GOV:9:ss9');
    const list = (await registry.ask('GET', '/servers')).json as { configuration?: object }[];
    expect(list.map(({ configuration }) => configuration === undefined)).toEqual([false, true]);
  });

  it('a security server that would poll in an hour has the change as soon as it is published', async () => {
    const { xml } = await registry.running.anchor('internal');
    const inForce: string[] = [];
    const client = new ConfigurationClient({
      ...{ anchorFile: xml, dir: join(home, 'globalconf'), now: () => new Date(), random: () => 0.5 },
      ...{ pollMs: 3_600_000, allowedFederations: 'none', serverId: 'TEST:GOV:1:ss1' },
      onFailure: (error) => expect.fail(error.message),
      onChange: (configuration) =>
        inForce.push(configuration.shared('TEST')?.memberClasses[0]?.description ?? ''),
      snapshots: { save: async () => undefined, discard: async () => undefined },
    });
    closers.push(() => client.close());
    await settled();
    await client.start();
    for (const description of ['first', 'second', 'third']) {
      await expect.poll(() => registry.running.heldRequests()).toBe(1);
      await describeClass(description);
      await expect.poll(() => inForce.at(-1), { timeout: 20_000 }).toBe(description);
    }
  }, 60_000);
});
