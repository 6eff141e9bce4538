import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../certs/key/index.ts';
import { buildName, createCertificate } from '../certs/x509/index.ts';
import { AskedRegistry } from './testing/asked-registry.ts';

const day = 86_400_000;

/** An authority, and a certificate of it. */
async function trust() {
  const [authority, server] = await Promise.all([
    generateKeyPair({ type: 'ec', curve: 'P-256' }),
    generateKeyPair({ type: 'ec', curve: 'P-256' }),
  ]);
  const issuer = buildName({ CN: 'Test CA' });
  const common = { issuer, notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) };
  const key = softwareSigningKey(authority.privateKey);
  const ca = await createCertificate(
    { ...common, subject: issuer, publicKey: authority.publicKey, serialNumber: 1n },
    key,
  );
  const own = await createCertificate(
    { ...common, subject: buildName({ CN: 'ss1' }), publicKey: server.publicKey, serialNumber: 2n },
    key,
  );
  return { ca: ca.pem, own: own.pem };
}

describe('the administration of a registry', () => {
  let registry: AskedRegistry;
  const ask: AskedRegistry['ask'] = (...rest) => registry.ask(...rest);
  beforeAll(async () => {
    registry = await AskedRegistry.found('TEST');
    await ask('PUT', '/member-classes/GOV', { description: 'x' });
    await ask('POST', '/members', { id: 'TEST:GOV:owner', name: 'who owns' });
  });
  afterAll(() => registry.close());

  it('duplicate codes: a code is registered once, however many ask for it at the same time', async () => {
    const member = { id: 'TEST:GOV:wanted', name: 'one of us' };
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask('POST', '/members', member)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(999);
    expect((await ask('GET', '/members?q=WANTED')).json).toHaveLength(1);
    expect(registry.reported).toEqual([]);
  }, 60_000);

  it('goes through a list page by page, whatever is added and removed meanwhile', async () => {
    for (const code of ['p1', 'p2', 'p3', 'p4', 'p5']) {
      await ask('POST', '/members', { id: `TEST:GOV:${code}`, name: `paged ${code}` });
    }
    const { adminUrl, apiKey } = registry.running;
    const seen: string[] = [];
    let next: string | undefined = '/api/v1/members?q=paged&limit=2';
    while (next !== undefined) {
      const response: Response = await fetch(`${adminUrl}${next}`, {
        headers: { authorization: `Bearer ${apiKey}` },
      });
      const members = (await response.json()) as { id: string }[];
      expect(members.length).toBeLessThanOrEqual(2);
      seen.push(...members.map(({ id }) => id));
      // The last of the page goes, and one before it comes: neither moves the next page.
      await ask('DELETE', `/members/${encodeURIComponent(members.at(-1)?.id ?? '')}`);
      await ask('POST', '/members', { id: `TEST:GOV:p0${seen.length}`, name: 'paged too' });
      next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(['p1', 'p2', 'p3', 'p4', 'p5'].map((code) => `TEST:GOV:${code}`));
  });

  it.each(['limit=0', 'limit=1001', 'limit=x', 'cursor=%00', 'cursor=***', `q=${'x'.repeat(201)}`])(
    'takes no query that fits no list: %s',
    async (query) => {
      expect((await ask('GET', `/members?${query}`)).status).toBe(422);
    },
  );

  it('shows one thing by its name, and says that there is none', async () => {
    expect((await ask('GET', '/members/TEST%3AGOV%3Awanted')).json).toEqual({
      id: 'TEST:GOV:wanted',
      name: 'one of us',
    });
    for (const path of [
      '/members/TEST%3AGOV%3Anone',
      '/subsystems/TEST%3AGOV%3Awanted%3Anone',
      '/servers/TEST%3AGOV%3Awanted%3Anone',
      '/global-groups/none',
      '/certification-services/3f7d0a3e-5a43-4a8e-9a5b-0f6f8f7f0c11',
      '/timestamping-services/3f7d0a3e-5a43-4a8e-9a5b-0f6f8f7f0c11',
    ]) {
      expect([path, (await ask('GET', path)).status]).toEqual([path, 404]);
    }
  });

  it.each(['/members/TEST%3AGOV%3Aowner', '/settings', '/global-groups/both'])(
    'takes one change of two that were made from the same version: %s',
    async (path) => {
      await ask('PUT', '/global-groups/both', { description: 'as it was' });
      const { adminUrl, apiKey } = registry.running;
      const url = `${adminUrl}/api/v1${path}`;
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
      const read = await fetch(url, { headers });
      const seen = (await read.json()) as Record<string, unknown>;
      const put = (change: object) =>
        fetch(url, {
          method: 'PUT',
          headers: { ...headers, 'if-match': read.headers.get('etag') ?? '' },
          body: JSON.stringify({ ...seen, ...change }),
        });
      const changes = ['left', 'right'].map((text) =>
        put({ name: text, description: text, validitySeconds: text === 'left' ? 700 : 800 }),
      );
      const answers = (await Promise.all(changes)).map(({ status }) => status);
      expect(answers.sort()).toEqual([204, 412]);
    },
  );

  it('ends no trust on which servers live before that is confirmed', async () => {
    const { ca, own } = await trust();
    const server = 'TEST:GOV:owner:ss1';
    const certificates = `/servers/${encodeURIComponent(server)}/authentication-certificates`;
    expect((await ask('POST', '/servers', { id: server, address: 'ss1.example' })).status).toBe(201);
    expect((await ask('POST', certificates, { certificate: own })).status).toBe(201);
    const service = {
      ...{
        name: 'CA',
        profile: 'ee.ria.xroad.common.certificateprofile.impl.FiVRKCertificateProfileInfoProvider',
      },
      top: { certificate: ca, ocspResponders: [] },
    };
    const { entryId } = (await ask('POST', '/certification-services', service)).json;
    const path = `/certification-services/${entryId}`;
    expect(await ask('DELETE', path)).toMatchObject({
      status: 409,
      json: { code: 'confirmation-needed', warnings: [{ code: 'certificates-in-use' }] },
    });
    expect((await ask('GET', path)).status).toBe(200);
    const other = { ...service, top: { certificate: own, ocspResponders: [] } };
    expect(await ask('PUT', path, other)).toMatchObject({
      ...{ status: 409, json: { code: 'confirmation-needed', warnings: [{ code: 'certificates-in-use' }] } },
    });
    expect((await ask('PUT', path, { ...service, name: 'CA 2' })).status).toBe(204);
    const kept = { ...other, intermediates: [service.top] };
    expect((await ask('PUT', path, kept)).status).toBe(204);
    expect((await ask('DELETE', `${path}?confirm=certificates-in-use`)).status).toBe(204);
    expect((await ask('GET', path)).status).toBe(404);
  });
});
