import {
  algorithmByXmlUri,
  generateKeyPair,
  type KeySpec,
  type SigningKey,
  softwareSigningKey,
} from '../../../certs/key/index.ts';
import { buildName, type Certificate, createCertificate } from '../../../certs/x509/index.ts';
import { Fault } from '../../fault/index.ts';
import type { MemberId, SubsystemId } from '../../identifier/index.ts';
import type { Anchor, PrivateParameters, SharedParameters } from '../index.ts';

export interface KeyAndCertificate {
  readonly key: SigningKey;
  readonly certificate: Certificate;
}

/** A certificate that is its own, as configuration keys have. */
export async function createKey(
  CN: string,
  spec: KeySpec = { type: 'ec', curve: 'P-256' },
  algorithmUri?: string,
): Promise<KeyAndCertificate> {
  const { privateKey } = await generateKeyPair(spec);
  const algorithm = algorithmUri === undefined ? undefined : algorithmByXmlUri(algorithmUri);
  const key = softwareSigningKey(privateKey, algorithm);
  const subject = buildName({ CN });
  const certificate = await createCertificate(
    {
      subject,
      issuer: subject,
      publicKey: key.publicKey,
      serialNumber: 1n,
      notBefore: new Date('2020-01-01T00:00:00Z'),
      // Long past: of a verification certificate only the key counts.
      notAfter: new Date('2021-01-01T00:00:00Z'),
    },
    key,
  );
  return { key, certificate };
}

export const member: MemberId = { kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '1' };
export const other: MemberId = { ...member, memberClass: 'MUN', memberCode: 'R&D <2>' };
export const subsystem: SubsystemId = { ...member, kind: 'SUBSYSTEM', subsystemCode: 'population' };

/** Everything the versions of the format can say, at least once. */
export function fullParameters({ certificate }: KeyAndCertificate): SharedParameters {
  const hashes = [certificate.sha1, certificate.sha256];
  return {
    instance: 'DEV',
    sources: [
      {
        address: 'registry.example',
        internalVerificationCerts: [certificate.der],
        externalVerificationCerts: [certificate.der, Buffer.from('other')],
      },
    ],
    approvedCas: [
      {
        name: 'Test & Co',
        authenticationOnly: true,
        top: { certificate, ocsp: [{ url: 'http://ocsp.example/?a=1&b=2', certificate, costType: 'FREE' }] },
        intermediates: [{ certificate, ocsp: [{ url: 'http://ocsp.example' }] }],
        profile: 'ee.ria.xroad.common.certificateprofile.impl.FiVRKCertificateProfileInfoProvider',
        defaultCsrFormat: 'DER',
        acmeServer: {
          directoryUrl: 'https://acme.example/directory?a=1&b=2',
          ipAddress: '192.0.2.1',
          authenticationCertificateProfileId: '1',
          signingCertificateProfileId: 'sign & seal',
        },
      },
    ],
    approvedTsas: [{ name: 'TSA', url: 'http://tsa.example', certificate, costType: 'PAID' }],
    members: [
      {
        id: member,
        memberClassDescription: 'Government',
        name: 'Väestörekisteri "1"',
        subsystems: [{ subsystemCode: 'population', name: 'Population' }, { subsystemCode: 'unnamed' }],
      },
      { id: other, memberClassDescription: 'Municipality', name: 'City', subsystems: [] },
    ],
    securityServers: [
      {
        id: { ...member, kind: 'SERVER', serverCode: 'ss1' },
        address: 'ss1.example',
        authCertHashes: hashes,
        clients: [subsystem, other],
      },
      {
        id: { ...other, kind: 'SERVER', serverCode: 'ss2' },
        authCertHashes: [],
        clients: [subsystem, member],
        inMaintenanceMode: { message: 'back at noon' },
      },
      {
        id: { ...other, kind: 'SERVER', serverCode: 'ss3' },
        authCertHashes: [],
        clients: [],
        inMaintenanceMode: {},
      },
    ],
    globalGroups: [{ groupCode: 'everyone', description: 'All of them', members: [subsystem, other] }],
    memberClasses: [
      { code: 'GOV', description: 'Government' },
      { code: 'MUN', description: 'Municipality' },
    ],
    ocspFreshnessSeconds: 3600,
  };
}

export function anchorOf({ certificate }: KeyAndCertificate): Anchor {
  const url = 'https://cs.example/externalconf?a=1&b=2';
  return {
    instance: 'ABROAD',
    generatedAt: new Date('2026-01-02T03:04:05.678Z'),
    sources: [{ url, verificationCerts: [certificate.der, Buffer.from('next')] }],
  };
}

export function privateParameters(signer: KeyAndCertificate): PrivateParameters {
  return {
    instance: 'DEV',
    federatedAnchors: [anchorOf(signer)],
    managementService: {
      authCertRegServiceAddress: 'https://cs.example:4001/managementservice/',
      authCertRegServiceCert: signer.certificate.der,
      providerId: subsystem,
    },
    timeStampingIntervalSeconds: 60,
  };
}

/** The code of a refusal; anything thrown that is no fault is passed on. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return 'accepted';
}
