import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair, type SigningKey, softwareSigningKey } from '../key/index.ts';
import {
  buildName,
  type Certificate,
  type CertificateToCreate,
  createCertificate,
  extendedKeyUsages,
  parseCertificate as parse,
} from '../x509/index.ts';
import {
  checkOcsp,
  createOcspRefusal,
  createOcspRequest,
  createOcspResponse,
  OcspError,
  parseOcspRequest,
  parseOcspResponse,
  type StatusToWrite,
} from './index.ts';

const at = new Date('2026-06-01T12:00:00Z');
const minute = 60_000;
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const vector = '../shared/vectors/soap/test.ocsp';

const newKey = async (): Promise<SigningKey> =>
  softwareSigningKey((await generateKeyPair({ type: 'ec', curve: 'P-256' })).privateKey);
let serial = 100n;

async function issue(
  cn: string,
  key: SigningKey,
  issuer: Party | undefined,
  more: Partial<CertificateToCreate> = {},
): Promise<Party> {
  const subject = buildName({ C: 'FI', CN: cn });
  serial += 1n;
  const certificate = await createCertificate(
    {
      subject,
      issuer: issuer?.certificate.subject ?? subject,
      publicKey: key.publicKey,
      serialNumber: serial,
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      ...more,
    },
    issuer?.key ?? key,
  );
  return { certificate, key };
}

interface Party {
  readonly certificate: Certificate;
  readonly key: SigningKey;
}

describe('certificate status', () => {
  let ca: Party;
  let leaf: Party;
  let other: Party;
  let responder: Party;
  let stranger: Party;
  let dir: string;

  beforeAll(async () => {
    const authority = {
      basicConstraints: { ca: true },
      keyUsage: ['keyCertSign', 'digitalSignature'],
    } as const;
    ca = await issue('ca', await newKey(), undefined, authority);
    leaf = await issue('leaf', await newKey(), ca);
    other = await issue('other', await newKey(), ca);
    responder = await issue('responder', await newKey(), ca, {
      extendedKeyUsage: [extendedKeyUsages.ocspSigning],
    });
    stranger = await issue('stranger', await newKey(), undefined, {
      extendedKeyUsage: [extendedKeyUsages.ocspSigning],
    });
    dir = mkdtempSync(join(tmpdir(), 'waygate-ocsp-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const idOf = (party: Party) =>
    parseOcspRequest(createOcspRequest(party.certificate, ca.certificate))[0]?.certId ?? Buffer.alloc(0);
  const answer = (by: Party, status: Partial<StatusToWrite> = {}) =>
    createOcspResponse(
      [{ certId: idOf(leaf), status: { kind: 'good' }, thisUpdate: at, ...status }],
      at,
      by.certificate,
      by.key,
    );
  const check = (response: Buffer, more: Partial<Parameters<typeof checkOcsp>[0]> = {}) =>
    checkOcsp({
      response,
      certificate: leaf.certificate,
      issuer: ca.certificate,
      responders: [],
      at,
      freshnessMs: 60 * minute,
      verifyNextUpdate: true,
      ...more,
    });
  const codeOf = (action: () => unknown): string => {
    try {
      action();
    } catch (error) {
      if (error instanceof OcspError) return error.code;
      throw error;
    }
    return 'good';
  };

  it('is good by word of the authority, of its delegate, or of a responder that is configured', async () => {
    expect(codeOf(() => check(Buffer.alloc(0)))).toBe('malformed');
    check(await answer(ca));
    check(await answer(responder));
    const configured = await answer(stranger);
    check(configured, { responders: [stranger.certificate] });
    expect(codeOf(() => check(configured))).toBe('unauthorised');
  });

  it('is not good by word of a sibling that is no responder', async () => {
    const byOther = await answer(other);
    expect(codeOf(() => check(byOther))).toBe('unauthorised');
  });

  it('holds until it grows stale, its renewal is due, or its responder expires', async () => {
    expect(check(await answer(ca)).validUntil).toEqual(new Date(at.getTime() + 60 * minute));
    const next = new Date(at.getTime() + minute);
    expect(check(await answer(ca, { nextUpdate: next })).validUntil).toEqual(next);
    expect(check(await answer(ca, { nextUpdate: next }), { verifyNextUpdate: false }).validUntil).not.toEqual(
      next,
    );
    const short = await issue('short', await newKey(), ca, {
      extendedKeyUsage: [extendedKeyUsages.ocspSigning],
      notAfter: new Date(at.getTime() + 1000),
    });
    expect(check(await answer(short)).validUntil).toEqual(short.certificate.notAfter);
  });

  it.each([
    ['stale', { thisUpdate: new Date(at.getTime() - 61 * minute) }],
    ['future', { thisUpdate: new Date(at.getTime() + 2 * minute) }],
    ['next-update', { nextUpdate: new Date(at.getTime() - 1) }],
    ['revoked', { status: { kind: 'revoked', at } }],
    ['unknown', { status: { kind: 'unknown' } }],
  ] as const)('is refused when it is %s', async (code, status) => {
    const response = await answer(ca, status);
    expect(codeOf(() => check(response))).toBe(code);
  });

  it('is refused when it is about another certificate', async () => {
    const response = await answer(ca, { certId: idOf(other) });
    expect(codeOf(() => check(response))).toBe('wrong-certificate');
  });

  it('is refused when the first status is about another, whatever follows', async () => {
    const good = { status: { kind: 'good' }, thisUpdate: at } as const;
    const response = await createOcspResponse(
      [
        { certId: idOf(other), ...good },
        { certId: idOf(leaf), ...good },
      ],
      at,
      ca.certificate,
      ca.key,
    );
    expect(codeOf(() => check(response))).toBe('wrong-certificate');
  });

  it('is refused from a responder that is out of date', async () => {
    const expired = await issue('old', await newKey(), ca, {
      extendedKeyUsage: [extendedKeyUsages.ocspSigning],
      notAfter: new Date('2026-02-01T00:00:00Z'),
    });
    const response = await answer(expired);
    expect(codeOf(() => check(response))).toBe('unauthorised');
  });

  it('is refused when the responder declined to answer', () => {
    expect(codeOf(() => check(createOcspRefusal(6)))).toBe('not-successful');
  });

  it('is refused with any byte of what is signed or of the signature flipped', async () => {
    const response = await answer(ca);
    const certificateAt = response.indexOf(ca.certificate.der);
    for (let index = 0; index < certificateAt; index += 1) {
      const broken = Buffer.from(response);
      broken[index] = (broken[index] ?? 0) ^ 1;
      expect(
        codeOf(() => check(broken)),
        `byte ${index}`,
      ).not.toBe('good');
    }
  });

  it('raises nothing but an OcspError on random bytes and mutations', async () => {
    const response = await answer(responder);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(255), (bytes, place, value) => {
        const mutated = Buffer.from(response);
        mutated[place % mutated.length] = value;
        for (const input of [Buffer.from(bytes), mutated]) {
          codeOf(() => check(input));
          codeOf(() => parseOcspRequest(input));
        }
      }),
      { numRuns: 500 },
    );
  });

  it.skipIf(!existsSync(vector))(
    'is read from a response of other software (needs ../shared/vectors)',
    () => {
      const parsed = parseOcspResponse(readFileSync(vector));
      expect(parsed.responses.map(({ status }) => status)).toEqual(['good']);
    },
  );

  describe.skipIf(!hasOpenssl)('and openssl (needs openssl)', () => {
    const openssl = (...args: string[]) => {
      const run = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
      return { ok: run.status === 0, text: run.stdout + run.stderr };
    };

    it('openssl accepts our responses', async () => {
      writeFileSync(join(dir, 'ca.pem'), ca.certificate.pem);
      writeFileSync(join(dir, 'leaf.pem'), leaf.certificate.pem);
      writeFileSync(
        join(dir, 'r.der'),
        await answer(responder, { nextUpdate: new Date(at.getTime() + 30 * 365 * 86_400_000) }),
      );
      const args = [
        'ocsp',
        '-issuer',
        'ca.pem',
        '-cert',
        'leaf.pem',
        '-respin',
        'r.der',
        '-CAfile',
        'ca.pem',
        '-no_nonce',
      ];
      const result = openssl(
        ...args,
        '-attime',
        String(at.getTime() / 1000),
        '-validity_period',
        '999999999',
      );
      expect(result.text).toContain('Response verify OK');
      expect(result.text).toContain('leaf.pem: good');
    });

    it('we accept the responses of openssl, with RSA and EC keys', () => {
      for (const type of [
        ['rsa', '-pkeyopt', 'rsa_keygen_bits:2048'],
        ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
      ]) {
        const key = ['-newkey', type[0] ?? '', ...type.slice(1), '-nodes'];
        openssl(
          'req',
          '-x509',
          '-days',
          '3650',
          ...key,
          '-subj',
          '/CN=ca',
          '-keyout',
          'k.pem',
          '-out',
          'oca.pem',
        );
        openssl('req', '-new', ...key, '-subj', '/CN=leaf', '-keyout', 'k2.pem', '-out', 'r.pem');
        openssl(
          'x509',
          '-req',
          '-in',
          'r.pem',
          '-CA',
          'oca.pem',
          '-CAkey',
          'k.pem',
          '-set_serial',
          '0x1234',
          '-days',
          '3600',
          '-out',
          'oleaf.pem',
        );
        for (const [flag, code] of [
          ['V', 'good'],
          ['R', 'revoked'],
        ] as const) {
          const revokedAt = flag === 'R' ? '250101000000Z' : '';
          writeFileSync(
            join(dir, 'index.txt'),
            `${flag}\t350101000000Z\t${revokedAt}\t1234\tunknown\t/CN=leaf\n`,
          );
          const request = ['-issuer', 'oca.pem', '-cert', 'oleaf.pem'];
          const made = openssl(
            'ocsp',
            '-index',
            'index.txt',
            '-CA',
            'oca.pem',
            '-rsigner',
            'oca.pem',
            '-rkey',
            'k.pem',
            ...request,
            '-respout',
            'o.der',
            '-ndays',
            '1',
            '-no_nonce',
            '-noverify',
          );
          expect(made.ok, made.text).toBe(true);
          const certificateOf = (file: string) => parse(readFileSync(join(dir, file)));
          const question = {
            certificate: certificateOf('oleaf.pem'),
            issuer: certificateOf('oca.pem'),
            at: new Date(),
          };
          const response = readFileSync(join(dir, 'o.der'));
          expect(codeOf(() => check(response, question))).toBe(code);
        }
      }
    });
  });
});
