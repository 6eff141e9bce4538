import { createServer } from 'node:http';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createCertificate } from '../../certs/x509/index.ts';
import { type Listening, listen } from '../http/index.ts';
import { parseXml } from '../xml/index.ts';
import { call, startNetwork, type TestNetwork } from './network.ts';

const population = '/clients/PILOT%3AGOV%3A1001%3Apopulation';

describe('an information system is refused', () => {
  let network: TestNetwork;
  let path: string;
  let calls = 0;
  const services: Listening[] = [];

  beforeAll(async () => {
    network = await startNetwork();
    ({ path } = await network.publish('guarded', (_incoming, outgoing) => {
      calls += 1;
      outgoing.end('reached');
    }));
  });
  afterAll(async () => {
    await network?.close();
    for (const service of services) await service.close(50);
  });

  /** Code, status and detail of a refusal; the service must not have been reached. */
  const refusal = async (target: string, options: Parameters<typeof call>[2] = {}) => {
    const before = calls;
    const answer = await call(network, target, options);
    expect(calls).toBe(before);
    const code = answer.headers['x-road-error'];
    const body = JSON.parse(answer.body.toString());
    expect([body.type, typeof body.message, typeof body.detail]).toEqual([code, 'string', 'string']);
    return { code, status: answer.status, message: body.message as string };
  };
  const rights = (subjects: readonly { subject: string; endpoints: object[] }[]) =>
    network.ministryAdmin.put(`${population}/services/guarded/access-rights`, subjects);

  it('the client is not known here; the answer is unknown_member of the client side', async () => {
    const { code, status } = await refusal(`${path}/x`, { client: 'PILOT/MUN/2001/stranger' });
    expect([code, status]).toEqual(['server.clientproxy.unknown_member', 500]);
  });

  it.each([
    ['', 'server.clientproxy.invalid_client_identifier'],
    ['PILOT/MUN', 'server.clientproxy.invalid_client_identifier'],
    ['PILOT/MUN/2001/portal/more', 'server.clientproxy.invalid_client_identifier'],
  ])('the client calls itself %j; the answer is %s', async (client, code) => {
    expect((await refusal(`${path}/x`, { client })).code).toBe(code);
  });

  it('the client names itself not at all; the answer is invalid_client_identifier', async () => {
    const response = await request(`${network.city.clientUrl}${path}/x`);
    await response.body.dump();
    expect(response.headers['x-road-error']).toBe('server.clientproxy.invalid_client_identifier');
  });

  it('the provider is not known; the answer is unknown_member of the client side', async () => {
    expect((await refusal('/r1/PILOT/GOV/1001/nobody/x')).code).toBe('server.clientproxy.unknown_member');
  });

  it('the service is not known; the answer is unknown_service of the provider side', async () => {
    const { code, status } = await refusal('/r1/PILOT/GOV/1001/population/nothing/x');
    expect([code, status]).toEqual(['server.serverproxy.unknown_service', 500]);
  });

  it('the client has no right; the answer is access_denied', async () => {
    const options = { client: 'PILOT/MUN/2001/permits' };
    expect((await refusal(`${path}/x`, options)).code).toBe('server.serverproxy.access_denied');
  });

  it('the client has a right on one endpoint; others are access_denied', async () => {
    const permits = { client: 'PILOT/MUN/2001/permits' };
    await rights([{ subject: 'PILOT:MUN:2001:permits', endpoints: [{ method: 'GET', path: '/open/*' }] }]);
    expect((await call(network, `${path}/open/1`, permits)).status).toBe(200);
    for (const [target, method] of [
      ['/open/1', 'POST'],
      ['/open', 'GET'],
      ['/open/1/2', 'GET'],
      ['/closed', 'GET'],
      ['', 'GET'],
    ] as const) {
      const { code } = await refusal(`${path}${target}`, { ...permits, method });
      expect([target, method, code]).toEqual([target, method, 'server.serverproxy.access_denied']);
    }
  });

  it.each([
    [
      'local',
      'LOCALGROUP:friends',
      () =>
        network.ministryAdmin.put(`${population}/local-groups/friends`, {
          description: '',
          members: ['PILOT:MUN:2001:permits'],
        }),
    ],
    [
      'global',
      'GLOBALGROUP:PILOT:cities',
      async () => {
        await network.registryAdmin.put('/global-groups/cities', { description: 'Cities' });
        await network.registryAdmin.post('/global-groups/cities/members', { id: 'PILOT:MUN:2001:permits' });
      },
    ],
  ] as const)(
    'the client is in the %s group that has the right; who is not in it is access_denied',
    async (_kind, subject, found) => {
      await rights([
        { subject: 'PILOT:MUN:2001:permits', endpoints: [] },
        { subject: 'PILOT:MUN:2001:portal', endpoints: [] },
        { subject, endpoints: [{ method: '*', path: '**' }] },
      ]);
      await found();
      const permits = { client: 'PILOT/MUN/2001/permits' };
      await until(async () => {
        // The registry publishes a moment after the change.
        await network.ministryAdmin.post('/configuration/refresh');
        return (await call(network, `${path}/x`, permits)).status === 200;
      });
      expect((await refusal(`${path}/x`)).code).toBe('server.serverproxy.access_denied');
      await rights([
        { subject, endpoints: [] },
        { subject: 'PILOT:MUN:2001:portal', endpoints: [{ method: '*', path: '**' }] },
      ]);
    },
  );

  it('the service is switched off; the answer is service_disabled with its notice', async () => {
    await network.ministryAdmin.put(`${population}/services/off`, {
      ...{
        kind: 'REST',
        url: 'http://127.0.0.1:1',
        timeoutSeconds: 1,
        verifyTls: true,
        certificates: [],
        endpoints: [],
      },
      disabledNotice: 'closed on Sundays',
    });
    const rightsOfOff = `${population}/services/off/access-rights`;
    await network.ministryAdmin.put(rightsOfOff, [
      { subject: 'PILOT:MUN:2001:portal', endpoints: [{ method: '*', path: '**' }] },
    ]);
    const { code, message } = await refusal('/r1/PILOT/GOV/1001/population/off/x');
    expect([code, message]).toEqual([
      'server.serverproxy.service_disabled',
      'Service SERVICE:PILOT/GOV/1001/population/off is disabled: closed on Sundays',
    ]);
  });

  it.each([
    ['PILOT/MUN/2001/ss2', 'server.clientproxy.invalid_security_server'],
    ['PILOT/GOV/1001/other', 'server.clientproxy.invalid_security_server'],
  ])(
    'the client pins the server %s, which does not serve the provider; the answer is %s',
    async (server, code) => {
      expect((await refusal(`${path}/x`, { headers: { 'X-Road-Security-Server': server } })).code).toBe(code);
    },
  );

  it('the client pins the server that serves the provider; the answer is the service’s', async () => {
    const headers = { 'X-Road-Security-Server': 'PILOT/GOV/1001/ss1' };
    expect((await call(network, `${path}/x`, { headers })).status).toBe(200);
  });

  it('the client wants XML; the refusal is XML', async () => {
    const answer = await call(network, '/r1/PILOT/GOV/1001/population/nothing/x', {
      headers: { accept: 'text/xml' },
    });
    expect(String(answer.headers['content-type'])).toMatch(/^text\/xml/);
    expect(parseXml(answer.body).localName).toBe('error');
  });

  it('the service cannot be reached; the answer is network_error of the provider side', async () => {
    const { listening, path: gone } = await network.publish('gone', () => undefined);
    await listening.close(10);
    expect((await refusal(`${gone}/x`)).code).toMatch(
      /^server\.serverproxy\.(service_failed\.)?network_error$/,
    );
  });

  it('the service does not answer in its time; the answer is a fault of the provider side', async () => {
    const { path: slow } = await network.publish('slow', () => undefined);
    await network.ministryAdmin.put(`${population}/services/slow`, {
      ...{ kind: 'REST', timeoutSeconds: 1, verifyTls: true, certificates: [], endpoints: [] },
      url: await hangingService(services),
    });
    expect((await refusal(`${slow}/x`)).code).toMatch(
      /^server\.serverproxy\.(service_failed\.)?network_error$/,
    );
  });

  it('the service breaks off in the middle of its answer; the client is not given half of it', async () => {
    const { path: breaking } = await network.publish('breaking', (_incoming, outgoing) => {
      outgoing.writeHead(200, { 'Content-Length': 1000 });
      outgoing.write('half');
      setImmediate(() => outgoing.destroy());
    });
    const { code } = await refusal(`${breaking}/x`);
    expect(code).toMatch(/^server\.serverproxy\./);
  });

  describe('by how it connects', () => {
    const portalSettings = '/clients/PILOT%3AMUN%3A2001%3Aportal';
    const set = (connectionType: string, certificates: readonly string[] = []) =>
      network.cityAdmin.put(portalSettings, { status: 'registered', connectionType, certificates });
    afterAll(() => set('NOSSL'));

    const overTls = async (identity?: { key: string; cert: string }) => {
      const agent = new Agent({ connect: { rejectUnauthorized: false, ...identity } });
      try {
        const response = await request(`${network.city.clientTlsUrl}${path}/x`, {
          headers: { 'X-Road-Client': 'PILOT/MUN/2001/portal' },
          dispatcher: agent,
        });
        await response.body.dump();
        return response.headers['x-road-error'] ?? response.statusCode;
      } finally {
        await agent.close();
      }
    };
    const identity = async (notAfter = new Date('2049-01-01T00:00:00Z')) => {
      const { privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
      const key = softwareSigningKey(privateKey);
      const subject = buildName({ CN: 'information system' });
      const dates = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter };
      const certificate = await createCertificate(
        { subject, issuer: subject, publicKey: key.publicKey, serialNumber: 1n, ...dates },
        key,
      );
      return { key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), cert: certificate.pem };
    };

    it('SSLNOAUTH: over HTTP it is refused, over HTTPS it is let in', async () => {
      await set('SSLNOAUTH');
      expect((await refusal(`${path}/x`)).code).toBe('server.clientproxy.ssl_authentication_failed');
      expect(await overTls()).toBe(200);
    });

    it('SSLAUTH: without, with another and with an expired certificate it is refused, with its own it is let in', async () => {
      const [own, other, expired] = [
        await identity(),
        await identity(),
        await identity(new Date('2021-01-01T00:00:00Z')),
      ];
      await set('SSLAUTH', [own.cert, expired.cert]);
      expect((await refusal(`${path}/x`)).code).toBe('server.clientproxy.ssl_authentication_failed');
      for (const shown of [undefined, other, expired]) {
        expect(await overTls(shown)).toBe('server.clientproxy.ssl_authentication_failed');
      }
      expect(await overTls(own)).toBe(200);
    });
  });
});

/** A service that takes connections and says nothing. */
async function hangingService(services: Listening[]): Promise<string> {
  const listening = await listen(
    createServer(() => undefined),
    '127.0.0.1',
    0,
    'none',
  );
  services.push(listening);
  return `http://127.0.0.1:${listening.port}`;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) if (await condition()) return;
  throw new Error('the condition did not come true');
}
