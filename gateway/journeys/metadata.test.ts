import { mkdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';
import { createAuditor } from '../../security-server/index.ts';
import { readConfigurationFolder } from '../configuration/index.ts';
import { childrenNamed, parseXml } from '../xml/index.ts';
import { call, startNetwork, type TestNetwork } from './network.ts';

async function get(url: string, headers: Record<string, string> = {}) {
  const response = await request(url, { headers });
  const body = Buffer.from(await response.body.arrayBuffer());
  return { status: response.statusCode, type: String(response.headers['content-type']), body };
}

/** Entries of a zip file, read by other software. */
function unzip(bytes: Buffer): Promise<Map<string, Buffer>> {
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true }, (error: Error | null, zip: ZipFile) => {
      if (error) return reject(error);
      const found = new Map<string, Buffer>();
      zip.on('error', reject);
      zip.on('end', () => resolve(found));
      zip.on('entry', (entry: Entry) => {
        zip.openReadStream(entry, (failed, stream) => {
          if (failed) return reject(failed);
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('error', reject);
          stream.on('end', () => {
            found.set(entry.fileName, Buffer.concat(chunks));
            zip.readEntry();
          });
        });
      });
      zip.readEntry();
    });
  });
}

describe('what an information system can ask besides messages', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await startNetwork();
  });
  afterAll(() => network?.close());

  const clients = (query = '', headers = {}) => get(`${network.city.clientUrl}/listClients${query}`, headers);

  it('the client lists members and subsystems; the answer is XML, or JSON when it asks for that', async () => {
    const xml = await clients();
    expect([xml.status, xml.type]).toEqual([200, 'text/xml; charset=UTF-8']);
    expect(childrenNamed(parseXml(xml.body), 'member')).toHaveLength(7);
    const json = await clients('?xRoadInstance=PILOT', { accept: 'application/json' });
    expect(json.type).toBe('application/json; charset=utf-8');
    const { member } = JSON.parse(json.body.toString());
    expect(member).toContainEqual({
      id: { object_type: 'MEMBER', xroad_instance: 'PILOT', member_class: 'GOV', member_code: '1001' },
      name: 'Ministry of the Interior',
    });
    expect(member).toContainEqual({
      id: {
        object_type: 'SUBSYSTEM',
        xroad_instance: 'PILOT',
        member_class: 'MUN',
        member_code: '2001',
        subsystem_code: 'permits',
      },
      name: 'City of Rivertown',
      subsystem_name: 'Building permits',
    });
    expect(
      JSON.parse((await clients('?xRoadInstance=ELSEWHERE', { accept: 'application/json' })).body.toString()),
    ).toEqual({ member: [] });
  });

  const provider = '/r1/PILOT/GOV/1001/population';

  it('the client asks a provider for its services; the answer names all of them, and those it may call', async () => {
    const all = JSON.parse((await call(network, `${provider}/listMethods`)).body.toString());
    const endpoints = [
      { method: 'GET', path: '/persons' },
      { method: 'GET', path: '/persons/*' },
      { method: 'POST', path: '/persons/*/changes' },
    ];
    expect(all.service).toHaveLength(1);
    expect(all.service[0]).toMatchObject({ service_code: 'register', service_type: 'OPENAPI' });
    expect(all.service[0].endpoint_list).toHaveLength(3);
    expect(all.service[0].endpoint_list).toEqual(expect.arrayContaining(endpoints));
    const permits = { client: 'PILOT/MUN/2001/permits' };
    const allowed = JSON.parse((await call(network, `${provider}/allowedMethods`, permits)).body.toString());
    expect(allowed.service[0].endpoint_list).toEqual([{ method: 'GET', path: '/persons/*' }]);
  });

  it('the client asks for a description; the answer is the service’s own, with the address of the road', async () => {
    const answer = await call(network, `${provider}/getOpenAPI?serviceCode=register`);
    const document = JSON.parse(answer.body.toString());
    expect(document.openapi).toMatch(/^3\./);
    expect(JSON.stringify(document.servers)).not.toContain('127.0.0.1');
    for (const [query, code] of [
      ['', 'invalid_request'],
      ['?serviceCode=nothing', 'internal_error'],
    ]) {
      const refused = await call(network, `${provider}/getOpenAPI${query}`);
      expect(refused.headers['x-road-error']).toBe(`server.serverproxy.${code}`);
    }
  });

  const asic = (query: string) => get(`${network.city.clientUrl}/asic?${query}`);
  const portal = 'xRoadInstance=PILOT&memberClass=MUN&memberCode=2001&subsystemCode=portal';

  it('the client downloads the evidence of its exchange and what is needed to judge it; an auditor is content', async () => {
    await call(network, `${provider}/register/persons/P-1001`, { headers: { 'X-Road-Id': 'evidence/1 ä' } });
    const early = await asic(`queryId=${encodeURIComponent('evidence/1 ä')}&${portal}`);
    expect([early.status, early.type]).toEqual([404, 'text/plain; charset=utf-8']);
    const both = await asic(`queryId=${encodeURIComponent('evidence/1 ä')}&${portal}&force`);
    const containers = await unzip(both.body);
    expect([...containers.keys()].map((name) => name.replace(/-[0-9a-v]+\.asice$/, ''))).toEqual([
      'evidence%2F1%20%C3%A4-request',
      'evidence%2F1%20%C3%A4-response',
    ]);

    const folder = await mkdtemp(join(tmpdir(), 'waygate-verification-'));
    try {
      const conf = await get(`${network.city.clientUrl}/verificationconf`);
      const files = await unzip(conf.body);
      // The signed directory, which lies beside these files, is no part of the layout that verifiers know.
      expect([...files.keys()].sort()).toEqual([
        'verificationconf/PILOT/shared-params.xml',
        'verificationconf/PILOT/shared-params.xml.metadata',
        'verificationconf/instance-identifier',
      ]);
      for (const [name, bytes] of files) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), bytes);
      }
      const auditor = createAuditor(await readConfigurationFolder(join(folder, 'verificationconf')));
      const verdicts = await Promise.all(
        [...containers].map(([name, bytes]) => auditor.judgeContainer(name, bytes)),
      );
      expect(verdicts.map(({ valid, signer }) => [valid, signer])).toEqual([
        [true, 'PILOT/MUN/2001'],
        [true, 'PILOT/GOV/1001'],
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['queryId=x', 400],
    [`${portal}`, 400],
    [`queryId=x&${portal}&requestOnly&responseOnly`, 400],
    [`queryId=nothing&${portal}`, 404],
    [`queryId=evidence&${portal.replace('portal', 'stranger')}`, 401],
  ])('the client asks for evidence with %s; the answer is %i in plain text', async (query, status) => {
    const answer = await asic(query);
    expect([answer.status, answer.type]).toEqual([status, 'text/plain; charset=utf-8']);
  });

  it('the client asks for the evidence of another subsystem; there is none for it', async () => {
    await call(network, `${provider}/register/persons/P-1001`, { headers: { 'X-Road-Id': 'mine-1' } });
    const other = await asic(`queryId=mine-1&${portal.replace('portal', 'permits')}&force`);
    expect(other.status).toBe(404);
  });

  it('an operator asks for liveness and readiness; both are good, and health says why', async () => {
    expect((await get(`${network.city.adminUrl}/health/live`)).status).toBe(200);
    expect((await get(`${network.city.adminUrl}/health/ready`)).status).toBe(200);
    const health = await network.cityAdmin.get<{ checks: { name: string; isGood: boolean }[] }>('/health');
    // Nobody has made a backup of it, which keeps no message from its way.
    expect(health.checks.filter(({ isGood }) => !isGood).map(({ name }) => name)).toEqual(['backups']);
    expect(health.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['timestamp', 'disk', 'registry-history']),
    );
  });
});
