import { randomBytes } from 'node:crypto';
import { generateKeyPair, type SigningKey, softwareSigningKey } from '../../../certs/key/index.ts';
import {
  createOcspRequest,
  createOcspResponse,
  parseOcspRequest,
  type StatusToWrite,
} from '../../../certs/ocsp/index.ts';
import {
  buildName,
  type Certificate,
  type CertificateToCreate,
  createCertificate,
  extendedKeyUsages,
} from '../../../certs/x509/index.ts';
import {
  type ApprovedCa,
  buildConfiguration,
  type GlobalConfiguration,
  type SharedParameters,
} from '../../configuration/index.ts';
import type { MemberId, ServerId, SubsystemId } from '../../identifier/index.ts';

/** A certificate with the key that goes with it. */
export interface Party {
  readonly certificate: Certificate;
  readonly key: SigningKey;
}

/** The instant at which everything in the small world is in order. */
export const noon = new Date('2026-06-01T12:00:00Z');
export const minute = 60_000;

export const member: MemberId = { kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '1' };
export const subsystem: SubsystemId = { ...member, kind: 'SUBSYSTEM', subsystemCode: 'population' };
export const server: ServerId = { ...member, kind: 'SERVER', serverCode: 'ss1' };
export const otherMember: MemberId = { ...member, memberCode: '2' };

type Wanted = Partial<CertificateToCreate> & Pick<CertificateToCreate, 'subject'>;

/** @param issuer undefined for a certificate that is its own */
async function issue(wanted: Wanted, issuer?: Party): Promise<Party> {
  const key = softwareSigningKey((await generateKeyPair({ type: 'ec', curve: 'P-256' })).privateKey);
  const certificate = await createCertificate(
    {
      issuer: issuer?.certificate.subject ?? wanted.subject,
      publicKey: key.publicKey,
      serialNumber: (1n << 64n) + BigInt(`0x${randomBytes(8).toString('hex')}`),
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      ...wanted,
    },
    issuer?.key ?? key,
  );
  return { certificate, key };
}

export function issueAuthority(name: string, issuer?: Party): Promise<Party> {
  const subject = buildName({ O: 'Trust services', CN: name });
  return issue({ subject, basicConstraints: { ca: true }, keyUsage: ['keyCertSign', 'cRLSign'] }, issuer);
}

const signingSubject = buildName({ C: 'DEV', O: 'GOV', CN: '1' });
export const authenticationSubject = buildName({ C: 'DEV', CN: 'ss1' });
const { clientAuth, ocspSigning } = extendedKeyUsages;

export function issueSigning(issuer: Party, more: Partial<CertificateToCreate> = {}): Promise<Party> {
  return issue({ subject: signingSubject, keyUsage: ['nonRepudiation'], ...more }, issuer);
}

export function issueAuthentication(issuer: Party, more: Partial<CertificateToCreate> = {}): Promise<Party> {
  const usual = { keyUsage: ['digitalSignature'], extendedKeyUsage: [clientAuth] } as const;
  return issue({ subject: authenticationSubject, ...usual, ...more }, issuer);
}

export function issueResponder(issuer?: Party): Promise<Party> {
  return issue({ subject: buildName({ CN: 'responder' }), extendedKeyUsage: [ocspSigning] }, issuer);
}

/** A status response for one certificate, good and a minute old unless told. */
export function statusOf(
  certificate: Certificate,
  issuer: Party,
  more: Partial<StatusToWrite> & { readonly responder?: Party } = {},
): Promise<Buffer> {
  const [asked] = parseOcspRequest(createOcspRequest(certificate, issuer.certificate));
  if (asked === undefined) throw new Error('a request asks about one certificate');
  const { certId } = asked;
  const { responder = issuer, ...status } = more;
  const usual = { certId, status: { kind: 'good' }, thisUpdate: new Date(noon.getTime() - minute) } as const;
  return createOcspResponse([{ ...usual, ...status }], noon, responder.certificate, responder.key);
}

const ejbca = 'ee.ria.xroad.common.certificateprofile.impl.EjbcaCertificateProfileInfoProvider';

export function approved(ca: Party, more: Partial<ApprovedCa> = {}, responder?: Party): ApprovedCa {
  const ocsp =
    responder === undefined ? [] : [{ url: 'http://ocsp.example', certificate: responder.certificate }];
  return {
    name: 'Approved',
    authenticationOnly: false,
    top: { certificate: ca.certificate, ocsp },
    intermediates: [],
    profile: ejbca,
    ...more,
  };
}

/** An instance with one member, its subsystem and its server. Statuses are taken for an hour. */
export function instance(
  name: string,
  approvedCas: readonly ApprovedCa[],
  registered: readonly Certificate[],
): SharedParameters {
  const id = { ...member, instance: name };
  return {
    instance: name,
    sources: [],
    approvedCas,
    approvedTsas: [],
    members: [
      {
        id,
        memberClassDescription: '',
        name: 'Member',
        subsystems: [{ subsystemCode: subsystem.subsystemCode }],
      },
      { id: { ...otherMember, instance: name }, memberClassDescription: '', name: 'Other', subsystems: [] },
    ],
    securityServers: [
      {
        id: { ...server, instance: name },
        authCertHashes: registered.map(({ sha256 }) => sha256),
        clients: [{ ...subsystem, instance: name }],
      },
    ],
    globalGroups: [],
    memberClasses: [],
    ocspFreshnessSeconds: 3600,
  };
}

export function configurationOf(...instances: readonly SharedParameters[]): GlobalConfiguration {
  const expiresAt = new Date('2026-06-02T00:00:00Z');
  return buildConfiguration({
    instance: instances[0]?.instance ?? '',
    instances: instances.map((shared) => ({ shared, expiresAt })),
    optional: {},
    id: 'test',
  });
}
