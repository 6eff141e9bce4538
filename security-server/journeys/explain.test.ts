import { createServer, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import type { AdminClient } from '../../pilot/admin-client.ts';

interface Explanation {
  readonly isAllowed: boolean;
  readonly isProviderHere: boolean;
  readonly code?: string;
  readonly steps: readonly {
    readonly id: string;
    readonly state: string;
    readonly saw: readonly (readonly [string, string])[];
    readonly mender?: string;
    readonly href?: string;
  }[];
}

interface Call {
  readonly client: string;
  readonly provider: string;
  readonly serviceCode: string;
  readonly method: string;
  readonly path: string;
}

const cases = 1_000;
const population = 'PILOT:GOV:1001:population';
const clients = [
  ...['portal', 'permits', 'unknown', 'saved', 'disabled'].map((code) => `PILOT:MUN:2001:${code}`),
  // The owner, whose information systems have to show a certificate.
  'PILOT:MUN:2001',
];
const providers = [population, population, population, 'PILOT:GOV:1001:none', 'PILOT:MUN:2001:permits'];
const methods = ['GET', 'POST', 'DELETE'];
const paths = ['', '/', '/a', '/a/b', '/a/b/c', '/b', '/a/%2e%2e/b', '/a//b', '/a;x', '/a%2fb', '/%C3%A4'];
const endpoints = [
  ['*', '**'],
  ['GET', '/a/*'],
  ['POST', '/a/**'],
  ['GET', '/b'],
  ['*', '/ä'],
] as const;

/** Numbers that look random and are the same each time. @see Park and Miller, 1988 */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

describe('explaining calls', () => {
  let network: TestNetwork;
  let service: Listening;
  const next = numbersFrom(20_261_128);
  const oneOf = <Item>(items: readonly Item[]) => items[next(items.length)] as Item;

  beforeAll(async () => {
    network = await startNetwork();
    service = await listen(
      createServer((_incoming, outgoing) => outgoing.end('served')),
      '127.0.0.1',
      0,
      '',
    );
    const put = (code: string, status: string) =>
      network.cityAdmin.put(`/clients/PILOT%3AMUN%3A2001%3A${code}`, {
        ...{ status, connectionType: 'NOSSL', certificates: [] },
      });
    await put('saved', 'saved');
    await put('disabled', 'disabled');
    for (let index = 0; index < 20; index += 1) await publish(index);
  });
  afterAll(async () => {
    await service?.close();
    await network?.close();
  });

  /** A service with rights, quotas and a state of its own. */
  async function publish(index: number): Promise<void> {
    const admin = network.ministryAdmin;
    const path = `/clients/${encodeURIComponent(population)}`;
    const one = `${path}/services/made${index}`;
    await admin.put(`${path}/local-groups/friends`, {
      ...{ description: 'friends', members: ['PILOT:MUN:2001:permits'] },
    });
    await admin.put(one, {
      ...{ kind: 'REST', url: `http://127.0.0.1:${service.port}` },
      ...{ timeoutSeconds: 5, verifyTls: true, certificates: [], endpoints: [] },
      ...(next(5) === 0 && { disabledNotice: 'for today' }),
    });
    const past = new Date(Date.now() - 3_600_000).toISOString();
    const future = new Date(Date.now() + 3_600_000).toISOString();
    const validities = [
      {},
      {},
      { validUntil: past },
      { validFrom: future },
      { validFrom: past, validUntil: future },
    ];
    const subjects = ['PILOT:MUN:2001:portal', 'PILOT:MUN:2001', 'LOCALGROUP:friends'];
    const rights = subjects
      .filter(() => next(3) > 0)
      .map((subject) => {
        const given = endpoints.filter(() => next(3) === 0);
        const all = given.length === 0 ? [oneOf(endpoints)] : given;
        return {
          subject,
          endpoints: all.map(([method, glob]) => ({ method, path: glob, ...oneOf(validities) })),
        };
      });
    await admin.put(`${one}/access-rights`, rights);
    if (next(3) === 0) {
      await admin.put(`${one}/limits`, [
        {
          consumer: oneOf(['each', 'all', 'PILOT:MUN:2001:portal']),
          requests: next(6),
          periodSeconds: 86_400,
        },
      ]);
    }
  }

  /** What the road does with a call: the code it refuses it with, or none. */
  function reality({ client, provider, serviceCode, method, path }: Call): Promise<string | undefined> {
    const { hostname, port } = new URL(network.city.clientUrl);
    const target = `/r1/${provider.replaceAll(':', '/')}/${serviceCode}${path}`;
    const headers = { 'x-road-client': client.replaceAll(':', '/') };
    return new Promise((resolve, reject) => {
      const asked = request({ hostname, port, method, path: target, headers }, (answer) => {
        answer.resume();
        answer.on('end', () => {
          const code = answer.headers['x-road-error'];
          resolve(typeof code === 'string' ? code : undefined);
        });
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  const explain = (admin: AdminClient, call: Call, entersHere: boolean) =>
    admin.post<Explanation>('/explanations', { ...call, isSecure: false, entersHere });

  /** What both servers say of it: the client's first, then the provider's, which alone knows its rights. */
  async function explained(call: Call): Promise<{ code: string | undefined; refused: string | undefined }> {
    const refusedIn = ({ steps }: Explanation) => steps.find(({ state }) => state === 'refused')?.id;
    const here = await explain(network.cityAdmin, call, true);
    if (!here.isAllowed || here.isProviderHere) return { code: here.code, refused: refusedIn(here) };
    const there = await explain(network.ministryAdmin, call, false);
    return { code: there.code, refused: refusedIn(there) };
  }

  it(`agrees with the road on ${cases} generated calls`, async () => {
    const differing: unknown[] = [];
    const seen = new Map<string, number>();
    for (let index = 0; index < cases; index += 1) {
      const call: Call = {
        client: next(2) === 0 ? 'PILOT:MUN:2001:portal' : oneOf(clients),
        provider: oneOf(providers),
        serviceCode: next(8) === 0 ? 'nothing' : `made${next(20)}`,
        method: oneOf(methods),
        path: oneOf(paths),
      };
      const said = await explained(call);
      const done = await reality(call);
      seen.set(done ?? 'passed', (seen.get(done ?? 'passed') ?? 0) + 1);
      if (said.code !== done) differing.push({ call, said, done });
    }
    expect(differing).toEqual([]);
    // The calls are of all kinds, or nothing was shown.
    const codes = [...seen.keys()].map((code) => code.replace(/^server\./, '')).sort();
    expect(codes).toEqual(
      expect.arrayContaining([
        'clientproxy.internal_error',
        'clientproxy.ssl_authentication_failed',
        'clientproxy.unknown_member',
        'passed',
        'serverproxy.access_denied',
        'serverproxy.quota_exceeded',
        'serverproxy.service_disabled',
        'serverproxy.unknown_service',
      ]),
    );
  });

  it('shows the rights that have to do with a call, and the page where it is mended', async () => {
    const { path } = await network.publish('ended', (_incoming, outgoing) => outgoing.end('served'));
    const ended = new Date(Date.now() - 1_000).toISOString();
    await network.ministryAdmin.put(
      `/clients/${encodeURIComponent(population)}/services/ended/access-rights`,
      [{ subject: 'PILOT:MUN:2001:portal', endpoints: [{ method: 'GET', path: '/a', validUntil: ended }] }],
    );
    const headers = { 'x-road-client': 'PILOT/MUN/2001/portal', 'x-road-id': 'refused-1' };
    const answer = await fetch(`${network.city.clientUrl}${path}/a`, { headers });
    expect(answer.headers.get('x-road-error')).toBe('server.serverproxy.access_denied');
    const told = await network.ministryAdmin.get<{
      exchanges: readonly { side: string; succeeded: boolean; code: string; now: Explanation }[];
    }>('/explanations/refused-1');
    const [exchange] = told.exchanges;
    expect([exchange?.side, exchange?.succeeded, exchange?.code]).toEqual([
      'provider',
      false,
      'server.serverproxy.access_denied',
    ]);
    const step = exchange?.now.steps.find(({ state }) => state === 'refused');
    expect(step).toMatchObject({
      ...{ id: 'access', mender: 'service-administrator' },
      href: '/clients/PILOT%3AGOV%3A1001%3Apopulation/services/ended/access',
    });
    expect(step?.saw).toContainEqual(['SUBSYSTEM:PILOT:MUN:2001:portal: GET /a', `ended, until ${ended}`]);
  });
});
