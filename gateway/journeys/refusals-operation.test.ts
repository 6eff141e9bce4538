import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminClient } from '../../pilot/index.ts';
import { type RunningServer, type ServerSettings, startServer } from '../../security-server/index.ts';
import { type Listening, listen } from '../http/index.ts';
import { startNetwork, type TestNetwork } from './network.ts';

const path = '/r1/PILOT/GOV/1001/population/register/persons/P-1001';

/** A second run of the city's server from a copy of its folder, under conditions of the test's choosing. */
describe('a server under bad conditions', () => {
  let network: TestNetwork;
  let work: string;
  let pin: string;
  const running: RunningServer[] = [];
  const listeners: Listening[] = [];

  beforeAll(async () => {
    network = await startNetwork();
    work = await mkdtemp(join(tmpdir(), 'waygate-conditions-'));
    pin = (JSON.parse(await readFile(join(network.data, 'pilot-secrets.json'), 'utf8')) as { city: string })
      .city;
  });
  afterAll(async () => {
    for (const server of running) await server.close();
    for (const listener of listeners) await listener.close(50);
    await network?.close();
    await rm(work, { recursive: true, force: true });
  });

  const startCopy = async (
    name: string,
    options: Partial<ServerSettings> = {},
    prepare?: (data: string) => Promise<void>,
  ) => {
    const data = join(work, name);
    await cp(join(network.data, 'city'), data, { recursive: true, verbatimSymlinks: true });
    await rm(join(data, 'messages'), { recursive: true });
    await prepare?.(data);
    const server = await startServer({
      data,
      pin,
      ...{ clientHost: '127.0.0.1', clientPort: 0, clientTlsPort: 0, peerHost: '127.0.0.1', peerPort: 0 },
      ...{ instancePeerPort: network.city.peerAddress.port, adminHost: '127.0.0.1', adminPort: 0 },
      ...{ timestampUrls: [], acceptableTimestampFailureMs: 14_400_000, configurationPollMs: 600_000 },
      ...{ allowedFederations: 'none' as const, maxBodyBytes: 1024 ** 3 },
      onExchange: () => undefined,
      onTrouble: () => undefined,
      ...options,
    });
    running.push(server);
    return server;
  };
  const outcome = async (server: RunningServer) => {
    const response = await request(`${server.clientUrl}${path}`, {
      headers: { 'X-Road-Client': 'PILOT/MUN/2001/portal' },
    });
    await response.body.dump();
    return response.headers['x-road-error'] ?? response.statusCode;
  };
  /** A source of the configuration that serves what the registry serves, changed as the test wishes. */
  const mirror = async (change: (body: Buffer, url: string) => Buffer | undefined) => {
    const server: Server = createServer(async (incoming, outgoing) => {
      const response = await request(`${network.registry.configurationUrl}${incoming.url}`);
      const body = change(Buffer.from(await response.body.arrayBuffer()), incoming.url ?? '');
      if (body === undefined) outgoing.destroy();
      else outgoing.writeHead(response.statusCode).end(body);
    });
    const listening = await listen(server, '127.0.0.1', 0, 'none');
    listeners.push(listening);
    return `http://127.0.0.1:${listening.port}`;
  };
  const through = (url: string) => async (data: string) => {
    const file = join(data, 'configuration-anchor.xml');
    const anchor = (await readFile(file, 'utf8')).replace(
      /<downloadURL>http:\/\/[^/]+/,
      `<downloadURL>${url}`,
    );
    await rm(file);
    const { writeFile } = await import('node:fs/promises');
    await writeFile(file, anchor);
  };

  it('that is well exchanges', async () => {
    expect(await outcome(await startCopy('well'))).toBe(200);
  });

  it('that knows its console leads from what it or a peer refuses to its explanation, and from nothing else', async () => {
    const server = await startCopy('led', { adminUrl: 'https://console.example' });
    const linkOf = async (id: string, service: string, client = 'portal') => {
      const response = await request(`${server.clientUrl}/r1/PILOT/GOV/1001/population/${service}`, {
        headers: { 'X-Road-Client': `PILOT/MUN/2001/${client}`, 'X-Road-Id': id },
      });
      await response.body.dump();
      return [response.headers['x-road-error'], response.headers['link']];
    };
    const link = (id: string) => `<https://console.example/explain?messageId=${id}>; rel="help"`;
    expect(await linkOf('a-1', 'register/persons/P-1001')).toEqual([undefined, undefined]);
    expect(await linkOf('a-2', 'none')).toEqual(['server.serverproxy.unknown_service', link('a-2')]);
    expect(await linkOf('a-3', 'register', 'nobody')).toEqual([
      'server.clientproxy.unknown_member',
      link('a-3'),
    ]);
  });

  it('whose configuration expired refuses everything, and recovers by itself when a source answers again', async () => {
    let isDown = false;
    let offset = 0;
    const url = await mirror((body) => (isDown ? undefined : body));
    const server = await startCopy(
      'expired',
      { now: () => new Date(Date.now() + offset), configurationPollMs: 100 },
      through(url),
    );
    expect(await outcome(server)).toBe(200);
    isDown = true;
    offset = 20 * 60_000;
    expect(await outcome(server)).toBe('server.clientproxy.global_conf_outdated');
    expect((await server.health()).isReady).toBe(false);
    isDown = false;
    offset = 0;
    await until(async () => (await outcome(server)) === 200);
  });

  it('whose source serves a configuration with one flipped byte keeps the last good one', async () => {
    let place = -1;
    const url = await mirror((body, target) => {
      if (place < 0 || !target.startsWith('/internalconf')) return body;
      const broken = Buffer.from(body);
      broken[place % body.length] = (broken[place % body.length] ?? 0) ^ 1;
      return broken;
    });
    const troubles: string[] = [];
    const server = await startCopy('flipped', { onTrouble: (about) => troubles.push(about) }, through(url));
    const { id } = server.configuration();
    const admin = adminClient(server.adminUrl, server.apiKey);
    for (place = 150; place < 1500; place += 97) {
      await admin.post('/configuration/refresh').catch(() => undefined);
      expect(server.configuration().id).toBe(id);
    }
    expect(troubles.filter((about) => about === 'configuration').length).toBeGreaterThan(10);
    expect(await outcome(server)).toBe(200);
  });

  it('whose timestamps have failed for too long takes no more messages, and takes them again after the next one', async () => {
    let isDown = true;
    const tsa = createServer(async (incoming, outgoing) => {
      if (isDown) {
        outgoing.writeHead(503).end();
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
      const real = network.city.configuration().tsas('PILOT')[0]?.url ?? '';
      const response = await request(real, { method: 'POST', body: Buffer.concat(chunks) });
      outgoing.writeHead(response.statusCode).end(Buffer.from(await response.body.arrayBuffer()));
    });
    const listening = await listen(tsa, '127.0.0.1', 0, 'none');
    listeners.push(listening);
    const server = await startCopy('unstamped', {
      timestampUrls: [`http://127.0.0.1:${listening.port}`],
      acceptableTimestampFailureMs: 50,
    });
    const admin = adminClient(server.adminUrl, server.apiKey);
    expect(await outcome(server)).toBe(200);
    await expect(admin.post('/timestamps')).rejects.toThrow('timestamping-failed');
    await until(
      async () => (await outcome(server)) === 'server.clientproxy.logging_failed.timestamping_failed',
    );
    expect((await server.health()).isReady).toBe(false);
    isDown = false;
    await admin.post('/timestamps');
    await until(async () => (await outcome(server)) === 200);
  });

  it('whose log is full refuses, and promises nothing', async () => {
    const server = await startCopy('full', { logMaxPages: 100 });
    const codes: unknown[] = [];
    for (let count = 0; count < 200; count += 1) {
      codes.push(await outcome(server));
      if (codes.at(-1) !== 200) break;
    }
    expect(codes.at(-1)).toBe('server.clientproxy.logging_failed');
    expect(codes.length).toBeGreaterThan(3);
    expect(await readdir(join(work, 'full', 'messages', 'bodies'))).toEqual([]);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) if (await condition()) return;
  throw new Error('the condition did not come true');
}
