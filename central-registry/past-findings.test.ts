import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../certs/key/index.ts';
import { buildName, createCertificate } from '../certs/x509/index.ts';
import { parseAnchor, writeAnchor } from '../gateway/configuration/index.ts';
import { itHasNoPastFindings, script } from '../gateway/console/testing/past-findings.ts';
import { AskedRegistry } from './testing/asked-registry.ts';

const pin = 'Correct-Horse-7';

/** What auditors found in registries before ours. Those that any program may have are in gateway/http, people and backup too. */
describe('findings of the past', () => {
  let registry: AskedRegistry;
  const ask: AskedRegistry['ask'] = (...rest) => registry.ask(...rest);
  beforeAll(async () => {
    registry = await AskedRegistry.found('TEST');
    await registry.start({ registration: { host: '127.0.0.1', port: 0 } });
  });
  afterAll(() => registry.close());

  async function storeScript(): Promise<readonly string[]> {
    const authority = await generateKeyPair({ type: 'ec', curve: 'P-256' });
    const name = buildName({ CN: script, O: script });
    const { pem: certificate } = await createCertificate(
      {
        ...{ issuer: name, subject: name, publicKey: authority.publicKey, serialNumber: 1n, isCa: true },
        ...{ notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) },
      },
      softwareSigningKey(authority.privateKey),
    );
    const top = { certificate, ocspResponders: [] };
    const code = "x'y<b>";
    const made: [method: string, path: string, body: object][] = [
      ['PUT', `/member-classes/${encodeURIComponent(code)}`, { description: script }],
      ['PUT', '/member-classes/GOV', { description: script }],
      ['POST', '/members', { id: `TEST:GOV:${encodeURIComponent(code)}`, name: script }],
      ['POST', '/members', { id: 'TEST:GOV:1', name: script }],
      ['POST', '/subsystems', { id: 'TEST:GOV:1:a', name: script }],
      ['PUT', '/global-groups/GROUP', { description: script }],
      ['POST', '/certification-services', { name: script, profile: script, top }],
      ['POST', '/timestamping-services', { name: script, url: 'http://tsa.example/', certificate }],
    ];
    const abroad = await AskedRegistry.found('ABROAD');
    const { xml } = await abroad.running.anchor('external');
    await abroad.close();
    const anchor = writeAnchor({
      ...parseAnchor(xml),
      sources: parseAnchor(xml).sources.map((source) => ({
        ...source,
        url: `http://abroad.example/${script}`,
      })),
    });
    made.push([
      'POST',
      '/invitations',
      { memberClass: 'GOV', memberCode: '2', memberName: script, contact: script },
    ]);
    made.push(['POST', '/trusted-anchors', { file: String(anchor) }]);
    const taken: string[] = [];
    for (const [method, path, body] of made) {
      if (path === '/invitations') {
        // Nobody can be invited before servers can be registered.
        const managementServiceAddress = registry.running.registrationUrl;
        const { json: settings } = await ask('GET', '/settings');
        await ask('PUT', '/settings', {
          ...{ ...settings, managementServiceAddress, managementServiceProvider: 'TEST:GOV:1:a' },
        });
      }
      const query = path.endsWith('services') ? '?confirm=' : '';
      const { status, json } = await ask(method, `${path}${query}`, body, script);
      const codes = (json as { warnings?: { code: string }[] } | undefined)?.warnings?.map((one) => one.code);
      const again =
        codes === undefined
          ? status
          : (await ask(method, `${path}?confirm=${codes.join(',')}`, body, script)).status;
      // One that refuses such a name is as good; most must take it, or this test sees nothing.
      if (again < 300) taken.push(path);
    }
    expect(JSON.stringify((await ask('GET', '/history?limit=1')).json)).toContain('<script>');

    return taken;
  }

  itHasNoPastFindings(() => registry, {
    ...{ program: 'central-registry', pin, storeScript, minStored: 9 },
    searched: ['/members', '/requests', '/history', '/invitations', '/groups', '/audit-events'],
    stray: [
      '/members/..%2f..%2fapi%2fv1%2fusers',
      '/members/%2e%2e%2f%2e%2e%2fapi-keys',
      '/servers/..%2fmembers',
      '/groups/..%2f..%2fusers%2fanna',
      '/invitations/..%2fsession',
      '/requests/..%2f..%2fsession',
      '/trust-services/certification/..%2f..%2fusers',
      '/members/TEST:GOV:1%3fconfirm=x',
    ],
    lists: ['/members', '/subsystems', '/servers', '/global-groups'],
    foundings: [
      ['POST', '/founding', { name: 'eve', instance: 'EVE' }],
      ['POST', '/initialization', { name: 'eve', instance: 'EVE' }],
      ['POST', '/users/first', { name: 'eve', instance: 'EVE' }],
    ],
    name: async (name) => {
      await ask('PUT', '/member-classes/LOG', { description: 'x' });
      await ask('POST', '/members', { id: 'TEST:LOG:1', name: 'x' });
      const answers = [
        await ask('POST', '/members', { id: 'TEST:LOG:2', name }),
        await ask('PUT', '/members/TEST:LOG:1', { name }),
        await ask('POST', '/members', { id: `TEST:LOG:${encodeURIComponent(name)}`, name: 'x' }),
        await ask('POST', '/subsystems', { id: 'TEST:LOG:1:a', name }),
        await ask('PUT', '/member-classes/LOG', { description: name }),
        await ask('PUT', '/global-groups/LOG', { description: name }),
        await ask('POST', '/servers', {
          ...{ id: 'TEST:LOG:1:ss1', address: 'ss1.example', maintenance: { message: name } },
        }),
        await ask('POST', '/invitations', {
          ...{ memberClass: 'LOG', memberCode: '1', memberName: name, contact: 'x' },
        }),
      ];
      return answers.map(({ status }) => status);
    },
  });
  it('group race: a member is in a group once, and no group is half removed', async () => {
    const group = '/global-groups/racing';
    await ask('PUT', group, { description: 'x' });
    const members = Array.from({ length: 20 }, (_, index) => `TEST:GOV:r${index}`);
    for (const id of members) await ask('POST', '/members', { id, name: 'racing' });
    const add = (id: string) => ask('POST', `${group}/members`, { id });
    const remove = (id: string) => ask('DELETE', `${group}/members/${encodeURIComponent(id)}`);
    const first = await Promise.all(members.flatMap((id) => Array.from({ length: 10 }, () => add(id))));
    expect(first.filter(({ status }) => status >= 500)).toEqual([]);
    const inIt = async () => ((await ask('GET', group)).json as { members: string[] }).members;
    expect([...(await inIt())].sort()).toEqual(members.toSorted());
    const answers = await Promise.all([
      ...members.map(remove),
      ask('DELETE', group),
      ...members.map(add),
      ask('PUT', group, { description: 'again' }),
    ]);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    const after = await ask('GET', group);
    if (after.status === 200) expect(new Set(await inIt()).size).toBe((await inIt()).length);
    else expect(after.status).toBe(404);
    expect(registry.reported).toEqual([]);
  }, 60_000);

  it('log injection: why somebody made a change stands on one line, whatever they wrote', async () => {
    const why = 'x\r\n{"by":"user:eve"}\u2028\u202e';
    expect((await ask('PUT', '/member-classes/WHY', { description: 'x' }, why)).status).toBe(204);
    const { json } = await ask('GET', '/history?table=memberClass&key=WHY');
    const [entry] = json as { why: string }[];
    expect(entry?.why).toBe('x\\u{d}\\n{"by":"user:eve"}\\u{2028}\\u{202e}');
  });
});
