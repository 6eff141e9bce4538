import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, call, startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import { composeEnvelope, parseEnvelope } from '../../gateway/soap/index.ts';
import { waygate } from './run.ts';

const subsystem = (memberClass: string, memberCode: string, subsystemCode: string) =>
  ({ kind: 'SUBSYSTEM', instance: 'PILOT', memberClass, memberCode, subsystemCode }) as const;

describe('an auditor at the command line', () => {
  let network: TestNetwork;
  let dir: string;
  let access: readonly string[];
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'waygate-audit-'));
    network = await startNetwork();
    await writeFile(join(dir, 'api-key'), `${network.city.apiKey}\n`);
    access = ['--server', network.city.adminUrl, '--api-key-file', join(dir, 'api-key')];
    await exchangeRest();
    await exchangeSoap();
  });
  afterAll(async () => {
    await network?.close();
    await rm(dir, { recursive: true });
  });

  async function exchangeRest(): Promise<void> {
    const { path } = await network.publish('echo', async (incoming, outgoing) => {
      outgoing.end(await bodyOf(incoming));
    });
    const headers = { 'X-Road-Id': 'rest-1', 'X-Road-UserId': 'EE1', 'X-Road-Issue': 'matter 7' };
    const answer = await call(network, path, { method: 'POST', body: 'the question', headers });
    expect(answer.status).toBe(200);
  }

  async function exchangeSoap(): Promise<void> {
    await network.publish(
      'ask',
      async (incoming, outgoing) => {
        const { header } = parseEnvelope(await bodyOf(incoming));
        outgoing.setHeader('content-type', 'text/xml; charset=UTF-8');
        outgoing.end(composeEnvelope(header, '<askResponse/>'));
      },
      'WSDL',
    );
    const { kind: _, ...provider } = subsystem('GOV', '1001', 'population');
    const header = {
      client: subsystem('MUN', '2001', 'portal'),
      service: { kind: 'SERVICE', ...provider, serviceCode: 'ask' },
      ...{ id: 'soap-1', userId: 'EE2', protocolVersion: '4.0' },
    } as const;
    const body = composeEnvelope(header, '<ask/>');
    const answer = await call(network, '/', {
      ...{ method: 'POST', body, headers: { 'content-type': 'text/xml; charset=UTF-8' } },
    });
    expect(parseEnvelope(answer.body).header.requestHash).toBeDefined();
  }

  const audit = (command: string, ...more: readonly string[]) =>
    waygate('audit', command, ...access, ...more);
  const auditJson = async (command: string, ...more: readonly string[]) => {
    const { status, stdout, stderr } = await audit(command, '--json', ...more);
    return { status, stderr, ...JSON.parse(stdout) };
  };

  it('finds an exchange by who was in it, pages, and shows it in words', async () => {
    const found = await auditJson('search', '--user', 'EE1');
    expect(found.records.map((one: { queryId: string }) => one.queryId)).toEqual(['rest-1', 'rest-1']);
    const page = await auditJson('search', '--party', 'PILOT:MUN:2001:portal', '--limit', '3');
    const rest = await auditJson('search', '--party', 'PILOT:MUN:2001:portal', '--cursor', page.next);
    expect([page.records.length, rest.records.length, rest.next]).toEqual([3, 1, null]);
    const table = await audit('search', '--id', 'soap-1');
    const [head, ...rows] = table.stdout.trimEnd().split('\n');
    expect([table.status, head?.startsWith('record'), rows.length]).toEqual([0, true, 2]);

    for (const [id, protocol, user] of [
      ['rest-1', 'rest', 'EE1'],
      ['soap-1', 'soap', 'EE2'],
    ] as const) {
      const shown = await auditJson('show', id);
      expect([shown.status, shown.verdict.reason, shown.exchanges.length]).toEqual([0, null, 1]);
      expect(shown.exchanges[0]).toMatchObject({
        protocol,
        userId: user,
        client: { memberName: 'City of Rivertown' },
      });
      const told = await audit('show', id);
      expect(told.stdout).toContain('City of Rivertown');
      expect(told.stdout).toContain('The evidence is good.');
    }
  });

  it('exports an exchange, a case and a period, each judged good offline', async () => {
    const today = new Date().toISOString().slice(0, 10);
    const scopes = {
      exchange: ['--id', 'rest-1'],
      case: ['--id', 'rest-1', 'soap-1', '--title', 'Complaint 117'],
      party: ['--party', 'PILOT:MUN:2001', '--from', today, '--to', '2100-01-01', '--bodies'],
    };
    for (const [name, scope] of Object.entries(scopes)) {
      const out = join(dir, `${name}.evidence.zip`);
      const saved = await auditJson('export', '--purpose', 'complaint 117', '--out', out, ...scope);
      expect([name, saved.status, saved.verdict.reason]).toEqual([name, 0, null]);
      const judged = await waygate('audit', 'verify', out, '--json');
      expect([name, judged.status]).toEqual([name, 0]);
      // What was saved is not written over.
      expect((await audit('export', '--purpose', 'again', '--out', out, ...scope)).status).toBe(2);
    }
  });

  it('counts, and finds nothing missing', async () => {
    const counted = await auditJson('statistics', '--client', 'PILOT:MUN:2001:portal', '--per', 'pair');
    expect(counted.rows).toMatchObject([{ requests: 2, responses: 2, failed: 0 }]);
    expect(await auditJson('gaps', '--party', 'PILOT:MUN:2001')).toMatchObject({ status: 0, gaps: [] });
    expect((await audit('gaps')).stdout).toContain('Nothing is missing.');
  });

  it('is refused with exit status 2 and what to do', async () => {
    for (const [command, ...args] of [
      ['show', 'nobody-1'],
      ['search', '--party', 'nobody'],
      ['search', '--cursor', 'x'],
      ['export', '--id', 'rest-1', '--purpose', ' ', '--out', join(dir, 'none.zip')],
      ['export', '--purpose', 'x', '--out', join(dir, 'none.zip')],
    ] as const) {
      const { status, stderr } = await audit(command, ...args);
      expect([command, status, stderr.startsWith('waygate: ')]).toEqual([command, 2, true]);
    }
    await writeFile(join(dir, 'other-key'), 'x');
    const wrong = await waygate(
      'audit',
      'gaps',
      '--server',
      network.city.adminUrl,
      '--api-key-file',
      join(dir, 'other-key'),
    );
    expect([wrong.status, wrong.stderr.includes('not-authenticated')]).toEqual([2, true]);
  });

  it('was written down, with the purpose', async () => {
    const exported = await network.cityAdmin.get<readonly { purpose?: string; target: string }[]>(
      '/audit-events?action=evidence.export',
    );
    expect(exported.filter(({ purpose }) => purpose === 'complaint 117').map(({ target }) => target)).toEqual(
      ['PILOT:MUN:2001', 'Complaint 117', 'rest-1'],
    );
  });

  it('proves to who kept a checkpoint that the log goes on from it', async () => {
    const headers = { authorization: `Bearer ${network.city.apiKey}` };
    const kept = await fetch(`${network.city.adminUrl}/api/v1/evidence/log/checkpoint`, { headers });
    const checkpoint = join(dir, 'checkpoint');
    await writeFile(checkpoint, await kept.text());
    await exchangeSoap();
    const order = ['--id', 'rest-1', '--purpose', 'case 118', '--out'];
    const [without, out] = [join(dir, 'without.evidence.zip'), join(dir, 'with.evidence.zip')];
    expect((await audit('export', ...order, without)).status).toBe(0);
    expect((await waygate('audit', 'verify', without, '--checkpoint', checkpoint)).status).toBe(1);
    expect((await audit('export', ...order, out, '--checkpoint', checkpoint)).status).toBe(0);
    expect((await waygate('audit', 'verify', out, '--checkpoint', checkpoint)).status).toBe(0);
  });
});
