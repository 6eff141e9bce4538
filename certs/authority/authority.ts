import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../file/index.ts';
import { checkKeyStrength, KeyError, type KeySpec, type SigningKey } from '../key/index.ts';
import {
  createOcspRefusal,
  createOcspRequest,
  createOcspResponse,
  OcspError,
  parseOcspRequest,
} from '../ocsp/index.ts';
import {
  createTimestampRefusal,
  createTimestampResponse,
  createTimestampToken,
  parseTimestampRequest,
  TimestampError,
} from '../timestamp/index.ts';
import { createSoftwareToken, openSoftwareToken, type Token } from '../token/index.ts';
import {
  buildName,
  type Certificate,
  CertificateError,
  type CertificateToCreate,
  createCertificate,
  extendedKeyUsages,
  type KeyUsage,
  parseCertificate,
  parseRequest,
} from '../x509/index.ts';
import { IssuedBook } from './book.ts';
import { EnrolmentBook } from './enrolment-book.ts';
import { type Applicant, type CertificateKind, type ProfileName, subjectOf } from './profiles.ts';

export interface AuthorityOptions {
  /** Name of the authority, for people. */
  readonly name: string;
  readonly pin: string;
  /** P-256 unless told. */
  readonly keySpec?: KeySpec;
  readonly now?: () => Date;
}

export interface CertificateOrder {
  /** Request, DER or PEM; its subject is not taken over: the profile says what it must be. */
  readonly request: Uint8Array;
  readonly kind: CertificateKind;
  readonly profile: ProfileName;
  readonly applicant: Applicant;
  /** Where the status of the certificate can be asked for; written into it. */
  readonly ocspUrl?: string;
  /** Days of validity; 730 unless told. */
  readonly days?: number;
}

const dayMs = 86_400_000;
const authorityDays = 3650;
/** How long a status is said to hold. */
const statusMs = 60 * 60_000;
/** Nobody's policy: an arc for examples. */
const timestampPolicy = '2.999.1';

const usages: Readonly<Record<CertificateKind, Pick<CertificateToCreate, 'keyUsage' | 'extendedKeyUsage'>>> =
  {
    signing: { keyUsage: ['nonRepudiation'] },
    authentication: {
      keyUsage: ['digitalSignature', 'keyAgreement'],
      extendedKeyUsage: [extendedKeyUsages.clientAuth, extendedKeyUsages.serverAuth],
    },
    'tls-server': { keyUsage: ['digitalSignature'], extendedKeyUsage: [extendedKeyUsages.serverAuth] },
  };

const roles = ['ca', 'ocsp', 'tsa'] as const;
type Role = (typeof roles)[number];

/** A small, genuine certification authority with OCSP responder and timestamping authority. */
export class Authority {
  /** Root, and issuer of all others. */
  readonly caCertificate: Certificate;
  readonly ocspCertificate: Certificate;
  readonly tsaCertificate: Certificate;
  /** What applicants may fetch by themselves. */
  readonly enrolments: EnrolmentBook;
  readonly now: () => Date;
  readonly #keys: Readonly<Record<Role, SigningKey>>;
  readonly #book: IssuedBook;

  constructor(
    certificates: Readonly<Record<Role, Certificate>>,
    keys: Readonly<Record<Role, SigningKey>>,
    book: IssuedBook,
    enrolments: EnrolmentBook,
    now: () => Date,
  ) {
    this.caCertificate = certificates.ca;
    this.ocspCertificate = certificates.ocsp;
    this.tsaCertificate = certificates.tsa;
    this.#keys = keys;
    this.#book = book;
    this.enrolments = enrolments;
    this.now = now;
  }

  /** @throws CertificateError malformed, signature, weak for a request that is not good */
  async issue({
    request,
    kind,
    profile,
    applicant,
    ocspUrl,
    days = 730,
  }: CertificateOrder): Promise<Certificate> {
    const { publicKey, subjectAltNames } = parseRequest(request);
    try {
      checkKeyStrength(publicKey);
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      throw new CertificateError('weak', `no certificate is issued for that key: ${error.message}`, {
        cause: error,
      });
    }
    const now = this.now();
    const serialNumber = newSerial();
    const wanted =
      applicant.dnsName === undefined
        ? subjectAltNames
        : [...new Set([...subjectAltNames, applicant.dnsName])];
    const certificate = await createCertificate(
      {
        subject: subjectOf(kind, profile, applicant),
        issuer: this.caCertificate.subject,
        publicKey,
        serialNumber,
        // Clocks of a freshly joined server may lag a little.
        notBefore: new Date(now.getTime() - 5 * 60_000),
        notAfter: new Date(Math.min(now.getTime() + days * dayMs, this.caCertificate.notAfter.getTime())),
        ...usages[kind],
        ...((kind !== 'signing' || profile === 'basic-acme') && { subjectAltNames: wanted }),
        ...(ocspUrl !== undefined && { ocspUrl }),
      },
      this.#keys.ca,
    );
    await this.#book.put({
      serialNumber: serialNumber.toString(16),
      subject: certificate.subject.toString(),
      notAfter: certificate.notAfter.toISOString(),
    });
    return certificate;
  }

  /** From now on its status is revoked. @throws Error for a serial number that was never issued */
  async revoke(serialNumber: bigint): Promise<void> {
    const entry = this.#book.get(serialNumber.toString(16));
    if (entry === undefined)
      throw new Error(`serial number ${serialNumber.toString(16)} was never issued here`);
    await this.#book.put({ ...entry, revokedAt: this.now().toISOString() });
  }

  /** @param request DER @returns DER, also for requests that are refused */
  async answerOcsp(request: Uint8Array): Promise<Buffer> {
    const now = this.now();
    try {
      const statuses = parseOcspRequest(request).map(({ certId, serialNumber, issuerKeyHash }) => {
        const isOurs = issuerKeyHash.equals(this.#issuerKeyHash());
        const entry = isOurs ? this.#book.get(serialNumber.toString(16)) : undefined;
        const status =
          entry === undefined
            ? ({ kind: 'unknown' } as const)
            : entry.revokedAt === undefined
              ? ({ kind: 'good' } as const)
              : ({ kind: 'revoked', at: new Date(entry.revokedAt) } as const);
        return { certId, status, thisUpdate: now, nextUpdate: new Date(now.getTime() + statusMs) };
      });
      if (statuses.length === 0) return createOcspRefusal(1);
      return await createOcspResponse(statuses, now, this.ocspCertificate, this.#keys.ocsp);
    } catch (error) {
      if (error instanceof OcspError) return createOcspRefusal(1);
      throw error;
    }
  }

  /** @param request DER @returns DER, also for requests that are refused */
  async answerTimestamp(request: Uint8Array): Promise<Buffer> {
    try {
      const wanted = {
        request: parseTimestampRequest(request),
        policy: timestampPolicy,
        serialNumber: newSerial(),
        at: this.now(),
      };
      return createTimestampResponse(await createTimestampToken(wanted, this.tsaCertificate, this.#keys.tsa));
    } catch (error) {
      if (error instanceof TimestampError) return createTimestampRefusal(error.message);
      throw error;
    }
  }

  /** As a request for a certificate of this authority would hash it. */
  #issuerKeyHash(): Buffer {
    const [own] = parseOcspRequest(createOcspRequest(this.caCertificate, this.caCertificate));
    return own?.issuerKeyHash ?? Buffer.alloc(0);
  }
}

/** Founds an authority in a folder of its own. @throws TokenError, Error when one is there */
export async function createAuthority(dir: string, options: AuthorityOptions): Promise<Authority> {
  const { name, pin, keySpec = { type: 'ec', curve: 'P-256' }, now = () => new Date() } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const token = await createSoftwareToken(join(dir, 'token'), { pin, label: name });
  const keys = {} as Record<Role, SigningKey>;
  for (const role of roles) keys[role] = token.signingKey((await token.generateKey(keySpec, role)).id);
  const book = await IssuedBook.open(join(dir, 'issued.json'));
  const subject = buildName({ O: name, CN: `${name} CA` });
  const certify = async (
    role: Role,
    more: Partial<CertificateToCreate> & { keyUsage: readonly KeyUsage[] },
  ) => {
    const notBefore = new Date(now().getTime() - 5 * 60_000);
    const serialNumber = newSerial();
    const notAfter = new Date(notBefore.getTime() + authorityDays * dayMs);
    const base = {
      subject,
      issuer: subject,
      publicKey: keys[role].publicKey,
      serialNumber,
      notBefore,
      notAfter,
    };
    const certificate = await createCertificate({ ...base, ...more }, keys.ca);
    const entry = { subject: certificate.subject.toString(), notAfter: notAfter.toISOString() };
    await book.put({ ...entry, serialNumber: serialNumber.toString(16) });
    await writeFileDurably(join(dir, `${role}.pem`), certificate.pem, 0o644);
    return certificate;
  };
  const certificates = {
    ca: await certify('ca', {
      basicConstraints: { ca: true, pathLength: 1 },
      keyUsage: ['keyCertSign', 'cRLSign'],
    }),
    ocsp: await certify('ocsp', {
      subject: buildName({ O: name, CN: `${name} OCSP responder` }),
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: [extendedKeyUsages.ocspSigning],
      ocspNoCheck: true,
    }),
    tsa: await certify('tsa', {
      subject: buildName({ O: name, CN: `${name} timestamping authority` }),
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: [extendedKeyUsages.timeStamping],
      extendedKeyUsageCritical: true,
    }),
  };
  return new Authority(certificates, keys, book, await openEnrolments(dir), now);
}

/** @throws TokenError not-initialized, pin-incorrect, pin-locked */
export async function openAuthority(
  dir: string,
  { pin, now = () => new Date() }: Pick<AuthorityOptions, 'pin' | 'now'>,
): Promise<Authority> {
  const token = await openSoftwareToken(join(dir, 'token'));
  await token.activate(pin);
  const certificates = {} as Record<Role, Certificate>;
  const keys = {} as Record<Role, SigningKey>;
  for (const role of roles) {
    certificates[role] = parseCertificate(await readFile(join(dir, `${role}.pem`)));
    keys[role] = keyOf(token, role);
  }
  const book = await IssuedBook.open(join(dir, 'issued.json'));
  return new Authority(certificates, keys, book, await openEnrolments(dir), now);
}

function openEnrolments(dir: string): Promise<EnrolmentBook> {
  return EnrolmentBook.open(join(dir, 'enrolments.json'));
}

function keyOf(token: Token, role: Role): SigningKey {
  const key = token.listKeys().find(({ label }) => label === role);
  if (key === undefined) throw new Error(`the token of the authority has no key '${role}'`);
  return token.signingKey(key.id);
}

/** 127 random bits and a leading one: positive, and never the same twice. */
function newSerial(): bigint {
  return (1n << 127n) | BigInt(`0x${randomBytes(15).toString('hex')}`);
}
