import type { Certificate } from '../../certs/x509/index.ts';
import type { ClientId, MemberId, ServerId } from '../identifier/index.ts';

/** Versions of the configuration that can be read and written. */
export const versions = [2, 3, 4, 5, 6] as const;
export type ConfigurationVersion = (typeof versions)[number];

export type CostType = 'FREE' | 'PAID' | 'UNDEFINED';

export interface OcspResponder {
  readonly url: string;
  readonly certificate?: Certificate;
  /** Version 6. */
  readonly costType?: CostType;
}

export interface CertificationAuthority {
  readonly certificate: Certificate;
  readonly ocsp: readonly OcspResponder[];
}

/** Where certificates of an authority are ordered without hands (RFC 8555). From version 3. */
export interface AcmeServer {
  readonly directoryUrl: string;
  /** From which it verifies that an applicant holds a host name. */
  readonly ipAddress?: string;
  /** Names of the authority's own profiles. From version 4. */
  readonly authenticationCertificateProfileId?: string;
  readonly signingCertificateProfileId?: string;
}

export interface ApprovedCa {
  readonly name: string;
  /** Its certificates authenticate servers, and never sign messages. */
  readonly authenticationOnly: boolean;
  readonly top: CertificationAuthority;
  readonly intermediates: readonly CertificationAuthority[];
  /** Java class name that says how a subject names a member. */
  readonly profile: string;
  /** Version 6. */
  readonly defaultCsrFormat?: 'PEM' | 'DER';
  readonly acmeServer?: AcmeServer;
}

export interface ApprovedTsa {
  readonly name: string;
  readonly url: string;
  readonly certificate: Certificate;
  /** Version 6. */
  readonly costType?: CostType;
}

export interface MemberClass {
  readonly code: string;
  readonly description: string;
}

interface Subsystem {
  readonly subsystemCode: string;
  /** From version 5. */
  readonly name?: string;
}

export interface Member {
  readonly id: MemberId;
  readonly memberClassDescription: string;
  readonly name: string;
  readonly subsystems: readonly Subsystem[];
}

/** Hash of an authentication certificate: 20 bytes are SHA-1, 32 are SHA-256. */
type AuthCertHash = Buffer;

export interface SecurityServer {
  /** Names its owner. */
  readonly id: ServerId;
  readonly address?: string;
  readonly authCertHashes: readonly AuthCertHash[];
  /** Subsystems, and members other than the owner, that use it. */
  readonly clients: readonly ClientId[];
  /** From version 5. */
  readonly inMaintenanceMode?: { readonly message?: string };
}

export interface GlobalGroup {
  readonly groupCode: string;
  readonly description: string;
  readonly members: readonly ClientId[];
}

/** A place that serves the configuration, as other servers of the instance learn it. From version 3. */
interface ConfigurationSourceAddress {
  readonly address: string;
  /** DER; of the internal and of the external configuration. */
  readonly internalVerificationCerts: readonly Buffer[];
  readonly externalVerificationCerts: readonly Buffer[];
}

export interface SharedParameters {
  readonly instance: string;
  readonly sources: readonly ConfigurationSourceAddress[];
  readonly approvedCas: readonly ApprovedCa[];
  readonly approvedTsas: readonly ApprovedTsa[];
  readonly members: readonly Member[];
  readonly securityServers: readonly SecurityServer[];
  readonly globalGroups: readonly GlobalGroup[];
  readonly memberClasses: readonly MemberClass[];
  readonly ocspFreshnessSeconds: number;
}

export interface AnchorSource {
  readonly url: string;
  /** DER, not parsed: only the one that signed is ever used. */
  readonly verificationCerts: readonly Buffer[];
}

export interface Anchor {
  readonly instance: string;
  readonly generatedAt?: Date;
  readonly sources: readonly AnchorSource[];
}

export interface PrivateParameters {
  readonly instance: string;
  readonly federatedAnchors: readonly Anchor[];
  readonly managementService: {
    readonly authCertRegServiceAddress: string;
    /** DER of its TLS certificate. */
    readonly authCertRegServiceCert?: Buffer;
    readonly providerId: ClientId;
  };
  readonly timeStampingIntervalSeconds: number;
}
