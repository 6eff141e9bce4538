import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  generateKeyPair,
  type KeySpec,
  type SigningKey,
  signatureAlgorithms,
  softwareSigningKey,
} from '../key/index.ts';
import {
  buildName,
  buildPath,
  type Certificate,
  CertificateError,
  type CertificateToCreate,
  createCertificate,
  createRequest,
  isIssuedBy,
  parseCertificate,
  parseRequest,
} from './index.ts';

const at = new Date('2026-06-01T00:00:00Z');
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

async function newKey(spec: KeySpec = { type: 'ec', curve: 'P-256' }): Promise<SigningKey> {
  return softwareSigningKey((await generateKeyPair(spec)).privateKey);
}

let serial = 1n;

async function issue(
  cn: string,
  key: SigningKey,
  issuer: { certificate?: Certificate; key: SigningKey },
  more: Partial<CertificateToCreate> = {},
): Promise<Certificate> {
  const subject = buildName({ C: 'FI', O: 'Test', CN: cn });
  serial += 1n;
  return createCertificate(
    {
      subject,
      issuer: issuer.certificate?.subject ?? subject,
      publicKey: key.publicKey,
      serialNumber: serial,
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      ...more,
    },
    issuer.key,
  );
}

const ca = { basicConstraints: { ca: true }, keyUsage: ['keyCertSign'] } as const;

describe('certificates', () => {
  let keys: { root: SigningKey; middle: SigningKey; leaf: SigningKey };
  let root: Certificate;
  let middle: Certificate;
  let leaf: Certificate;
  let dir: string;

  beforeAll(async () => {
    keys = { root: await newKey(), middle: await newKey(), leaf: await newKey() };
    root = await issue('root', keys.root, { key: keys.root }, ca);
    middle = await issue('middle', keys.middle, { certificate: root, key: keys.root }, ca);
    leaf = await issue('leaf', keys.leaf, { certificate: middle, key: keys.middle });
    dir = mkdtempSync(join(tmpdir(), 'waygate-x509-'));
  });

  afterAll(() => rmSync(dir, { recursive: true }));

  const codeOf = (action: () => unknown): string => {
    try {
      action();
    } catch (error) {
      if (error instanceof CertificateError) return error.code;
      throw error;
    }
    return 'none';
  };

  it('give back what was written into them', async () => {
    const certificate = await issue(
      'full',
      keys.leaf,
      { certificate: root, key: keys.root },
      {
        keyUsage: ['nonRepudiation'],
        extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
        basicConstraints: { ca: true, pathLength: 3 },
        subjectAltNames: ['ss1.example', '127.0.0.1', '::1'],
        ocspUrl: 'http://ca.example/ocsp',
      },
    );
    expect(certificate.subject.toString()).toBe('CN=full,O=Test,C=FI');
    expect([...(certificate.keyUsage ?? [])]).toEqual(['nonRepudiation']);
    expect(certificate.extendedKeyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.basicConstraints).toEqual({ ca: true, pathLength: 3 });
    expect(certificate.subjectAltNames).toEqual([
      'ss1.example',
      '127.0.0.1',
      '0000:0000:0000:0000:0000:0000:0000:0001',
    ]);
    expect(certificate.ocspUrls).toEqual(['http://ca.example/ocsp']);
    expect(certificate.notAfter.toISOString()).toBe('2027-01-01T00:00:00.000Z');
    expect(parseCertificate(Buffer.from(certificate.pem)).der).toEqual(certificate.der);
  });

  it('print names as RFC 2253 does', () => {
    const name = buildName({ C: 'FI', serialNumber: 'DEV/ss1/GOV', O: 'A, "B" + C', CN: ' x#' });
    expect(name.toString()).toBe('CN=\\ x\\#,O=A\\, \\"B\\" \\+ C,2.5.4.5=#130b4445562f7373312f474f56,C=FI');
    expect(name.describe()).toBe('C=FI, serialNumber=DEV/ss1/GOV, O=A\\, "B" + C, CN= x#');
    expect(name.first('serialNumber')).toBe('DEV/ss1/GOV');
    expect(name.first('2.5.4.6')).toBe('FI');
    expect(name.first('OU')).toBeUndefined();
  });

  it('lead to the anchor through authorities between', () => {
    const path = buildPath({ leaf, extras: [leaf, root, middle], anchors: [root], at });
    expect(path.map((one) => one.subject.first('CN'))).toEqual(['leaf', 'middle', 'root']);
    expect(buildPath({ leaf, extras: [], anchors: [middle], at })).toHaveLength(2);
  });

  it('lead nowhere when the authority between is missing', () => {
    expect(codeOf(() => buildPath({ leaf, extras: [], anchors: [root], at }))).toBe('no-path');
  });

  it('are refused before and after their time, the anchor apart', async () => {
    const late = new Date('2027-06-01T00:00:00Z');
    expect(codeOf(() => buildPath({ leaf, extras: [middle], anchors: [root], at: late }))).toBe('expired');
    expect(codeOf(() => buildPath({ leaf, extras: [middle], anchors: [root], at: new Date(0) }))).toBe(
      'not-yet-valid',
    );
    const young = await issue(
      'young',
      keys.leaf,
      { certificate: root, key: keys.root },
      { notAfter: new Date('2030-01-01T00:00:00Z') },
    );
    expect(buildPath({ leaf: young, extras: [], anchors: [root], at: late })).toHaveLength(2);
  });

  it('do not sign for others unless they are authorities', async () => {
    const end = await issue('end', keys.middle, { certificate: root, key: keys.root });
    const below = await issue('below', keys.leaf, { certificate: end, key: keys.middle });
    expect(codeOf(() => buildPath({ leaf: below, extras: [end], anchors: [root], at }))).toBe('not-a-ca');
    const mute = await issue(
      'mute',
      keys.middle,
      { certificate: root, key: keys.root },
      { basicConstraints: { ca: true }, keyUsage: ['cRLSign'] },
    );
    const belowMute = await issue('below', keys.leaf, { certificate: mute, key: keys.middle });
    expect(codeOf(() => buildPath({ leaf: belowMute, extras: [mute], anchors: [root], at }))).toBe(
      'not-a-ca',
    );
  });

  it('respect the path length of authorities', async () => {
    const short = await issue(
      'short',
      keys.root,
      { key: keys.root },
      { basicConstraints: { ca: true, pathLength: 0 }, keyUsage: ['keyCertSign'] },
    );
    const between = await issue('between', keys.middle, { certificate: short, key: keys.root }, ca);
    const below = await issue('below', keys.leaf, { certificate: between, key: keys.middle });
    expect(codeOf(() => buildPath({ leaf: below, extras: [between], anchors: [short], at }))).toBe(
      'path-length',
    );
  });

  it('are not issued by a namesake with another key', async () => {
    const other = await issue('middle', keys.leaf, { certificate: root, key: keys.root }, ca);
    expect(isIssuedBy(leaf, other)).toBe(false);
    expect(codeOf(() => buildPath({ leaf, extras: [other], anchors: [root], at }))).toBe('no-path');
  });

  it('are refused with a key of unusual kind', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const weak = await issue('weak', { ...keys.leaf, publicKey }, { certificate: root, key: keys.root });
    expect(codeOf(() => buildPath({ leaf: weak, extras: [], anchors: [root], at }))).toBe('weak');
  });

  it('fail with one flipped byte, or lead nowhere', () => {
    for (let index = 0; index < leaf.der.length; index += 1) {
      const broken = Buffer.from(leaf.der);
      broken[index] = (broken[index] ?? 0) ^ 1;
      expect(
        codeOf(() => buildPath({ leaf: parseCertificate(broken), extras: [middle], anchors: [root], at })),
      ).not.toBe('none');
    }
  });

  it('raise nothing but a CertificateError on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(255), (bytes, place, value) => {
        const mutated = Buffer.from(leaf.der);
        mutated[place % mutated.length] = value;
        for (const input of [bytes, mutated]) {
          for (const parse of [parseCertificate, parseRequest]) {
            try {
              const parsed = parse(input);
              void parsed.publicKey;
            } catch (error) {
              expect(error).toBeInstanceOf(CertificateError);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('requests prove possession of the key', async () => {
    const der = await createRequest(
      { subject: buildName({ CN: 'ss1' }), subjectAltNames: ['ss1.example'] },
      keys.leaf,
    );
    const request = parseRequest(der);
    expect(request.subject.toString()).toBe('CN=ss1');
    expect(request.subjectAltNames).toEqual(['ss1.example']);
    expect(request.publicKey.equals(keys.leaf.publicKey)).toBe(true);
    const forged = await createRequest(
      { subject: buildName({ CN: 'ss1' }) },
      { ...keys.leaf, sign: keys.middle.sign },
    );
    expect(codeOf(() => parseRequest(forged))).toBe('signature');
  });

  describe.skipIf(!hasOpenssl)('and openssl (needs openssl)', () => {
    const openssl = (...args: string[]) => {
      const run = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
      return { ok: run.status === 0, text: run.stdout + run.stderr };
    };

    it('openssl verifies a path we made, under every algorithm', async () => {
      for (const algorithm of signatureAlgorithms) {
        const spec: KeySpec =
          algorithm.keyType === 'ec' ? { type: 'ec', curve: 'P-384' } : { type: 'rsa', bits: 2048 };
        const key = softwareSigningKey((await generateKeyPair(spec)).privateKey, algorithm);
        const top = await issue('top', key, { key }, ca);
        const end = await issue(
          'end',
          keys.leaf,
          { certificate: top, key },
          { keyUsage: ['digitalSignature', 'keyAgreement', 'decipherOnly'] },
        );
        writeFileSync(join(dir, 'top.pem'), top.pem);
        writeFileSync(join(dir, 'end.pem'), end.pem);
        const result = openssl(
          'verify',
          '-attime',
          '1780272000',
          '-x509_strict',
          '-CAfile',
          'top.pem',
          'end.pem',
        );
        expect(result.text).toContain('end.pem: OK');
      }
    });

    it('openssl accepts our requests', async () => {
      writeFileSync(
        join(dir, 'r.der'),
        await createRequest(
          { subject: buildName({ C: 'FI', CN: 'x' }), subjectAltNames: ['a.example'] },
          keys.leaf,
        ),
      );
      expect(openssl('req', '-inform', 'DER', '-in', 'r.der', '-verify', '-noout', '-text').ok).toBe(true);
    });

    it.each([
      ['ec', ['-pkeyopt', 'ec_paramgen_curve:P-256']],
      ['rsa', ['-pkeyopt', 'rsa_keygen_bits:2048']],
    ])('we accept certificates and requests that openssl made with %s keys', (type, options) => {
      const subject = [
        '-subj',
        '/C=FI/O=Väestö/CN=made by openssl',
        '-utf8',
        '-nodes',
        '-newkey',
        type,
        ...options,
      ];
      expect(
        openssl('req', '-x509', '-sha512', '-days', '36500', ...subject, '-keyout', 'k.pem', '-out', 'c.pem')
          .ok,
      ).toBe(true);
      expect(openssl('req', '-new', '-sha256', ...subject, '-keyout', 'k2.pem', '-out', 'r.pem').ok).toBe(
        true,
      );
      const certificate = parseCertificate(readFileSync(join(dir, 'c.pem')));
      expect(certificate.subject.toString()).toBe('CN=made by openssl,O=Väestö,C=FI');
      expect(isIssuedBy(certificate, certificate)).toBe(true);
      expect(parseRequest(readFileSync(join(dir, 'r.pem'))).subject.first('CN')).toBe('made by openssl');
      const digest = openssl('x509', '-in', 'c.pem', '-noout', '-fingerprint', '-sha256')
        .text.trim()
        .split('=')[1];
      expect(certificate.sha256.toString('hex').toUpperCase()).toBe(digest?.replaceAll(':', ''));
    });
  });
});
