import type { AcmeServer, Anchor, CostType, OptionalParameters } from '../../gateway/configuration/index.ts';
import type { ClientId, MemberId, ServerId, SubsystemId } from '../../gateway/identifier/index.ts';
import type { OwnProfile } from './certificate-profiles.ts';

export interface MemberClass {
  readonly code: string;
  readonly description: string;
}

export interface Member {
  readonly id: MemberId;
  readonly name: string;
}

export interface Subsystem {
  readonly id: SubsystemId;
  readonly name?: string;
}

export interface SecurityServer {
  readonly id: ServerId;
  /** Host name or IP address at which other security servers reach it, without port. */
  readonly address: string;
  readonly maintenance?: Maintenance;
}

/** A server in maintenance takes no part in exchanges; newer clients are told why. */
export interface Maintenance {
  readonly message?: string;
}

/** Everything the register holds about one server. */
export interface ServerEntry extends SecurityServer {
  /** DER of the certificates with which the server may present itself to others. */
  readonly authenticationCertificates: readonly Buffer[];
  /** Members and subsystems that exchange through it; its owner does so without being listed. */
  readonly clients: readonly ClientId[];
  /** Clients that are registered on it, and kept out of exchanges for now. */
  readonly disabledClients: readonly ClientId[];
}

export interface GlobalGroup {
  readonly code: string;
  readonly description: string;
}

export interface GroupEntry extends GlobalGroup {
  readonly members: readonly ClientId[];
}

export interface OcspResponder {
  readonly url: string;
  /** DER; needed when the responder's certificate was not issued by the authority it answers for. */
  readonly certificate?: Buffer;
  readonly costType?: CostType;
}

/** One certification authority of a service. */
export interface Authority {
  /** DER. */
  readonly certificate: Buffer;
  readonly ocspResponders: readonly OcspResponder[];
}

export interface CertificationService {
  readonly name: string;
  /** Name of the rule that turns a certificate's subject into a member; peers look it up by this text. */
  readonly profile: string;
  /** The service certifies servers only, never signatures. */
  readonly authenticationOnly: boolean;
  /** Form in which servers write certificate requests unless told. */
  readonly defaultCsrFormat?: 'PEM' | 'DER';
  readonly acmeServer?: AcmeServer;
  readonly top: Authority;
  readonly intermediates: readonly Authority[];
}

export interface TimestampingService {
  readonly name: string;
  readonly url: string;
  /** DER. */
  readonly certificate: Buffer;
  readonly costType?: CostType;
}

/** The anchor of another instance, which own servers may fetch the configuration of. */
export interface TrustedAnchor extends Anchor {
  /** SHA-224 of the uploaded file, as people compare it. */
  readonly sha224: string;
}

/** What an entry is called in the administration API, when it has no identifier of its own. */
export type Kept<Entry> = Entry & { readonly entryId: string };

export interface GlobalSettings extends OptionalParameters {
  /** Host name or IP address of this registry, where security servers fetch their configuration. */
  readonly address: string;
  /** Age up to which a security server accepts a certificate's status. Seconds. */
  readonly ocspFreshnessSeconds: number;
  /** Longest time between an exchange and its timestamp. Seconds. */
  readonly timeStampingIntervalSeconds: number;
  /** How long published configuration may be used without being renewed. Seconds. */
  readonly validitySeconds: number;
  /** The subsystem that takes management requests. */
  readonly managementServiceProvider?: SubsystemId;
  /** Where servers register their first authentication certificate. */
  readonly managementServiceAddress?: string;
}

/** The two configurations a registry publishes: for its own servers, and for other instances. */
export type ConfigurationSource = 'internal' | 'external';

/** A key that signs a configuration; its private part is in the registry's token. */
export interface ConfigurationKey {
  readonly source: ConfigurationSource;
  /** In the token. */
  readonly keyId: string;
  /** DER; readers use its public key only. */
  readonly certificate: Buffer;
  /** The one key of its source that signs now. */
  readonly isActive: boolean;
  readonly createdAt: Date;
}

/** The whole register at one instant. */
export interface RegisterContent {
  readonly instance: string;
  readonly memberClasses: readonly MemberClass[];
  readonly members: readonly Member[];
  readonly subsystems: readonly Subsystem[];
  readonly servers: readonly ServerEntry[];
  readonly groups: readonly GroupEntry[];
  readonly certificationServices: readonly Kept<CertificationService>[];
  readonly timestampingServices: readonly Kept<TimestampingService>[];
  readonly certificateProfiles: readonly OwnProfile[];
  readonly trustedAnchors: readonly TrustedAnchor[];
  readonly settings: GlobalSettings;
  readonly keys: readonly ConfigurationKey[];
  /** DER of the certificate with which the registration service shows itself; absent before it was made. */
  readonly registrationCertificate?: Buffer;
}
