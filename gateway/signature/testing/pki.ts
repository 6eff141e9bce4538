import {
  defaultAlgorithm,
  digestOf,
  generateKeyPair,
  type KeySpec,
  type SigningKey,
  softwareSigningKey,
} from '../../../certs/key/index.ts';
import { createOcspRequest, createOcspResponse, parseOcspRequest } from '../../../certs/ocsp/index.ts';
import {
  createTimestampRequest,
  createTimestampToken,
  parseTimestampRequest,
} from '../../../certs/timestamp/index.ts';
import { buildName, type Certificate, createCertificate, type KeyUsage } from '../../../certs/x509/index.ts';
import { buildConfiguration, type GlobalConfiguration } from '../../configuration/index.ts';
import type { MemberId } from '../../identifier/index.ts';
import type { MessagePart } from '../../message/index.ts';
import { type SignatureDocuments, type SigningMaterial, signMessage } from '../sign.ts';

/** When the messages of tests are signed. */
export const signedAt = new Date('2026-03-01T10:20:30.456Z');

export const alice: MemberId = { kind: 'MEMBER', instance: 'DEV', memberClass: 'COM', memberCode: '111' };
export const bob: MemberId = { ...alice, memberCode: '222' };

/** A key with the certificate for it. */
interface Identity {
  readonly key: SigningKey;
  readonly certificate: Certificate;
}

export interface Pki {
  readonly ca: Identity;
  readonly configuration: GlobalConfiguration;
  /** All that a member needs to sign. */
  issueTo(member: MemberId, spec?: KeySpec, options?: IssueOptions): Promise<SigningMaterial>;
  /** The same certificate and key, with what the authority says of it at another time. */
  withStatus(
    material: SigningMaterial,
    options: Pick<IssueOptions, 'status' | 'thisUpdate'>,
  ): Promise<SigningMaterial>;
  stamp(data: Uint8Array, at?: Date): Promise<Buffer>;
}

interface IssueOptions {
  /** RSA with PSS instead of PKCS#1 v1.5. */
  readonly pss?: boolean;
  readonly keyUsage?: readonly KeyUsage[];
  readonly status?: 'good' | 'revoked';
  readonly thisUpdate?: Date;
}

const ec: KeySpec = { type: 'ec', curve: 'P-256' };

/** Ends of the certificates of authorities; 2040 unless told. */
export interface AuthorityEnds {
  readonly ca?: Date;
  readonly tsa?: Date;
}

const usualEnd = new Date('2040-01-01T00:00:00Z');

/** A certification authority, its timestamping authority, and the configuration that approves of both. */
export async function createPki(configurationId = 'test', ends: AuthorityEnds = {}): Promise<Pki> {
  let serialNumber = 1n;
  const issue = async (
    subject: Parameters<typeof buildName>[0],
    key: SigningKey,
    keyUsage: readonly KeyUsage[],
    issuer?: Identity,
    notAfter = usualEnd,
  ): Promise<Certificate> => {
    const name = buildName(subject);
    serialNumber += 1n;
    return createCertificate(
      {
        subject: name,
        issuer: issuer?.certificate.subject ?? name,
        publicKey: key.publicKey,
        serialNumber,
        notBefore: new Date('2025-01-01T00:00:00Z'),
        notAfter,
        keyUsage: [...keyUsage],
        basicConstraints: { ca: issuer === undefined },
      },
      issuer?.key ?? key,
    );
  };
  const newKey = async (spec: KeySpec, pss = false): Promise<SigningKey> => {
    const { privateKey, publicKey } = await generateKeyPair(spec);
    return softwareSigningKey(privateKey, defaultAlgorithm(publicKey, 'sha512', pss));
  };
  const caKey = await newKey(ec);
  const caName = { C: 'FI', O: 'Test & <Sons>', CN: 'Test CA' };
  const caCertificate = await issue(caName, caKey, ['keyCertSign', 'cRLSign'], undefined, ends.ca);
  const ca: Identity = { key: caKey, certificate: caCertificate };
  const tsaKey = await newKey(ec);
  const tsa: Identity = {
    key: tsaKey,
    certificate: await issue({ CN: 'Test TSA' }, tsaKey, ['digitalSignature'], ca, ends.tsa),
  };
  return {
    ca,
    configuration: configurationOf(ca, tsa, configurationId),
    issueTo: async (member, spec = ec, options = {}) => {
      const key = await newKey(spec, options.pss);
      const subject = { C: member.instance, O: member.memberClass, CN: member.memberCode };
      const certificate = await issue(subject, key, options.keyUsage ?? ['nonRepudiation'], ca);
      const ocspResponse = await statusOf(certificate, ca, options);
      return { key, certificate, intermediates: [], ocspResponses: [ocspResponse] };
    },
    withStatus: async (material, options) => ({
      ...material,
      ocspResponses: [await statusOf(material.certificate, ca, options)],
    }),
    stamp: (data, at = signedAt) => {
      const request = parseTimestampRequest(createTimestampRequest(digestOf('sha512', data)));
      return createTimestampToken(
        { request, policy: '1.2.3', serialNumber: 1n, at },
        tsa.certificate,
        tsa.key,
      );
    },
  };
}

async function statusOf(
  certificate: Certificate,
  ca: Identity,
  { status = 'good', thisUpdate = new Date(signedAt.getTime() - 60_000) }: IssueOptions,
): Promise<Buffer> {
  const [asked] = parseOcspRequest(createOcspRequest(certificate, ca.certificate));
  if (asked === undefined) throw new Error('nothing was asked');
  const { certId } = asked;
  const kind =
    status === 'good' ? ({ kind: 'good' } as const) : ({ kind: 'revoked', at: thisUpdate } as const);
  return createOcspResponse([{ certId, status: kind, thisUpdate }], thisUpdate, ca.certificate, ca.key);
}

function configurationOf(ca: Identity, tsa: Identity, id: string): GlobalConfiguration {
  return buildConfiguration({
    id,
    instance: 'DEV',
    optional: {},
    instances: [
      {
        expiresAt: new Date('2040-01-01T00:00:00Z'),
        shared: {
          instance: 'DEV',
          sources: [],
          approvedCas: [
            {
              name: 'Test CA',
              authenticationOnly: false,
              top: { certificate: ca.certificate, ocsp: [] },
              intermediates: [],
              profile: 'ee.ria.xroad.common.certificateprofile.impl.EjbcaCertificateProfileInfoProvider',
            },
          ],
          approvedTsas: [{ name: 'Test TSA', url: 'http://tsa.invalid', certificate: tsa.certificate }],
          members: [],
          securityServers: [],
          globalGroups: [],
          memberClasses: [],
          ocspFreshnessSeconds: 3600,
        },
      },
    ],
  });
}

export interface SignedMessage {
  readonly head: Buffer;
  readonly attachments: readonly Buffer[];
  readonly parts: readonly MessagePart[];
  readonly documents: SignatureDocuments;
}

/** Signs texts as one message: its head, and its attachments. */
export async function signTexts(
  material: SigningMaterial,
  ...texts: readonly string[]
): Promise<SignedMessage> {
  const [head = Buffer.alloc(0), ...attachments] = texts.map((text) => Buffer.from(text));
  const parts = partsOf(head, attachments);
  const documents = await signMessage({ ...material, parts, digest: 'sha512', signedAt });
  return { head, attachments, parts, documents };
}

export function partsOf(head: Buffer, attachments: readonly Buffer[]): MessagePart[] {
  return [
    { name: '/message.xml', digest: digestOf('sha512', head) },
    ...attachments.map((bytes, index) => ({
      name: `/attachment${index + 1}` as const,
      digest: digestOf('sha512', bytes),
    })),
  ];
}
