import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import { type AdminClient, adminClient } from '../../pilot/index.ts';
import { type RunningServer, type ServerSettings, startServer } from '../index.ts';
import { checkFolder } from '../message-log/index.ts';

const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;
/** Of a file system of 1,000 GiB. */
const free = { ample: 500 * gibibyte, low: 10 * gibibyte, tight: gibibyte, full: 100 * mebibyte };
const fullAtClient = 'server.clientproxy.logging_failed';
const fullAtProvider = 'server.serverproxy.logging_failed';

const both = ['request', 'response'];

interface RecordsPage {
  readonly records: readonly { readonly queryId: string; readonly direction: string }[];
  readonly next?: string | null;
}

interface DiskAnswer {
  readonly level: string;
  readonly bytesFree: number;
  readonly forecast: { readonly kind: string };
  readonly months: readonly { readonly databaseBytes: number; readonly bytesPerDay: number }[];
  readonly exchanges: { readonly open: number; readonly waiting: number; readonly bytesKept: number };
}

/** Both servers again, from copies of their folders, on disks of the test's making. */
describe('a disk that becomes full', () => {
  let network: TestNetwork;
  let work: string;
  let city: RunningServer;
  let ministry: RunningServer;
  let cityAdmin: AdminClient;
  let ministryAdmin: AdminClient;
  let pins: { readonly city: string; readonly ministry: string };
  const running: RunningServer[] = [];
  const disks = { city: free.ample, ministry: free.ample };
  const levels: string[] = [];
  let calls = 0;
  let answer: RequestListener;
  let path: string;

  beforeAll(async () => {
    network = await startNetwork();
    ({ path } = await network.publish('room', (incoming, outgoing) => {
      calls += 1;
      answer(incoming, outgoing);
    }));
    pins = JSON.parse(await readFile(join(network.data, 'pilot-secrets.json'), 'utf8')) as typeof pins;
    work = await mkdtemp(join(tmpdir(), 'waygate-disks-'));
    const { ministry: ministryAddress } = network;
    await network.ministry.close();
    ministry = await startCopy('ministry', ministryAddress.peerAddress);
    city = await startCopy('city', { host: '127.0.0.1', port: 0 });
    ministryAdmin = adminClient(ministry.adminUrl, ministry.apiKey);
    cityAdmin = adminClient(city.adminUrl, city.apiKey);
  });
  afterAll(async () => {
    for (const server of running) await server.close();
    await network?.close();
    await rm(work, { recursive: true, force: true });
  });
  beforeEach(async () => {
    calls = 0;
    answer = (incoming, outgoing) => {
      incoming.resume().once('end', () => outgoing.end('done'));
    };
    await see('city', free.ample);
    await see('ministry', free.ample);
    levels.length = 0;
  });

  async function startCopy(
    name: 'city' | 'ministry',
    peer: { readonly host: string; readonly port: number },
    more: Partial<ServerSettings> = {},
    folder: string = name,
  ): Promise<RunningServer> {
    const data = join(work, folder);
    await cp(join(network.data, name), data, { recursive: true });
    await rm(join(data, 'messages'), { recursive: true });
    const server = await startServer({
      ...{ data, pin: pins[name] },
      ...{
        clientHost: '127.0.0.1',
        clientPort: 0,
        clientTlsPort: 0,
        peerHost: peer.host,
        peerPort: peer.port,
      },
      ...{ instancePeerPort: network.ministry.peerAddress.port, adminHost: '127.0.0.1', adminPort: 0 },
      ...{ timestampUrls: [], acceptableTimestampFailureMs: 14_400_000, configurationPollMs: 600_000 },
      ...{ allowedFederations: 'none' as const, maxBodyBytes: gibibyte },
      readDisk: async () => ({ free: disks[name], size: 1_000 * gibibyte }),
      readDiskEveryMs: 20,
      onDiskLevel: ({ level }) => levels.push(`${name} ${level}`),
      onExchange: () => undefined,
      onTrouble: () => undefined,
      ...more,
    });
    running.push(server);
    return server;
  }

  /** Sets what is free, and waits until the server has seen it. */
  async function see(name: 'city' | 'ministry', octets: number): Promise<void> {
    disks[name] = octets;
    await until(async () => (await diskOf(name)).bytesFree === octets);
  }

  const diskOf = (name: 'city' | 'ministry') =>
    (name === 'city' ? cityAdmin : ministryAdmin).get('/disk') as Promise<DiskAnswer>;

  /** Status or code of one exchange, with its message id. */
  async function exchange(id: string, body: Buffer = Buffer.from('small'), server: RunningServer = city) {
    const response = await request(`${server.clientUrl}${path}/x`, {
      method: 'POST',
      headers: { 'X-Road-Client': 'PILOT/MUN/2001/portal', 'X-Road-Id': id },
      body,
    });
    await response.body.dump();
    return response.headers['x-road-error'] ?? response.statusCode;
  }

  /** Directions of what the log has, by message id. */
  async function recordsOf(admin: AdminClient): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    for (let cursor: string | null | undefined = ''; cursor !== null && cursor !== undefined; ) {
      const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: RecordsPage = await admin.get(`/evidence/records?limit=1000${more}`);
      for (const { queryId, direction } of page.records) {
        found.set(queryId, [...(found.get(queryId) ?? []), direction].sort());
      }
      cursor = page.next;
    }
    return found;
  }

  async function findingsOf(name: 'city' | 'ministry', folder: string = name): Promise<unknown> {
    // Within a second after the first message.
    await until(async () => existsSync(join(work, folder, 'messages', 'checkpoint')));
    const { findings } = await checkFolder({ folder: join(work, folder), pin: pins[name] });
    return findings;
  }

  it('goes from low over tight to full and back, and nothing that was answered is lost', async () => {
    const outcomes = new Map<string, unknown>();
    let isOver = false;
    // Callers that do not stop, whatever they are told.
    const callers = Array.from({ length: 4 }, async (_, caller) => {
      for (let count = 0; !isOver; count += 1) {
        const id = `caller-${caller}-${count}`;
        const outcome = await exchange(id);
        outcomes.set(id, outcome);
        if (outcome !== 200) await pause();
      }
    });
    const countOf = (outcome: unknown) => [...outcomes.values()].filter((one) => one === outcome).length;
    const more = async (outcome: unknown, least: number) => {
      const before = countOf(outcome);
      await until(async () => countOf(outcome) >= before + least);
    };
    await more(200, 8);
    await see('city', free.low);
    await more(200, 8);
    expect(countOf(fullAtClient)).toBe(0);
    await see('city', free.tight);
    await until(async () => (await diskOf('city')).exchanges.waiting === 4);
    expect(countOf(fullAtClient)).toBe(0);
    await see('city', free.full);
    await more(fullAtClient, 8);
    const refusedFrom = calls;
    await more(fullAtClient, 8);
    expect(calls).toBe(refusedFrom);
    const health = (await cityAdmin.get('/health')) as { checks: { name: string; isGood: boolean }[] };
    expect(health.checks.find(({ name }) => name === 'disk')?.isGood).toBe(false);
    expect(await cityAdmin.get('/status')).toMatchObject({ disk: { level: 'full', bytesFree: free.full } });
    await see('city', free.ample);
    await more(200, 8);
    isOver = true;
    await Promise.all(callers);

    expect(levels).toEqual(['city low', 'city tight', 'city full', 'city ample']);
    expect(new Set(outcomes.values())).toEqual(new Set([200, fullAtClient]));
    expect(calls).toBe(countOf(200));
    for (const name of ['city', 'ministry'] as const) {
      const records = await recordsOf(name === 'city' ? cityAdmin : ministryAdmin);
      for (const [id, outcome] of outcomes) {
        expect(records.get(id)).toEqual(outcome === 200 ? both : undefined);
      }
      expect(await findingsOf(name)).toEqual([]);
    }
  });

  it('at the provider refuses before the service is called; the request stays as evidence of its sender', async () => {
    await see('ministry', free.full);
    expect(await exchange('refused-there')).toBe(fullAtProvider);
    expect(calls).toBe(0);
    expect((await recordsOf(ministryAdmin)).has('refused-there')).toBe(false);
    await see('ministry', free.ample);
    expect(await exchange('taken-there')).toBe(200);
    expect(calls).toBe(1);
  });

  it('lets exchanges under way finish on both sides', async () => {
    const waiting: (() => void)[] = [];
    answer = (_, outgoing) => {
      waiting.push(() => outgoing.end(Buffer.alloc(mebibyte)));
    };
    const ids = Array.from({ length: 20 }, (_, count) => `under-way-${count}`);
    const exchanges = ids.map((id) => exchange(id));
    await until(async () => waiting.length === ids.length);
    expect((await diskOf('city')).exchanges.open).toBe(ids.length);
    await see('city', free.full);
    await see('ministry', free.full);
    expect(await exchange('too-late')).toBe(fullAtClient);
    for (const end of waiting) end();
    expect(new Set(await Promise.all(exchanges))).toEqual(new Set([200]));
    for (const admin of [cityAdmin, ministryAdmin]) {
      const records = await recordsOf(admin);
      for (const id of ids) expect(records.get(id)).toEqual(both);
    }
    await until(async () => (await diskOf('city')).exchanges.bytesKept === 0);
  });

  it('that is tight refuses large requests at once and takes small ones', async () => {
    await see('city', free.tight);
    expect(await exchange('large', Buffer.alloc(2 * mebibyte))).toBe(fullAtClient);
    expect(calls).toBe(0);
    const small = exchange('small');
    await until(async () => (await diskOf('city')).exchanges.waiting === 1);
    await see('city', free.low);
    expect(await small).toBe(200);
    expect(await exchange('large-again', Buffer.alloc(2 * mebibyte))).toBe(200);
  });

  it('shows what is free, what grows, and that no forecast can be made yet', async () => {
    const disk = await diskOf('city');
    expect(disk).toMatchObject({
      level: 'ample',
      bytesFree: free.ample,
      forecast: { kind: 'not-enough-data' },
    });
    expect(disk.months).toHaveLength(1);
    expect(disk.months[0]?.databaseBytes).toBeGreaterThan(0);
  });

  it('when it is really full, refuses what it cannot write, and keeps all that it answered', async () => {
    const server = await startCopy('city', { host: '127.0.0.1', port: 0 }, { logMaxPages: 150 }, 'small');
    const admin = adminClient(server.adminUrl, server.apiKey);
    const outcomes: unknown[] = [];
    for (let count = 0; count < 300 && outcomes.at(-1) !== fullAtClient; count += 1) {
      outcomes.push(await exchange(`page-${count}`, Buffer.alloc(1_000), server));
    }
    expect(outcomes.at(-1)).toBe(fullAtClient);
    expect(outcomes.length).toBeGreaterThan(3);
    const records = await recordsOf(admin);
    for (const [count, outcome] of outcomes.entries()) {
      if (outcome === 200) expect(records.get(`page-${count}`)).toEqual(both);
    }
    expect(await readdir(join(work, 'small', 'messages', 'bodies'))).toEqual([]);
    expect(await findingsOf('city', 'small')).toEqual([]);
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 3_000; attempt += 1) {
    if (await isSo()) return;
    await pause();
  }
  throw new Error('the condition did not come true');
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}
