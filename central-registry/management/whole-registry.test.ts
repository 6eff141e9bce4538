import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type PeerCertificate } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCertificate } from '../../certs/x509/index.ts';
import { parseAnchor, parsePrivateParameters, verifyDirectory } from '../../gateway/configuration/index.ts';
import { noon } from '../../gateway/trust/testing/small-world.ts';
import { initRegistry, type RunningRegistry, startRegistry } from '../index.ts';
import { envelopeOf, type HttpBody, plain } from './testing/compose.ts';
import { issueTrust, registrationOf, signedBy, type Trust } from './testing/services.ts';
import { server } from './testing/small-register.ts';

const pin = 'Correct-Horse-7';
const profile = 'ee.ria.xroad.common.certificateprofile.impl.EjbcaCertificateProfileInfoProvider';

describe('a registry that takes management requests', () => {
  let data: string;
  let registry: RunningRegistry;
  let trust: Trust;
  let reported: unknown[];
  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'waygate-registry-'));
    reported = [];
    trust = await issueTrust();
    const now = () => noon;
    await initRegistry({ data, instance: 'DEV', address: '127.0.0.1', pin, now });
    registry = await startRegistry({
      data,
      pin,
      configurationHost: '127.0.0.1',
      configurationPort: 0,
      adminHost: '127.0.0.1',
      adminPort: 0,
      management: { host: '127.0.0.1', port: 0 },
      registration: { host: '127.0.0.1', port: 0 },
      now,
      report: (error) => reported.push(error),
    });
    await ask('PUT', '/member-classes/GOV', { description: 'Government' });
    await ask('POST', '/members', { id: 'DEV:GOV:1', name: 'Ministry' });
    await ask('POST', '/subsystems', { id: 'DEV:GOV:1:management' });
    await ask('POST', '/certification-services', {
      name: 'CA',
      profile,
      top: { certificate: trust.ca.certificate.pem, ocspResponders: [] },
    });
    await ask('PUT', '/management-service', {
      providerId: 'DEV:GOV:1:management',
      serviceAddress: registry.registrationUrl,
    });
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
      headers: { authorization: `Bearer ${registry.apiKey}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    return { status: response.status, json: answer === '' ? undefined : JSON.parse(answer) };
  };

  const privateParameters = async () => {
    const [place] = parseAnchor((await registry.anchor('internal')).xml).sources;
    if (place === undefined) throw new Error('the anchor names no source');
    const body = Buffer.from(await (await fetch(`${place.url}?version=6`)).arrayBuffer());
    const { parts } = verifyDirectory(body, place.verificationCerts, noon);
    const part = parts.find(({ contentIdentifier }) => contentIdentifier === 'PRIVATE-PARAMETERS');
    const bytes = await (await fetch(new URL(part?.location ?? '', place.url))).arrayBuffer();
    return parsePrivateParameters(Buffer.from(bytes));
  };
  /** Resolves when the management service is published. */
  const managementService = async () => {
    for (;;) {
      const { managementService: service } = await privateParameters();
      if (service.authCertRegServiceAddress === registry.registrationUrl) return service;
    }
  };

  /** Posts as a security server does: to the address in the configuration, with the certificate from there. */
  const register = async (body: HttpBody) => {
    const { authCertRegServiceAddress: url, authCertRegServiceCert: der } = await managementService();
    const ca = parseCertificate(der ?? Buffer.alloc(0)).pem;
    return post(httpsRequest, url, body, { ca, checkServerIdentity: () => undefined });
  };

  it('shows the registration service with the certificate that it publishes, over TLS 1.2 and newer', async () => {
    const { authCertRegServiceCert: published } = await managementService();
    const { port } = new URL(registry.registrationUrl ?? '');
    const shown = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<PeerCertificate>((resolve, reject) => {
        const options = { rejectUnauthorized: false, minVersion: version, maxVersion: version };
        const socket = connect({ host: '127.0.0.1', port: Number(port), ...options });
        socket.once('error', reject);
        socket.once('secureConnect', () => {
          resolve(socket.getPeerCertificate());
          socket.destroy();
        });
      });
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect((await shown(version)).raw).toEqual(published);
    }
    await expect(shown('TLSv1.1')).rejects.toThrow();
  });

  it('registers the first server, hosts the service on it, and takes requests there', async () => {
    const message = await registrationOf(trust, { request: { address: 'ss1.example' } });
    expect((await register(message)).status).toBe(200);
    const [waiting] = (await ask('GET', '/management-requests?status=waiting')).json;
    expect(waiting).toMatchObject({
      id: 1,
      kind: 'authCertReg',
      server: 'DEV:GOV:1:ss1',
      sender: 'DEV:GOV:1',
    });
    expect((await ask('POST', '/management-requests/1/approve')).status).toBe(204);
    expect((await ask('GET', '/management-requests/1')).json).toMatchObject({ status: 'approved' });
    expect((await ask('POST', '/management-requests/1/approve')).json).toMatchObject({ code: 'in-use' });
    const provider = { server: 'DEV:GOV:1:ss1' };
    expect((await ask('POST', '/management-service/register-provider', provider)).status).toBe(204);
    expect((await ask('POST', '/management-service/register-provider', provider)).status).toBe(409);
    expect((await ask('GET', '/servers')).json).toMatchObject([
      { id: 'DEV:GOV:1:ss1', address: 'ss1.example', clients: ['DEV:GOV:1:management'] },
    ]);
    expect((await ask('GET', '/global-groups')).json).toMatchObject([
      { code: 'security-server-owners', members: ['DEV:GOV:1'] },
    ]);

    const moved = { kind: 'addressChange', server, address: 'moved.example' } as const;
    const url = registry.managementUrl ?? '';
    const answer = await post(httpRequest, url, await signedBy(trust.ministrySigner, moved));
    expect(answer.status).toBe(200);
    expect((await ask('GET', '/servers')).json).toMatchObject([{ address: 'moved.example' }]);
    const client = { ...server, kind: 'SUBSYSTEM', subsystemCode: 'population' } as const;
    await post(httpRequest, url, await signedBy(trust.ministrySigner, { kind: 'clientReg', server, client }));
    expect((await ask('POST', '/management-requests/3/decline', { reason: 'no such register' })).status).toBe(
      204,
    );
    expect((await ask('GET', '/management-requests/3')).json).toMatchObject({
      status: 'declined',
      reason: 'no such register',
      client: 'DEV:GOV:1:population',
    });
    await post(httpRequest, url, await signedBy(trust.ministrySigner, { kind: 'clientReg', server, client }));
    expect((await ask('POST', '/management-requests/4/revoke', {})).status).toBe(204);
    expect((await ask('GET', '/management-requests?status=revoked')).json).toHaveLength(1);
    const deletion = {
      kind: 'authCertDeletion',
      server,
      authCert: trust.authentication.certificate.der,
    } as const;
    expect((await post(httpRequest, url, plain(envelopeOf(deletion)))).status).toBe(200);
  });

  it('approves automatically what it is told to', async () => {
    const path = '/management-requests/automatic-approval';
    const none = { authCertReg: false, clientReg: false, ownerChange: false };
    expect((await ask('GET', path)).json).toEqual(none);
    await ask('PUT', path, { ...none, authCertReg: true });
    expect((await ask('GET', path)).json).toEqual({ ...none, authCertReg: true });
    await register(await registrationOf(trust, { request: { address: 'ss1.example' } }));
    expect((await ask('GET', '/management-requests/1')).json).toMatchObject({ status: 'approved' });
    expect((await ask('GET', '/servers')).json).toHaveLength(1);
    // Other settings, put anew, leave it as it is.
    await ask('PUT', '/settings', (await ask('GET', '/settings')).json);
    expect((await ask('GET', path)).json).toEqual({ ...none, authCertReg: true });
  });

  it('ends the trust in an authority at once', async () => {
    const message = () => registrationOf(trust, { request: { address: 'a', dryRun: true } });
    expect((await register(await message())).status).toBe(200);
    const [service] = (await ask('GET', '/certification-services')).json;
    await ask('DELETE', `/certification-services/${service.entryId}`);
    await ask('PUT', '/management-service', {
      providerId: 'DEV:GOV:1:management',
      serviceAddress: registry.registrationUrl?.replace(/\/$/, ''),
    });
    for (;;) {
      const { managementService: now } = await privateParameters();
      if (now.authCertRegServiceAddress !== registry.registrationUrl) break;
    }
    const { authCertRegServiceCert: der } = (await privateParameters()).managementService;
    const ca = parseCertificate(der ?? Buffer.alloc(0)).pem;
    const options = { ca, checkServerIdentity: () => undefined };
    const answer = await post(httpsRequest, registry.registrationUrl ?? '', await message(), options);
    expect(answer.status).toBe(500);
    expect(answer.body).toContain('cannot_create_cert_path');
  });
});

async function post(
  make: typeof httpsRequest | typeof httpRequest,
  url: string,
  { contentType, bytes }: HttpBody,
  options: Parameters<typeof httpsRequest>[1] & object = {},
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const sent = make(url, { ...options, method: 'POST', agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    });
    sent.once('error', reject);
    sent.setHeader('content-type', contentType);
    sent.end(bytes);
  });
}
