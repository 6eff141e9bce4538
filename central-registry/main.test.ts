import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../certs/key/index.ts';
import { buildName, createCertificate } from '../certs/x509/index.ts';
import {
  parseAnchor,
  parsePrivateParameters,
  parseSharedParameters,
  verifyDirectory,
  versions,
} from '../gateway/configuration/index.ts';
import { initRegistry, type RegistrySettings, type RunningRegistry, startRegistry } from './index.ts';

const pin = 'Correct-Horse-7';

describe('a central registry', () => {
  let data: string;
  let registry: RunningRegistry;
  let reported: unknown[];
  const settings = (): RegistrySettings => ({
    data,
    pin,
    configurationHost: '127.0.0.1',
    configurationPort: 0,
    adminHost: '127.0.0.1',
    adminPort: 0,
    report: (error) => reported.push(error),
  });
  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'waygate-registry-'));
    reported = [];
    await initRegistry({ data, instance: 'TEST', address: '127.0.0.1', pin });
    registry = await startRegistry(settings());
  });
  afterEach(async () => {
    await registry.close();
    rmSync(data, { recursive: true });
    expect(reported).toEqual([]);
  });

  /** Asks the administration API as its administrator. */
  const ask = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${registry.adminUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${registry.apiKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : undefined;
    return { status: response.status, text, json };
  };

  /** Fetches and verifies a configuration as a security server would, with the anchor as it is now. */
  const download = async (source: 'internal' | 'external', version: number, anchorXml?: Buffer) => {
    const anchor = parseAnchor(anchorXml ?? (await registry.anchor(source)).xml);
    const [place] = anchor.sources;
    if (place === undefined) throw new Error('the anchor names no source');
    const response = await fetch(`${place.url}?version=${version}`);
    expect(response.status).toBe(200);
    const body = Buffer.from(await response.arrayBuffer());
    const directory = verifyDirectory(body, place.verificationCerts, new Date());
    const files = new Map<string, Buffer>();
    for (const { contentIdentifier, location, digest, hash } of directory.parts) {
      const part = Buffer.from(await (await fetch(new URL(location, place.url))).arrayBuffer());
      const { createHash } = await import('node:crypto');
      expect(createHash(digest.name).update(part).digest()).toEqual(hash);
      files.set(contentIdentifier, part);
    }
    return { directory, files };
  };
  const downloadShared = async (version: 2 | 3 | 4 | 5 | 6) => {
    const { files } = await download('internal', version);
    return parseSharedParameters(files.get('SHARED-PARAMETERS') ?? Buffer.alloc(0), version);
  };
  /** Resolves when the next publication names a member of that name. */
  const published = async (name: string) => {
    for (;;) {
      const shared = await downloadShared(6);
      if (shared.members.some((member) => member.name === name)) return shared;
    }
  };

  const populate = async () => {
    await ask('PUT', '/member-classes/GOV', { description: 'Government' });
    await ask('POST', '/members', { id: 'TEST:GOV:1', name: 'Ministry' });
    await ask('POST', '/subsystems', { id: 'TEST:GOV:1:population', name: 'Population register' });
    await ask('POST', '/servers', { id: 'TEST:GOV:1:ss1', address: 'ss1.example' });
    await ask('POST', '/servers/TEST:GOV:1:ss1/clients', { id: 'TEST:GOV:1:population' });
    await ask('POST', '/servers/TEST:GOV:1:ss1/authentication-certificates', {
      certificate: await pem('auth'),
    });
    await ask('POST', '/certification-services', {
      name: 'CA',
      profile: 'ee.ria.xroad.common.certificateprofile.impl.FiVRKCertificateProfileInfoProvider',
      top: { certificate: await pem('ca'), ocspResponders: [{ url: 'http://ocsp.example/' }] },
    });
    await ask('POST', '/timestamping-services', {
      name: 'TSA',
      url: 'http://tsa.example/',
      certificate: await pem('tsa'),
    });
    await ask('PUT', '/global-groups/readers', { description: 'May read' });
    await ask('POST', '/global-groups/readers/members', { id: 'TEST:GOV:1:population' });
    await ask('PUT', '/members/TEST:GOV:1', { name: 'Last' });
    return published('Last');
  };

  it.each(versions)('publishes version %d, which verifies with its anchor', async (version) => {
    await populate();
    const { directory, files } = await download('internal', version);
    expect(directory.version).toBe(version);
    const shared = parseSharedParameters(files.get('SHARED-PARAMETERS') ?? Buffer.alloc(0), version);
    const own = parsePrivateParameters(files.get('PRIVATE-PARAMETERS') ?? Buffer.alloc(0));
    expect(own).toMatchObject({ instance: 'TEST', timeStampingIntervalSeconds: 60 });
    expect(shared).toMatchObject({
      instance: 'TEST',
      approvedCas: [{ name: 'CA' }],
      approvedTsas: [{ url: 'http://tsa.example/' }],
      members: [{ name: 'Last', subsystems: [{ subsystemCode: 'population' }] }],
      securityServers: [{ address: 'ss1.example', clients: [{ subsystemCode: 'population' }] }],
      globalGroups: [
        { groupCode: 'readers', members: [{ subsystemCode: 'population' }] },
        { groupCode: 'security-server-owners', members: [{ memberCode: '1' }] },
      ],
    });
    expect(shared.securityServers[0]?.authCertHashes.map(({ length }) => length)).toEqual([
      version === 2 ? 20 : 32,
    ]);
    const external = await download('external', version);
    expect([...external.files.keys()]).toEqual(['SHARED-PARAMETERS', 'REGISTRY-HISTORY']);
  });

  it('hides clients of a server in maintenance from versions that cannot say so', async () => {
    await populate();
    await ask('PUT', '/servers/TEST:GOV:1:ss1', {
      address: 'ss1.example',
      maintenance: { message: 'Back at noon' },
    });
    await ask('PUT', '/members/TEST:GOV:1', { name: 'After' });
    await published('After');
    expect((await downloadShared(4)).securityServers[0]?.clients).toEqual([]);
    expect((await downloadShared(5)).securityServers[0]).toMatchObject({
      clients: [{ subsystemCode: 'population' }],
      inMaintenanceMode: { message: 'Back at noon' },
    });
  });

  it('answers without a version as with 2, and knows no other paths', async () => {
    const get = async (path: string, method = 'GET') =>
      (await fetch(`${registry.configurationUrl}${path}`, { method })).status;
    const without = await (await fetch(`${registry.configurationUrl}/internalconf`)).text();
    expect(without).toContain('\r\nVersion: 2\r\n');
    expect(await get('/internalconf?version=7')).toBe(404);
    expect(await get('/internalconf?version=')).toBe(404);
    expect(await get('/V6/%2e%2e/%2e%2e/api-key')).toBe(404);
    expect(await get('/V6/20260101000000000000000/shared-params.xml')).toBe(404);
    expect(await get('/')).toBe(404);
    expect(await get('/internalconf', 'POST')).toBe(405);
    expect(await get('/V6/externalconf', 'HEAD')).toBe(200);
  });

  it('rotates a key without a moment in which readers of either anchor are lost', async () => {
    const former = (await registry.anchor('internal')).xml;
    const { json } = await ask('POST', '/keys', { source: 'internal', spec: { type: 'rsa', bits: 2048 } });
    const both = (await registry.anchor('internal')).xml;
    expect(parseAnchor(both).sources[0]?.verificationCerts).toHaveLength(2);
    for (const anchor of [former, both]) await download('internal', 6, anchor);

    expect((await ask('POST', `/keys/${json.keyId}/activation`)).status).toBe(204);
    await signedBy(json.keyId);
    await download('internal', 6, both);
    await expect(download('internal', 6, former)).rejects.toMatchObject({ code: 'CertNotFound' });

    const old = (await keys()).find(({ source, isActive }) => source === 'internal' && !isActive);
    expect((await ask('DELETE', `/keys/${json.keyId}`)).json).toMatchObject({ status: 409, code: 'in-use' });
    expect((await ask('DELETE', `/keys/${old?.keyId}`)).status).toBe(204);
    await download('internal', 6);
    expect((await registry.anchor('internal')).keyIds).toEqual([json.keyId]);
  });
  const keys = async (): Promise<readonly { keyId: string; source: string; isActive: boolean }[]> =>
    (await ask('GET', '/keys')).json;
  /** Resolves when the internal configuration bears a signature of that key alone. */
  const signedBy = async (keyId: string) => {
    const all = (await ask('GET', '/keys')).json as readonly { keyId: string; certificate: string }[];
    const der = pemToDer(all.find((key) => key.keyId === keyId)?.certificate ?? '');
    for (;;) {
      const body = Buffer.from(
        await (await fetch(`${registry.configurationUrl}/V6/internalconf`)).arrayBuffer(),
      );
      try {
        return verifyDirectory(body, [der], new Date());
      } catch {
        // The former key signed this one: the next publication is on its way.
      }
    }
  };

  it('keeps everything over a restart, its address book and its key to the API too', async () => {
    await populate();
    const { apiKey } = registry;
    const before = (await ask('GET', '/servers')).json;
    await registry.close();
    registry = await startRegistry(settings());
    expect(registry.apiKey).toBe(apiKey);
    expect((await ask('GET', '/servers')).json).toEqual(before);
    expect((await downloadShared(6)).members[0]?.name).toBe('Last');
  });

  it('does not start with another PIN, and takes no port with it', async () => {
    await registry.close();
    await expect(startRegistry({ ...settings(), pin: 'Wrong-Horse-8' })).rejects.toMatchObject({
      code: 'pin-incorrect',
    });
    await expect(initRegistry({ data, instance: 'TEST', address: '127.0.0.1', pin })).rejects.toMatchObject({
      code: 'exists',
    });
  });

  it('shows no secret: not in answers, not in files that others may read', async () => {
    await populate();
    const answers: string[] = [];
    const paths = [
      '/keys',
      '/settings',
      '/members',
      '/servers',
      '/certification-services',
      '/anchors/internal',
    ];
    for (const path of [...paths, '/publication', '/nowhere', '/anchors/internal/file']) {
      answers.push((await ask('GET', path)).text);
    }
    answers.push(await (await fetch(`${registry.adminUrl}/openapi.json`)).text());
    const text = answers.join('\n');
    for (const secret of [pin, registry.apiKey, 'PRIVATE KEY']) expect(text).not.toContain(secret);
    expect(statSync(join(data, 'api-key')).mode & 0o077).toBe(0);
    for (const name of readdirSync(join(data, 'token'))) {
      expect(statSync(join(data, 'token', name)).mode & 0o077).toBe(0);
      expect(readFileSync(join(data, 'token', name), 'utf8')).not.toContain(pin);
    }
  });

  it('refuses with a code, and does nothing of what it refused', async () => {
    await populate();
    const refusals = [
      ['POST', '/members', { id: 'TEST:GOV:1', name: 'Again' }, 409, 'exists'],
      ['POST', '/members', { id: 'OTHER:GOV:1', name: 'x' }, 404, 'not-found'],
      ['POST', '/members', { id: 'TEST:GOV', name: 'x' }, 422, 'invalid-identifier'],
      ['POST', '/members', { id: 'TEST:GOV:1:population', name: 'x' }, 422, 'invalid-identifier'],
      ['POST', '/members', { name: 'x' }, 422, 'invalid-fields'],
      ['DELETE', '/members/TEST:GOV:1', undefined, 409, 'in-use'],
      ['POST', '/servers/TEST:GOV:1:ss1/authentication-certificates', { certificate: 'x' }, 422, 'invalid'],
      ['PUT', '/settings', { address: 'a b' }, 422, 'invalid-fields'],
      ['DELETE', '/keys/absent', undefined, 404, 'not-found'],
      ['DELETE', '/timestamping-services/00000000-0000-4000-8000-000000000000', undefined, 404, 'not-found'],
    ] as const;
    for (const [method, path, body, status, code] of refusals) {
      expect((await ask(method, path, body)).json, `${method} ${path}`).toMatchObject({ status, code });
    }
    const without = await fetch(`${registry.adminUrl}/api/v1/members`);
    expect([without.status, ((await without.json()) as { code: string }).code]).toEqual([
      401,
      'not-authenticated',
    ]);
    expect((await ask('GET', '/members')).json).toHaveLength(1);
  });

  it('finishes a founding that was cut short', async () => {
    const other = mkdtempSync(join(tmpdir(), 'waygate-registry-'));
    try {
      const { createSoftwareToken } = await import('../certs/token/index.ts');
      await createSoftwareToken(join(other, 'token'), { pin, label: 'x' });
      await initRegistry({ data: other, instance: 'TEST', address: '127.0.0.1', pin });
      const started = await startRegistry({ ...settings(), data: other });
      await started.close();
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});

async function pem(CN: string): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const subject = buildName({ CN });
  const certificate = await createCertificate(
    {
      subject,
      issuer: subject,
      publicKey,
      serialNumber: 1n,
      notBefore: new Date('2026-01-01'),
      notAfter: new Date('2036-01-01'),
    },
    softwareSigningKey(privateKey),
  );
  return certificate.pem;
}

function pemToDer(text: string): Buffer {
  return Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64');
}
