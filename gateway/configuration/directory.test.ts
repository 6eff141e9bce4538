import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../certs/key/index.ts';
import {
  type DirectoryToWrite,
  parseAnchor,
  parseSharedParameters,
  verifyDirectory,
  versions,
  writeDirectory,
} from './index.ts';
import { codeOf, createKey, type KeyAndCertificate } from './testing/samples.ts';

const vectors = '../shared/vectors/globalconf-signed';
const hasVectors = existsSync(vectors);
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const now = new Date('2026-05-01T00:00:00Z');

let signer: KeyAndCertificate;
let body: Buffer;
beforeAll(async () => {
  signer = await createKey('configuration');
  body = await write();
});

const content = Buffer.from('<conf/>');

function write(changes: Partial<DirectoryToWrite> = {}, by = signer): Promise<Buffer> {
  let count = 0;
  const directory: DirectoryToWrite = {
    version: 6,
    expiresAt: new Date('2026-05-01T00:10:00.900Z'),
    parts: [
      {
        contentIdentifier: 'PRIVATE-PARAMETERS',
        instance: 'DEV',
        location: '/V6/1/private-params.xml',
        content,
      },
      {
        contentIdentifier: 'SHARED-PARAMETERS',
        instance: 'DEV',
        location: '/V6/1/shared-params.xml',
        content,
      },
    ],
    verificationCert: by.certificate.der,
    ...changes,
  };
  return writeDirectory(directory, by.key, () => `boundary${count++}`);
}

const verify = (bytes: Buffer, at = now, certificates = [signer.certificate.der]) =>
  verifyDirectory(bytes, certificates, at);

/** The directory after a change of its text, with the bytes that were signed before signed anew when asked. */
async function edited(edit: (text: string) => string, sign: boolean): Promise<Buffer> {
  const text = edit(body.toString('latin1'));
  if (!sign) return Buffer.from(text, 'latin1');
  const start = text.search(/--boundary1(?!;)\r?\n/);
  const end = text.search(/\r?\n--boundary0\r?\nContent-Type: application\/octet-stream/);
  const signature = await signer.key.sign(Buffer.from(text.slice(start, end), 'latin1'));
  return Buffer.from(
    text.replace(/[A-Za-z0-9+/=]+(\r?\n--boundary0--)/, `${signature.toString('base64')}$1`),
    'latin1',
  );
}

describe('a signed directory', () => {
  it('is written byte for byte as central servers write it', async () => {
    const text = body.toString('latin1').split('\r\n');
    expect(text.slice(0, 16)).toEqual([
      'Content-Type: multipart/related; charset=UTF-8; boundary=boundary0',
      '',
      '--boundary0',
      'Content-Type: multipart/mixed; charset=UTF-8; boundary=boundary1',
      '',
      '--boundary1',
      'Expire-date: 2026-05-01T00:10:00Z',
      'Version: 6',
      '',
      '--boundary1',
      'Content-type: application/octet-stream',
      'Content-transfer-encoding: base64',
      "Content-identifier: PRIVATE-PARAMETERS; instance='DEV'",
      'Content-location: /V6/1/private-params.xml',
      'Hash-algorithm-id: http://www.w3.org/2001/04/xmlenc#sha512',
      '',
    ]);
    expect(text.slice(-11, -2).map((line) => line.replace(/[A-Za-z0-9+/]{60,}={0,2}/, 'BASE64'))).toEqual([
      '--boundary1--',
      '',
      '--boundary0',
      'Content-Type: application/octet-stream',
      'Content-Transfer-Encoding: base64',
      'Signature-Algorithm-Id: http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512',
      'Verification-certificate-hash: BASE64; hash-algorithm-id="http://www.w3.org/2001/04/xmlenc#sha512"',
      '',
      'BASE64',
    ]);
    expect(text.slice(-2)).toEqual(['--boundary0--', '']);
  });

  it.each(versions)('is read back as it was written, version %i', async (version) => {
    const directory = verify(await write({ version }));
    expect(directory.version).toBe(version);
    expect(directory.expiresAt).toEqual(new Date('2026-05-01T00:10:00Z'));
    expect(
      directory.parts.map(({ contentIdentifier, instance, location }) => [
        contentIdentifier,
        instance,
        location,
      ]),
    ).toEqual([
      ['PRIVATE-PARAMETERS', 'DEV', '/V6/1/private-params.xml'],
      ['SHARED-PARAMETERS', 'DEV', '/V6/1/shared-params.xml'],
    ]);
  });

  it.each([
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1',
  ])('may be signed with %s', async (uri) => {
    const rsa = await createKey('rsa', { type: 'rsa', bits: 2048 }, uri);
    const bytes = await write({}, rsa);
    expect(bytes.toString('latin1')).toContain(`Signature-Algorithm-Id: ${uri}\r\n`);
    expect(verify(bytes, now, [signer.certificate.der, rsa.certificate.der]).parts).toHaveLength(2);
  });

  it('is refused when its certificate is of another key, or of another kind of key', async () => {
    for (const spec of [
      { type: 'ec', curve: 'P-256' },
      { type: 'rsa', bits: 2048 },
    ] as const) {
      const { certificate } = await createKey('other', spec);
      const bytes = await write({ verificationCert: certificate.der });
      expect(codeOf(() => verify(bytes, now, [certificate.der]))).toBe('InvalidSignatureValue');
    }
  });

  it.skipIf(!hasOpenssl)('has a signature that OpenSSL takes for good (needs openssl)', () => {
    const text = body.toString('latin1');
    const start = text.indexOf('--boundary1\r\n');
    const signed = body.subarray(start, text.indexOf('--boundary1--\r\n') + '--boundary1--\r\n'.length);
    const signature = /\r\n\r\n([A-Za-z0-9+/=]+)\r\n--boundary0--\r\n$/.exec(text)?.[1] ?? '';
    const dir = mkdtempSync(join(tmpdir(), 'directory-'));
    try {
      const [key, value] = [join(dir, 'key.pem'), join(dir, 'signature')];
      writeFileSync(key, signer.key.publicKey.export({ format: 'pem', type: 'spki' }));
      writeFileSync(value, Buffer.from(signature, 'base64'));
      const { stdout } = spawnSync('openssl', ['dgst', '-sha512', '-verify', key, '-signature', value], {
        input: signed,
      });
      expect(stdout.toString()).toContain('Verified OK');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('is refused when another certificate was expected', async () => {
    const { certificate } = await createKey('configuration');
    expect(codeOf(() => verify(body, now, [certificate.der]))).toBe('CertNotFound');
    expect(codeOf(() => verify(body, now, []))).toBe('CertNotFound');
  });

  it('is refused from its Expire-date on, unless time is left unjudged', () => {
    expect(codeOf(() => verify(body, new Date('2026-05-01T00:09:59.999Z')))).toBe('accepted');
    expect(codeOf(() => verify(body, new Date('2026-05-01T00:10:00Z')))).toBe('OutdatedGlobalConf');
    expect(verifyDirectory(body, [signer.certificate.der], undefined).parts).toHaveLength(2);
  });

  it('is judged by its signature before its age', async () => {
    const forged = await edited((text) => text.replace('shared-params', 'shared-parent'), false);
    expect(codeOf(() => verify(forged, new Date('2030-01-01T00:00:00Z')))).toBe('InvalidSignatureValue');
  });

  it('may have bare line feeds, double quotes, names in any case, and no closing boundary inside', async () => {
    const bare = await edited(
      (text) =>
        text
          .replaceAll('\r\n', '\n')
          .replaceAll("'DEV'", '"DEV"')
          .replaceAll('Content-location', 'CONTENT-LOCATION')
          .replace('--boundary1--\n', ''),
      true,
    );
    expect(verify(bare).parts.map(({ instance }) => instance)).toEqual(['DEV', 'DEV']);
  });

  it('is of version 2 when it does not say', async () => {
    expect(verify(await edited((text) => text.replace('Version: 6\r\n', ''), true)).version).toBe(2);
  });

  it.each([
    ['no Expire-date', (text: string) => text.replace(/Expire-date.*\r\n/, '')],
    ['an Expire-date that is none', (text: string) => text.replace('2026-05-01T00', '2026-05-99T00')],
    ['an Expire-date without zone', (text: string) => text.replace('10:00Z', '10:00')],
    ['a version nobody knows', (text: string) => text.replace('Version: 6', 'Version: 7')],
    ['two versions', (text: string) => text.replace('Version: 6', 'Version: 6\r\nVersion: 5')],
    [
      'a part of another type',
      (text: string) => text.replace('type: application/octet-stream', 'type: text/xml'),
    ],
    ['a part in another encoding', (text: string) => text.replace('encoding: base64', 'encoding: 8bit')],
    ['a part without instance', (text: string) => text.replace("; instance='DEV'", '')],
    ['a part without location', (text: string) => text.replace(/Content-location.*\r\n/, '')],
    ['a part without hash algorithm', (text: string) => text.replace(/Hash-algorithm-id.*\r\n/, '')],
    [
      'SHA-1 hashes',
      (text: string) => text.replace(/(Hash-algorithm-id: ).*/, '$1http://www.w3.org/2000/09/xmldsig#sha1'),
    ],
    ['a hash of another length', (text: string) => text.replace(/(#sha512\r\n\r\n).*/, '$1AAAA')],
  ])('is refused with %s, although it is signed', async (_, edit) => {
    const changed = await edited(edit, true);
    expect(changed.equals(await edited((text) => text, true))).toBe(false);
    expect(codeOf(() => verify(changed))).toBe('MalformedGlobalConf');
  });

  it.each([
    [
      'no signature',
      (text: string) => text.replace(/--boundary0\r\nContent-Type: application[\s\S]*/, '--boundary0--\r\n'),
    ],
    ['an empty signature', (text: string) => text.replace(/[A-Za-z0-9+/=]+(\r\n--boundary0--)/, '$1')],
    [
      'a weak algorithm',
      (text: string) => text.replace('xmldsig-more#ecdsa-sha512', 'xmldsig-more#ecdsa-sha1'),
    ],
    ['no certificate', (text: string) => text.replace(/Verification-certificate-hash.*\r\n/, '')],
    ['a third part', (text: string) => text.replace('--boundary0--', '--boundary0\r\n\r\n--boundary0--')],
    ['text in front', (text: string) => text.replace('\r\n\r\n--boundary0', '\r\n\r\nhello\r\n--boundary0')],
    ['no boundary', (text: string) => text.replace('; boundary=boundary0', '')],
  ])('is refused with %s', async (_, edit) => {
    expect(codeOf(() => verify(Buffer.from(edit(body.toString('latin1')), 'latin1')))).toBe(
      'MalformedGlobalConf',
    );
  });

  it('says nothing else after any one of its bits is flipped', () => {
    const before = JSON.stringify(verify(body));
    const text = body.toString('latin1');
    const signedFrom = text.indexOf('--boundary1\r\n');
    const signedTo = text.indexOf('\r\n--boundary0\r\nContent-Type: application');
    for (let at = 0; at < body.length * 8; at += 1) {
      const changed = Buffer.from(body);
      changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7));
      let after = 'refused';
      const code = codeOf(() => {
        after = JSON.stringify(verify(changed));
      });
      if (after !== before) expect(after).toBe('refused');
      if (at >> 3 >= signedFrom && at >> 3 < signedTo) expect(code).not.toBe('accepted');
    }
  });

  it('is refused with a fault, whatever the bytes are', () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
    const pieces = fc.array(
      fc.constantFrom(
        ...[
          'Content-Type: multipart/related; boundary=b',
          'Content-Type: multipart/mixed; boundary=c',
          '--b',
          '--c',
        ],
        ...[
          '--c--',
          '--b--',
          '',
          '\r',
          'Expire-date: 2026-05-01T00:10:00Z',
          'Version: 6',
          'AAAA',
          ':',
          'x: y',
        ],
      ),
    );
    const lines = pieces.map((all) => Buffer.from(all.join('\n')));
    fc.assert(
      fc.property(fc.oneof(bytes, lines), (some) => {
        expect(codeOf(() => verify(some))).not.toBe('accepted');
      }),
      { numRuns: 500 },
    );
  });

  it('is not written with names that would make header lines of their own', async () => {
    const part = { contentIdentifier: 'SHARED-PARAMETERS', instance: 'DEV', location: '/x', content };
    await expect(write({ parts: [{ ...part, location: '/x\r\nEvil: 1' }] })).rejects.toMatchObject({
      code: 'MalformedGlobalConf',
    });
    await expect(write({ parts: [{ ...part, instance: 'a\'b"c' }] })).rejects.toMatchObject({
      code: 'MalformedGlobalConf',
    });
    const [read] = verify(await write({ parts: [{ ...part, instance: "Côte d'Or" }] })).parts;
    expect(read?.instance).toBe("Côte d'Or");
  });
});

describe.skipIf(!hasVectors)('directories of other software (needs ../shared/vectors)', () => {
  const read = (name: string) => readFileSync(join(vectors, name));
  const anchorCertificates = (name: string) =>
    parseAnchor(read(name)).sources.flatMap((source) => [...source.verificationCerts]);

  it('verifies a directory of version 6 with its anchor, and refuses it with another', () => {
    const directory = verifyDirectory(
      read('V6/internalconf'),
      anchorCertificates('configuration_anchor_CS_internal.xml'),
      now,
    );
    expect(directory).toMatchObject({ version: 6, expiresAt: new Date('2035-11-11T03:07:40Z') });
    expect(directory.parts.map(({ location }) => location)).toEqual([
      '/V6/20251110170000548026000/shared-params.xml',
      '/V6/20251110170000548026000/private-params.xml',
    ]);
    const others = anchorCertificates('test-conf-anchor1.xml');
    expect(codeOf(() => verifyDirectory(read('V6/internalconf'), others, now))).toBe('CertNotFound');
  });

  it('verifies directories of version 4 with the certificates that their parameters name', () => {
    const [source] = parseSharedParameters(read('V4/20240529203822880997000/shared-params.xml'), 4).sources;
    const internal = verifyDirectory(read('V4/internalconf'), source?.internalVerificationCerts ?? [], now);
    const external = verifyDirectory(read('V4/externalconf'), source?.externalVerificationCerts ?? [], now);
    expect(internal.parts.map(({ contentIdentifier }) => contentIdentifier)).toContain('PRIVATE-PARAMETERS');
    expect(external.parts.map(({ contentIdentifier }) => contentIdentifier)).toEqual(['SHARED-PARAMETERS']);
    expect(
      codeOf(() => verifyDirectory(read('V4/externalconf'), source?.internalVerificationCerts ?? [], now)),
    ).toBe('CertNotFound');
  });

  /** The certificate that signed the single samples also stands in a sample signature. */
  const consumer = () => {
    const xml = readFileSync('../shared/vectors/signatures/batch-sig.xml', 'latin1');
    return Buffer.from(/X509Certificate>([^<]+)</.exec(xml)?.[1]?.replaceAll('&#13;', '') ?? '', 'base64');
  };

  it('verifies a directory with bare line feeds until it expires', () => {
    const directory = verifyDirectory(read('test-conf-simple.txt'), [consumer()], now);
    expect(directory.version).toBe(2);
    expect(directory.parts.map(({ contentIdentifier, instance }) => [contentIdentifier, instance])).toEqual([
      ['PRIVATE-PARAMETERS', 'EE'],
      ['SHARED-PARAMETERS', 'EE'],
      ['FOO', 'EE'],
    ]);
    const late = new Date('2026-05-20T17:42:55Z');
    expect(codeOf(() => verifyDirectory(read('test-conf-simple.txt'), [consumer()], late))).toBe(
      'OutdatedGlobalConf',
    );
    const others = anchorCertificates('test-conf-anchor1.xml');
    expect(codeOf(() => verifyDirectory(read('test-conf-simple.txt'), others, now))).toBe('CertNotFound');
  });

  it('refuses a missing date and a bad signature', () => {
    expect(codeOf(() => verifyDirectory(read('test-conf-missing-date.txt'), [consumer()], now))).toBe(
      'MalformedGlobalConf',
    );
    expect(codeOf(() => verifyDirectory(read('test-conf-invalid-signature.txt'), [consumer()], now))).toBe(
      'InvalidSignatureValue',
    );
  });

  it('refuses any flipped byte of the signed part', () => {
    const certificates = anchorCertificates('configuration_anchor_CS_internal.xml');
    const good = read('V6/internalconf');
    const [from, to] = [
      good.indexOf('--CNo5S3hBEIHbDGmANPgi\r\n'),
      good.indexOf('\r\n--lmyAPTb9i7P4fQ7MmpnZ\r\nContent-Type: app'),
    ];
    expect(to - from).toBeGreaterThan(500);
    for (let at = from; at < to; at += 1) {
      const changed = Buffer.from(good);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(codeOf(() => verifyDirectory(changed, certificates, now))).not.toBe('accepted');
    }
  });

  it('names files by their hashes', () => {
    const certificates = anchorCertificates('configuration_anchor_CS_internal.xml');
    for (const { location, digest, hash } of verifyDirectory(read('V6/internalconf'), certificates, now)
      .parts) {
      expect(digestOf(digest.name, read(location.slice(1)))).toEqual(hash);
    }
  });
});
