import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itHasNoPastFindings, script } from '../gateway/console/testing/past-findings.ts';
import { makeSystemCertificate } from './journeys/testing/system-certificate.ts';
import { AskedServer, pin } from './testing/asked-server.ts';

const client = '/clients/DEV%3AGOV%3A1%3Aregister';
/** An identifier takes no slash. */
const code = encodeURIComponent(`x'y"<img src=x onerror=alert(1)>`);
const service = (url: string) => ({
  ...{ kind: 'REST', url, timeoutSeconds: 5, verifyTls: true, certificates: [] },
});
const endpoints = (path: string) => ({ endpoints: [{ method: 'GET', path }] });

/** What auditors found in the administration of other gateways. Those that any program may have are shared with the registry. */
describe('findings of the past', () => {
  let server: AskedServer;
  const ask: AskedServer['ask'] = (...rest) => server.ask(...rest);
  beforeAll(async () => {
    server = await AskedServer.found();
    const saved = { status: 'saved', connectionType: 'NOSSL', certificates: [] };
    expect((await ask('PUT', client, saved)).status).toBe(204);
  }, 60_000);
  afterAll(() => server.close());

  async function storeScript(): Promise<readonly string[]> {
    const { pem } = await makeSystemCertificate({ CN: script, O: script });
    const document = JSON.stringify({
      ...{ openapi: '3.1.0', info: { title: script, version: script, description: script } },
      ...{
        servers: [{ url: 'https://x.example/' }],
        paths: { [`/${script}`]: { get: { summary: script } } },
      },
    });
    const description = { document: Buffer.from(document).toString('base64') };
    const address = `http://x.example/?${script}`;
    const described = { digest: createHash('sha256').update(document).digest('hex'), address };
    const days = { kind: 'days', days: 30 };
    const own = { connectionType: 'SSLAUTH', certificates: [pem] };
    const made: readonly (readonly [method: string, path: string, body: object])[] = [
      ['PUT', `/clients/DEV%3AGOV%3A1%3A${encodeURIComponent(code)}`, { ...own, status: 'saved' }],
      ['PUT', client, own],
      ['PUT', `${client}/local-groups/readers`, { description: script, members: [] }],
      [
        'PUT',
        `${client}/services/plain`,
        { ...service(address), ...endpoints(`/${script}`), certificates: [pem] },
      ],
      ['PUT', `${client}/services/plain/disabled-notice`, { notice: script }],
      ['POST', `${client}/services/described/description`, { ...description, ...described }],
      [
        'POST',
        `${client}/services/plain/access-rights`,
        [{ subject: `LOCALGROUP:readers`, method: 'GET', path: `/${script}` }],
      ],
      ['POST', '/keys', { label: script, spec: { type: 'ec', curve: 'P-256' } }],
      ['PUT', `/body-policies/provider/DEV%3AGOV%3A1%3Aregister%3A${encodeURIComponent(code)}`, days],
    ];
    const taken: string[] = [];
    for (const [method, path, body] of made) {
      const { status } = await ask(method, path, body, script);
      if (status < 300) taken.push(path);
    }
    return taken;
  }

  itHasNoPastFindings(() => server, {
    ...{ program: 'security-server', pin, storeScript, minStored: 10 },
    searched: [
      '/clients',
      '/access',
      '/keys',
      '/certificates',
      '/requests',
      '/evidence',
      '/explain',
      '/audit-events',
    ],
    stray: [
      '/clients/..%2f..%2fapi%2fv1%2fusers',
      '/clients/%2e%2e%2f%2e%2e%2fapi-keys',
      '/clients/..%2f..%2fusers/services',
      '/clients/DEV:GOV:1:register/services/..%2f..%2f..%2fusers',
      '/clients/DEV:GOV:1:register/groups/..%2f..%2f..%2fusers%2fanna',
      '/access/..%2f..%2fusers%2fanna',
      '/keys/..%2fusers',
      '/certificates/..%2f..%2fusers',
      '/tokens/..%2fsession',
      '/clients/DEV:GOV:1:register%3fconfirm=x',
    ],
    lists: ['/clients', `${client}/services`, `${client}/local-groups`, '/certificates'],
    foundings: [
      ['POST', '/initialization', { id: 'DEV:GOV:2:ss1', pin }],
      ['POST', '/users/first', { name: 'eve' }],
      ['POST', '/join/pin', { pin: 'Another-Horse-8' }],
      ['POST', '/join', { invitation: 'x', address: 'x', subsystems: [{ code: 'x' }] }],
    ],
    name: async (name) => {
      const code = encodeURIComponent(name);
      const answers = [
        await ask('PUT', `/clients/DEV%3AGOV%3A1%3A${encodeURIComponent(code)}`, {
          connectionType: 'NOSSL',
          certificates: [],
          status: 'saved',
        }),
        await ask('PUT', `${client}/local-groups/${code}`, { description: 'x', members: [] }),
        await ask('PUT', `${client}/local-groups/log`, { description: name, members: [] }),
        await ask('PUT', `${client}/services/${code}`, { ...service('http://x.example/'), endpoints: [] }),
        await ask('PUT', `${client}/services/log`, {
          ...service('http://x.example/'),
          endpoints: [],
          disabledNotice: name,
        }),
        await ask('PUT', `${client}/services/log`, {
          ...service('http://x.example/'),
          ...endpoints(`/${name}`),
        }),
        await ask('PUT', `${client}/services/plain/disabled-notice`, { notice: name }),
        await ask('POST', '/keys', { label: name, spec: { type: 'ec', curve: 'P-256' } }),
        await ask('POST', '/management-requests', {
          kind: 'clientReg',
          client: 'DEV:GOV:1:register',
          subsystemName: name,
        }),
        await ask('POST', '/management-requests', { kind: 'addressChange', address: name }),
        await ask('POST', '/management-requests', { kind: 'maintenanceModeEnable', message: name }),
        await ask('POST', '/users', { name, password: 'four words of oil', roles: ['auditor'] }),
        await ask('POST', '/evidence/erasures', { queryId: 'x', reason: name }),
      ];
      return answers.map(({ status }) => status);
    },
  });

  it('replayed initialisation: who founds the folder of a server again finds its keys, and changes nothing', async () => {
    const held = () =>
      ['settings.sqlite', 'configuration-anchor.xml', 'api-key'].map((file) =>
        readFileSync(join(server.data, file)),
      );
    const keys = (await ask('GET', '/keys')).json;
    const before = held().slice(1);
    await expect(server.init({ name: 'eve', password: 'four words of oil' })).rejects.toThrow();
    expect(held().slice(1)).toEqual(before);
    expect((await ask('GET', '/keys')).json).toEqual(keys);
    expect(JSON.stringify((await ask('GET', '/users')).json)).not.toContain('eve');
  });

  it('sender not the owner: asks the registry for nothing in the name of another server or a client it has not', async () => {
    const other = { server: 'DEV:GOV:2:ss2' };
    const own = 'DEV:GOV:1:register';
    const requests: readonly (readonly [body: object, code: string])[] = [
      ...['clientReg', 'clientDeletion', 'clientDisable', 'clientEnable'].map(
        (kind) => [{ kind, client: own, ...other }, 'invalid-fields'] as const,
      ),
      [{ kind: 'addressChange', address: 'evil.example', ...other }, 'invalid-fields'],
      [{ kind: 'maintenanceModeEnable', ...other }, 'invalid-fields'],
      [{ kind: 'clientReg', client: 'DEV:GOV:2:register' }, 'unknown-client'],
      [{ kind: 'authCertDeletion', certificate: 'a'.repeat(64) }, 'unknown-certificate'],
      [{ kind: 'ownerChange', client: own }, 'invalid-identifier'],
    ];
    for (const [body, code] of requests) {
      const { json } = await ask('POST', '/management-requests', body);
      expect([body, json.code]).toEqual([body, code]);
    }
    const host = { provider: 'ELSEWHERE:GOV:1:management', url: 'http://evil.example/' };
    expect((await ask('POST', '/management-services', host)).json.code).toBe('invalid-identifier');
    expect((await ask('GET', '/management-requests')).json).toEqual([]);
  });

  it('group race: a group has each member once, and is whole or gone, however many change it at once', async () => {
    const group = `${client}/local-groups/racing`;
    const members = Array.from({ length: 20 }, (_, index) => `DEV:GOV:r${index}:x`);
    const put = (count: number) =>
      ask('PUT', group, {
        description: String(count),
        members: [...members.slice(0, count), ...members.slice(0, count)],
      });
    const remove = () => ask('DELETE', group);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => (index % 7 === 0 ? remove() : put((index % 20) + 1))),
    );
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    await put(13);
    const whole = { description: '13', members: members.slice(0, 13) };
    expect((await ask('GET', group)).json).toMatchObject(whole);
    const states = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        if (index % 2 === 0) return put((index % 20) + 1);
        return ask('GET', group);
      }),
    );
    for (const { json } of states) {
      if (json !== undefined) expect(json.members).toHaveLength(Number(json.description));
    }
    expect(server.reported).toEqual([]);
  }, 60_000);
});
