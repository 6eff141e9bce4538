import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  digestOf,
  generateKeyPair,
  type KeySpec,
  type SigningKey,
  softwareSigningKey,
} from '../key/index.ts';
import {
  buildName,
  type Certificate,
  createCertificate,
  extendedKeyUsages,
  parseCertificate,
} from '../x509/index.ts';
import {
  checkTimestamp,
  createTimestampRefusal,
  createTimestampRequest,
  createTimestampResponse,
  createTimestampToken,
  parseTimestampRequest,
  parseTimestampToken,
  readTimestampResponse,
  TimestampError,
  withCertificateFirst,
} from './index.ts';

const at = new Date('2026-06-01T12:00:00Z');
const stamped = Buffer.from('what is stamped');
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

interface Authority {
  readonly key: SigningKey;
  readonly certificate: Certificate;
}

async function newAuthority(spec: KeySpec = { type: 'ec', curve: 'P-256' }): Promise<Authority> {
  const key = softwareSigningKey((await generateKeyPair(spec)).privateKey);
  const subject = buildName({ C: 'FI', CN: 'TSA' });
  const certificate = await createCertificate(
    {
      subject,
      issuer: subject,
      publicKey: key.publicKey,
      serialNumber: BigInt(
        `0x${digestOf('sha256', Buffer.from(key.publicKey.export({ type: 'spki', format: 'der' })))
          .toString('hex')
          .slice(0, 16)}`,
      ),
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2046-01-01T00:00:00Z'),
      extendedKeyUsage: [extendedKeyUsages.timeStamping],
      extendedKeyUsageCritical: true,
      keyUsage: ['digitalSignature'],
    },
    key,
  );
  return { key, certificate };
}

function tokenOf(
  authority: Authority,
  data = stamped,
  request = parseTimestampRequest(createTimestampRequest(digestOf('sha512', data))),
): Promise<Buffer> {
  return createTimestampToken(
    { request, policy: '1.2.3.4', serialNumber: 7n, at },
    authority.certificate,
    authority.key,
  );
}

describe('timestamps', () => {
  let tsa: Authority;
  let dir: string;
  beforeAll(async () => {
    tsa = await newAuthority();
    dir = mkdtempSync(join(tmpdir(), 'waygate-tsa-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const codeOf = (action: () => unknown): string => {
    try {
      action();
    } catch (error) {
      if (error instanceof TimestampError) return error.code;
      throw error;
    }
    return 'good';
  };
  const check = (token: Buffer, certificates = [tsa.certificate], data = stamped) =>
    codeOf(() => checkTimestamp({ token, stamped: data, certificates }));

  it('show when data existed, by word of a trusted authority', async () => {
    const response = createTimestampResponse(await tokenOf(tsa));
    const verdict = checkTimestamp({
      token: readTimestampResponse(response),
      stamped,
      certificates: [tsa.certificate],
    });
    expect(verdict).toEqual({ at, certificate: tsa.certificate });
  });

  it('are asked for without nonce, policy or certificate', () => {
    const request = parseTimestampRequest(createTimestampRequest(digestOf('sha512', stamped)));
    expect(request).toEqual({
      imprint: { digestOid: '2.16.840.1.101.3.4.2.3', digest: digestOf('sha512', stamped) },
      wantsCertificate: false,
    });
  });

  it('of an authority before its certificate began, or after it ended, are refused', async () => {
    const request = parseTimestampRequest(createTimestampRequest(digestOf('sha512', stamped)));
    const stampedAt = async (instant: string) =>
      check(
        await createTimestampToken(
          { request, policy: '1.2.3.4', serialNumber: 7n, at: new Date(instant) },
          tsa.certificate,
          tsa.key,
        ),
      );
    expect(await stampedAt('2025-12-31T23:59:59Z')).toBe('expired');
    expect(await stampedAt('2026-01-01T00:00:00Z')).toBe('good');
    expect(await stampedAt('2046-01-01T00:00:00Z')).toBe('good');
    expect(await stampedAt('2046-01-01T00:00:01Z')).toBe('expired');
  });

  it('of other data, of strangers and of namesakes are refused', async () => {
    const token = await tokenOf(tsa);
    expect(check(token, [tsa.certificate], Buffer.from('else'))).toBe('imprint');
    expect(check(token, [(await newAuthority()).certificate])).toBe('signer');
    expect(check(token, [])).toBe('signer');
    const imposter = await newAuthority();
    expect(check(await tokenOf({ key: imposter.key, certificate: tsa.certificate }))).toBe('signature');
  });

  it('that were refused say so', () => {
    expect(codeOf(() => readTimestampResponse(createTimestampRefusal('busy')))).toBe('refused');
  });

  it('keep their word with the certificate put first', async () => {
    const token = await tokenOf(tsa);
    const with1 = withCertificateFirst(token, tsa.certificate);
    expect(with1.includes(tsa.certificate.der)).toBe(true);
    expect(check(with1)).toBe('good');
    expect(withCertificateFirst(with1, tsa.certificate)).toEqual(with1);
  });

  it('with any byte of content, attributes or signature flipped are refused', async () => {
    const token = await tokenOf(tsa);
    for (let index = 0; index < token.length; index += 1) {
      const broken = Buffer.from(token);
      broken[index] = (broken[index] ?? 0) ^ 1;
      const code = check(broken);
      // The list of digest algorithms and two version numbers are hints that nothing signed covers.
      if (code === 'good') expect(parseTimestampToken(broken)).toEqual(parseTimestampToken(token));
    }
  });

  it('raise nothing but a TimestampError on random bytes and mutations', async () => {
    const token = await tokenOf(tsa);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(255), (bytes, place, value) => {
        const mutated = Buffer.from(token);
        mutated[place % mutated.length] = value;
        for (const input of [Buffer.from(bytes), mutated]) {
          check(input);
          codeOf(() => readTimestampResponse(input));
          codeOf(() => parseTimestampRequest(input));
        }
      }),
      { numRuns: 500 },
    );
  });

  describe.skipIf(!hasOpenssl)('and openssl (needs openssl)', () => {
    const openssl = (...args: string[]) => {
      const run = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
      return { ok: run.status === 0, text: run.stdout + run.stderr };
    };

    it.each<KeySpec>([
      { type: 'ec', curve: 'P-256' },
      { type: 'rsa', bits: 2048 },
    ])('openssl accepts our tokens: %o', async (spec) => {
      const authority = await newAuthority(spec);
      writeFileSync(join(dir, 'tsa.pem'), authority.certificate.pem);
      writeFileSync(join(dir, 'data'), stamped);
      expect(openssl('ts', '-query', '-data', 'data', '-sha512', '-cert', '-out', 'q.tsq').ok).toBe(true);
      const request = parseTimestampRequest(readFileSync(join(dir, 'q.tsq')));
      writeFileSync(join(dir, 'r.tsr'), createTimestampResponse(await tokenOf(authority, stamped, request)));
      const result = openssl(
        'ts',
        '-verify',
        '-queryfile',
        'q.tsq',
        '-in',
        'r.tsr',
        '-CAfile',
        'tsa.pem',
        '-partial_chain',
        '-attime',
        String(at.getTime() / 1000),
      );
      expect(result.text).toContain('Verification: OK');
    });

    it.each([
      ['rsa', 'rsa_keygen_bits:2048'],
      ['ec', 'ec_paramgen_curve:P-256'],
    ])('we accept the tokens of openssl with %s keys', (type, option) => {
      writeFileSync(
        join(dir, 'ext.cnf'),
        '[req]\ndistinguished_name=dn\n[dn]\n[tsa]\nextendedKeyUsage=critical,timeStamping\n',
      );
      const made = openssl(
        'req',
        '-x509',
        '-days',
        '3650',
        '-newkey',
        type,
        '-pkeyopt',
        option,
        '-nodes',
        '-subj',
        '/CN=tsa',
        '-config',
        'ext.cnf',
        '-extensions',
        'tsa',
        '-keyout',
        'k.pem',
        '-out',
        'c.pem',
      );
      expect(made.ok, made.text).toBe(true);
      writeFileSync(
        join(dir, 'ts.cnf'),
        '[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_digest=sha256\ndefault_policy=1.2.3\ndigests=sha512\ness_cert_id_alg=sha256\n',
      );
      writeFileSync(join(dir, 'q.tsq'), createTimestampRequest(digestOf('sha512', stamped)));
      const reply = openssl(
        'ts',
        '-reply',
        '-config',
        'ts.cnf',
        '-queryfile',
        'q.tsq',
        '-signer',
        'c.pem',
        '-inkey',
        'k.pem',
        '-out',
        'o.tsr',
      );
      expect(reply.ok, reply.text).toBe(true);
      const token = readTimestampResponse(readFileSync(join(dir, 'o.tsr')));
      expect(check(token, [parseCertificate(readFileSync(join(dir, 'c.pem')))])).toBe('good');
    });
  });
});
