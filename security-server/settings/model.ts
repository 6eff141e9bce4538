import type { ClientId, GlobalGroupId, ServerId } from '../../gateway/identifier/index.ts';
import type { ConnectionType } from '../../gateway/road/index.ts';
import type { Validity } from './validity.ts';

/** A client of this server: a member or subsystem whose information systems use it. */
export interface ClientRecord {
  readonly id: ClientId;
  /** Only a registered client takes part in exchanges; a saved one is being prepared. */
  readonly status: 'saved' | 'registered' | 'disabled';
  readonly connectionType: ConnectionType;
  /** DER certificates of its information systems. */
  readonly certificates: readonly Buffer[];
}

/** A method and a path glob of a service; `*` and `**` together stand for the whole service. */
export interface Endpoint {
  readonly method: string;
  readonly path: string;
}

/** Stands for the whole service; a SOAP service has no other. */
export const baseEndpoint: Endpoint = { method: '*', path: '**' };

export interface ServiceRecord {
  readonly provider: ClientId;
  readonly serviceCode: string;
  /** WSDL only; services of one code may have several. */
  readonly serviceVersion?: string;
  readonly title?: string;
  readonly kind: 'REST' | 'OPENAPI' | 'WSDL';
  /** Base address; service paths are appended to it. */
  readonly url: string;
  /** WSDL only: the description it comes from, and the address named there, which `url` may stand instead of. */
  readonly described?: { readonly descriptionId: string; readonly url: string };
  readonly timeoutMs: number;
  readonly verifyTls: boolean;
  /** DER certificates accepted for an HTTPS service besides public authorities. */
  readonly certificates: readonly Buffer[];
  /** The notice its callers are shown while the service is switched off. */
  readonly disabledNotice?: string;
  /** Least release of a calling server, such as 7.6.0, besides what the whole server demands. */
  readonly minimumPeerVersion?: string;
  readonly endpoints: readonly Endpoint[];
}

/** The WSDL that a client's SOAP services come from, as it was accepted last. */
export interface WsdlDescription {
  readonly provider: ClientId;
  /** Given by this server. */
  readonly id: string;
  /** Where it is read again; absent when it was uploaded. */
  readonly url?: string;
  /** DER certificates accepted for that address, if it is HTTPS; none: those of public authorities. */
  readonly certificates: readonly Buffer[];
  readonly acceptedAt: Date;
  /** The notice callers are shown while all its services are switched off. */
  readonly disabledNotice?: string;
}

/** The OpenAPI description of a service, as it was accepted last. */
export interface OpenApiDescription {
  readonly provider: ClientId;
  readonly serviceCode: string;
  /** Where it is read again; absent when it was uploaded. */
  readonly url?: string;
  /** DER certificates accepted for that address, if it is HTTPS; none: those of public authorities. */
  readonly certificates: readonly Buffer[];
  readonly acceptedAt: Date;
  /** SHA-256 of what was accepted, hex. */
  readonly digest: string;
  /** Of the language: such as 3.1.0. */
  readonly openapi: string;
  readonly title: string;
  readonly version: string;
  /** Of the document as callers are given it. */
  readonly contentType: string;
  /** Those that it names; the service may have others, set by hand. */
  readonly endpoints: readonly Endpoint[];
}

/** A service as a description has it. */
export interface DescribedService {
  readonly serviceCode: string;
  readonly serviceVersion?: string;
  readonly url: string;
  readonly title?: string;
}

/** Who a right is given to. */
export type Subject = ClientId | GlobalGroupId | LocalGroupSubject;

/** A group that a client of this server keeps for its own services. */
export interface LocalGroupSubject {
  readonly kind: 'LOCALGROUP';
  readonly groupCode: string;
}

/** An endpoint, and how long it is given. */
export type Grant = Endpoint & Validity;

export type GrantTo = Grant & { readonly subject: Subject };

export interface AccessRight extends Validity {
  readonly provider: ClientId;
  readonly serviceCode: string;
  readonly endpoint: Endpoint;
  readonly subject: Subject;
}

/** How many requests a service takes. */
export interface ServiceLimit {
  readonly provider: ClientId;
  readonly serviceCode: string;
  /** `each`: every consumer by itself, but those with limits of their own; `all`: all together. */
  readonly consumer: 'each' | 'all' | ClientId;
  readonly requests: number;
  readonly periodSeconds: number;
}

export interface LocalGroup {
  readonly owner: ClientId;
  readonly groupCode: string;
  readonly description: string;
  readonly members: readonly ClientId[];
}

/** Everything the road needs to know of this server, as of one moment. */
export interface SettingsContent {
  readonly serverId: ServerId;
  readonly clients: readonly ClientRecord[];
  readonly services: readonly ServiceRecord[];
  readonly descriptions: readonly WsdlDescription[];
  readonly openApiDescriptions: readonly OpenApiDescription[];
  readonly rights: readonly AccessRight[];
  readonly limits: readonly ServiceLimit[];
  readonly localGroups: readonly LocalGroup[];
  /** DER of the server's own internal TLS certificate. */
  readonly internalCertificate?: Buffer;
}
