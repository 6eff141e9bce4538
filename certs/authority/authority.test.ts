import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, generateKeyPair, type SigningKey, softwareSigningKey } from '../key/index.ts';
import { checkOcsp, createOcspRequest, OcspError } from '../ocsp/index.ts';
import { checkTimestamp, createTimestampRequest, readTimestampResponse } from '../timestamp/index.ts';
import { buildName, buildPath, type Certificate, createRequest, parseCertificate } from '../x509/index.ts';
import {
  type Authority,
  type CertificateKind,
  createAuthority,
  openAuthority,
  type ProfileName,
  startAuthority,
} from './index.ts';

const pin = 'Correct-Horse-7';
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const applicant = {
  instance: 'DEV',
  memberClass: 'GOV',
  memberCode: '1001',
  memberName: 'Ministry',
  serverCode: 'ss1',
  dnsName: 'ss1.example',
};

describe('an authority', () => {
  let dir: string;
  let authority: Authority;
  let key: SigningKey;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-authority-'));
    authority = await createAuthority(dir, { name: 'Test', pin });
    key = softwareSigningKey((await generateKeyPair({ type: 'ec', curve: 'P-256' })).privateKey);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const issue = async (kind: CertificateKind, profile: ProfileName = 'basic', by = authority) => {
    const csr = await createRequest({ subject: buildName({ CN: 'what I would like to be' }) }, key);
    return by.issue({ request: csr, kind, profile, applicant });
  };
  const statusOf = async (certificate: Certificate, by = authority): Promise<string> => {
    const response = await by.answerOcsp(createOcspRequest(certificate, by.caCertificate));
    try {
      checkOcsp({
        response,
        certificate,
        issuer: by.caCertificate,
        responders: [by.ocspCertificate],
        at: new Date(),
        freshnessMs: 60_000,
        verifyNextUpdate: true,
      });
      return 'good';
    } catch (error) {
      if (error instanceof OcspError) return error.code;
      throw error;
    }
  };

  it.each([
    ['basic', 'CN=Ministry,2.5.4.5=#130431303031,2.5.4.15=#0c03474f56,O=Ministry,C=XX'],
    ['ejbca', 'CN=1001,O=GOV,C=DEV'],
    ['fivrk', 'CN=1001,2.5.4.5=#130b4445562f7373312f474f56,O=Ministry,C=FI'],
  ] as const)(
    'names members in signing certificates as profile %s reads them, whatever was asked for',
    async (profile, subject) => {
      expect((await issue('signing', profile)).subject.toString()).toBe(subject);
    },
  );

  it('issues for one purpose each, on a path to its root', async () => {
    const signing = await issue('signing');
    const authentication = await issue('authentication');
    expect([...(signing.keyUsage ?? [])]).toEqual(['nonRepudiation']);
    expect(signing.extendedKeyUsage).toBeUndefined();
    expect(authentication.keyUsage?.has('nonRepudiation')).toBe(false);
    expect(authentication.extendedKeyUsage).toContain('1.3.6.1.5.5.7.3.2');
    for (const leaf of [signing, authentication]) {
      expect(
        buildPath({ leaf, extras: [], anchors: [authority.caCertificate], at: new Date() }),
      ).toHaveLength(2);
    }
  });

  it('issues nothing for a request that its key did not sign, or for a weak key', async () => {
    const other = softwareSigningKey((await generateKeyPair({ type: 'ec', curve: 'P-256' })).privateKey);
    const forged = await createRequest({ subject: buildName({ CN: 'x' }) }, { ...key, sign: other.sign });
    const order = { kind: 'signing', profile: 'basic', applicant } as const;
    await expect(authority.issue({ ...order, request: forged })).rejects.toMatchObject({ code: 'signature' });
    await expect(authority.issue({ ...order, request: Buffer.from('x') })).rejects.toMatchObject({
      code: 'malformed',
    });
  });

  it('knows what it issued and what it revoked, also after a restart', async () => {
    const [kept, revoked] = [await issue('signing'), await issue('signing')];
    await authority.revoke(revoked.serialNumber);
    const again = await openAuthority(dir, { pin });
    expect([await statusOf(kept, again), await statusOf(revoked, again)]).toEqual(['good', 'revoked']);
    const stranger = await createAuthority(join(dir, 'other'), { name: 'Other', pin });
    const elsewhere = await issue('signing', 'basic', stranger);
    expect(await statusOf(elsewhere)).toBe('unknown');
    await expect(authority.revoke(12345n)).rejects.toThrow('never issued');
  });

  it('keeps its keys behind the PIN', async () => {
    await expect(openAuthority(dir, { pin: 'not the pin' })).rejects.toMatchObject({ code: 'pin-incorrect' });
    const bytes = readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
      .join('');
    expect(bytes).not.toContain(pin);
    expect(bytes).not.toContain('PRIVATE');
  });

  it('serves statuses, timestamps and, to who holds the secret, certificates', async () => {
    const running = await startAuthority({
      authority,
      host: '127.0.0.1',
      port: 0,
      issueSecret: 'secret',
      report: () => undefined,
    });
    const post = async (url: string, body: Buffer | string, headers: Record<string, string> = {}) => {
      const response = await request(url, { method: 'POST', body, headers });
      return { status: response.statusCode, body: Buffer.from(await response.body.arrayBuffer()) };
    };
    try {
      const csr = await createRequest({ subject: buildName({ CN: 'x' }) }, key);
      const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${csr.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
      const order = JSON.stringify({ request: pem, kind: 'authentication', profile: 'basic', applicant });
      expect((await post(`${running.url}/issue`, order)).status).toBe(401);
      expect((await post(`${running.url}/issue`, order, { authorization: 'Bearer wrong' })).status).toBe(401);
      expect((await post(`${running.url}/issue`, '{', { authorization: 'Bearer secret' })).status).toBe(400);
      const issued = await post(`${running.url}/issue`, order, { authorization: 'Bearer secret' });
      const certificate = parseCertificate(issued.body);
      expect(certificate.ocspUrls).toEqual([running.ocspUrl]);

      const status = await post(running.ocspUrl, createOcspRequest(certificate, authority.caCertificate));
      expect(status.body.length).toBeGreaterThan(200);
      expect((await post(running.ocspUrl, 'nonsense')).body.toString('hex')).toBe('30030a0101');
      const stamped = Buffer.from('x');
      const stamp = await post(running.tsaUrl, createTimestampRequest(digestOf('sha512', stamped)));
      const token = readTimestampResponse(stamp.body);
      expect(checkTimestamp({ token, stamped, certificates: [authority.tsaCertificate] }).certificate).toBe(
        authority.tsaCertificate,
      );
      expect((await post(running.tsaUrl, Buffer.alloc(70_000))).status).toBe(413);
      expect((await post(`${running.url}/else`, '')).status).toBe(404);
      const taken = startAuthority({
        authority,
        host: '127.0.0.1',
        port: Number(new URL(running.url).port),
        issueSecret: 'x',
        report: () => undefined,
      });
      await expect(taken).rejects.toThrow('in use');
    } finally {
      await running.close();
    }
  });

  it.skipIf(!hasOpenssl)(
    'is accepted by openssl: certificates and their status (needs openssl)',
    async () => {
      const work = join(dir, 'openssl');
      const certificate = await issue('authentication');
      spawnSync('mkdir', [work]);
      writeFileSync(join(work, 'ca.pem'), authority.caCertificate.pem);
      writeFileSync(join(work, 'leaf.pem'), certificate.pem);
      writeFileSync(
        join(work, 'ocsp.der'),
        await authority.answerOcsp(createOcspRequest(certificate, authority.caCertificate)),
      );
      const openssl = (...args: string[]) => {
        const run = spawnSync('openssl', args, { cwd: work, encoding: 'utf8' });
        return run.stdout + run.stderr;
      };
      expect(
        openssl('verify', '-x509_strict', '-CAfile', 'ca.pem', '-purpose', 'sslclient', 'leaf.pem'),
      ).toContain('leaf.pem: OK');
      const ocsp = openssl(
        'ocsp',
        '-issuer',
        'ca.pem',
        '-cert',
        'leaf.pem',
        '-respin',
        'ocsp.der',
        '-CAfile',
        'ca.pem',
        '-no_nonce',
      );
      expect(ocsp).toContain('Response verify OK');
      expect(ocsp).toContain('leaf.pem: good');
    },
  );
});
