/**
 * What the road asks of the server it runs in. The road never reaches for a database, a key file or a
 * clock: `main.ts` of the security server hands these in, and tests hand in small ones of their own.
 */
import type { SigningKey } from '../../certs/key/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import type { ClientId, MemberId, ServerId, ServiceId } from '../identifier/index.ts';
import type { MessagePart } from '../message/index.ts';
import type { SignatureDocuments } from '../signature/index.ts';
import type { AuthenticationIdentity, HeldBody } from '../transport/index.ts';

/** The only source of the present instant. */
export interface Clock {
  now(): Date;
}

/** All a signature of one member needs; every piece belongs to the same certificate. */
export interface SigningIdentity {
  readonly key: SigningKey;
  readonly certificate: Certificate;
  /** CA certificates between the signing certificate and the topmost approved CA, without the latter. */
  readonly intermediates: readonly Certificate[];
  /** DER OCSP responses: the signing certificate's first, then one per intermediate. */
  readonly ocspResponses: readonly Buffer[];
}

export interface Signer {
  /** @throws Fault CannotCreateSignature when no usable key, certificate or good OCSP response is at hand */
  signingIdentity(member: MemberId): Promise<SigningIdentity>;
  /**
   * Signs one message: alone, or under one signature with others that wait at the same moment.
   * @param parts in order, head first, hashed with SHA-512
   * @throws Fault of the token that holds the key
   */
  sign(identity: SigningIdentity, parts: readonly MessagePart[], at: Date): Promise<SignatureDocuments>;
  /** @throws Fault SslAuthenticationFailed when the server has no usable authentication certificate */
  authenticationIdentity(): Promise<AuthenticationIdentity>;
}

/** How an information system must present itself: X-Road 7 connection types. */
export type ConnectionType = 'NOSSL' | 'SSLNOAUTH' | 'SSLAUTH';

export interface ClientSettings {
  readonly id: ClientId;
  readonly connectionType: ConnectionType;
  /** SHA-256 of the DER of each information system certificate that may act as this client, hex. */
  readonly certificateHashes: ReadonlySet<string>;
}

export interface ServiceSettings {
  readonly id: ServiceId;
  readonly kind: 'REST' | 'OPENAPI' | 'WSDL';
  /** Base address; a request's service path is appended to it. */
  readonly url: string;
  readonly timeoutMs: number;
  /** Whether the certificate of an HTTPS service is checked against `trustedCertificates` or public roots. */
  readonly verifyTls: boolean;
  /** PEM certificates of the service owner's systems, accepted for HTTPS services when `verifyTls`. */
  readonly trustedCertificates: readonly string[];
  /** Set when the service is switched off: the notice its callers are shown. */
  readonly disabledNotice?: string;
  /** Least release of a calling server, such as 7.6.0; absent: any that the server takes. */
  readonly minimumPeerVersion?: string;
}

/** How many requests a service takes in a period, as it applies to one consumer. */
export interface AppliedLimit {
  /** The service, for whoever reads the counts. */
  readonly service: string;
  /** The consumer; absent for all together. */
  readonly consumer?: string;
  /** What is counted: the same text, the same count. */
  readonly counter: string;
  /** For whom: this consumer, or all together. */
  readonly scope: 'consumer' | 'all';
  readonly requests: number;
  readonly periodMs: number;
}

/** One immutable view of the settings, taken once per message. */
export interface ServerSettings {
  readonly serverId: ServerId;
  /** Registered clients of this server only; others are unknown. */
  client(id: ClientId): ClientSettings | undefined;
  service(id: ServiceId): ServiceSettings | undefined;
  /**
   * Whether `caller` may call `service` with this method and path: through a right of its own, of a global
   * group or of a local group, on an endpoint that matches.
   * @param path normalised service path, as it will be called; '' when there is none
   * @param at instant at which the right must hold: rights may begin and end
   */
  isAllowed(
    caller: ClientId,
    service: ServiceId,
    method: string,
    path: string,
    configuration: GlobalConfiguration,
    at: Date,
  ): boolean;
  /** Limits of a service for one consumer; none: as many requests as it likes. */
  limitsOf(caller: ClientId, service: ServiceId): readonly AppliedLimit[];
  /** SHA-256 hex of the server's own internal TLS certificate, let in as any SSLAUTH client. */
  readonly internalCertificateHash?: string;
}

/** One message as evidence: what passed, whose it is, and the signature that binds it. */
export interface LogEntry {
  readonly protocol: 'rest' | 'soap';
  readonly direction: 'request' | 'response';
  /** Which role this server had in the exchange. */
  readonly side: 'client' | 'provider';
  /** X-Road message id (`x-road-id`). */
  readonly queryId: string;
  /** `x-road-request-id`, unique per exchange. */
  readonly requestId: string;
  readonly client: ClientId;
  readonly service: ServiceId;
  readonly userId?: string;
  readonly issue?: string;
  /** HTTP status of a response. */
  readonly status?: number;
  /** Bytes of `/message.xml`. */
  readonly head: Buffer;
  /** Bodies in order (`/attachment1` …); the log may adopt their files. */
  readonly attachments: readonly HeldBody[];
  readonly signature: Buffer;
  readonly hashChainResult?: Buffer;
  readonly hashChain?: Buffer;
  readonly at: Date;
}

export interface MessageLog {
  /** @throws Fault LoggingFailed or TimestampingFailed when no further message may be taken */
  requireAccepting(): void;
  /**
   * Resolves once the record is durable on disk.
   * @throws Fault LoggingFailed when it could not be made durable
   */
  record(entry: LogEntry): Promise<void>;
}

/** Room on the disk for what exchanges write. */
export interface Room {
  /**
   * Keeps room for an exchange: its evidence, and an answer of usual size. Waits a while when room is scarce.
   * @param announced octets of the request, when it says how many; they must fit, and are not kept
   * @throws Fault LoggingFailed when there is no room
   */
  enter(announced: number | undefined): Promise<KeptRoom>;
}

/** What is kept for one exchange until it is over. */
export interface KeptRoom {
  /** Takes room for octets of a body. @throws Fault LoggingFailed */
  take(octets: number, of: LogEntry['direction']): void;
  /** The exchange is over. */
  release(): void;
}

/** Supplies the configuration in force; a road step takes one snapshot per message. */
export interface ConfigurationSource {
  /** @throws Fault OutdatedGlobalConf when none is in force */
  current(): GlobalConfiguration;
}
