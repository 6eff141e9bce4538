import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import type { RestRequest } from '../message/index.ts';
import type { Road, ServerSettings } from '../road/index.ts';
import type { SoapHeader } from '../soap/index.ts';
import type { XmlElement } from '../xml/index.ts';
import type { ServiceCaller } from './call-service.ts';
import type { PeerCheck } from './check-peer.ts';
import type { Quotas } from './quotas.ts';

/** An answer of a REST service. */
export interface UnsignedAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: AsyncIterable<Uint8Array>;
}

/**
 * REST services that every provider has without configuring them, such as `listMethods`.
 * @param at instant for which questions about rights are answered
 * @returns undefined when the request is for an ordinary service
 */
export type BuiltInServices = (
  request: RestRequest,
  settings: ServerSettings,
  configuration: GlobalConfiguration,
  at: Date,
) => Promise<UnsignedAnswer | undefined>;

/** A SOAP request for a service of our own. */
export interface SoapCall {
  readonly header: SoapHeader;
  /** The body's one child. */
  readonly body: XmlElement;
}

export interface SoapServiceAnswer {
  /** The body's one child, serialised, declaring the namespaces it uses. */
  readonly body: string;
  readonly attachments?: readonly {
    readonly headers: readonly (readonly [string, string])[];
    readonly bytes: Buffer;
  }[];
}

/**
 * SOAP services that every provider has, such as `getWsdl`.
 * @param at instant for which questions about rights are answered
 * @returns undefined when the request is for an ordinary service
 */
export type BuiltInSoapServices = (
  call: SoapCall,
  settings: ServerSettings,
  configuration: GlobalConfiguration,
  at: Date,
) => Promise<SoapServiceAnswer | undefined>;

export interface ProviderSide extends Road {
  readonly services: ServiceCaller;
  readonly quotas: Quotas;
  readonly builtIn: BuiltInServices;
  readonly builtInSoap: BuiltInSoapServices;
  readonly checkPeer: PeerCheck;
  /** Least release of a calling server, such as 7.6.0; absent: any. */
  readonly minimumPeerVersion?: string;
  /**
   * Answers requests of peers that are no messages, at paths of their own; messages come at `/`.
   * @param chain what the peer showed in the handshake, leaf first
   * @returns false for what is a message, or nothing
   */
  readonly beside?: (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    chain: readonly Certificate[],
  ) => boolean;
  /** Whether peers that ask for it are shown our status in the handshake; default true. */
  readonly staples?: boolean;
  /** Closes each connection after its first answer, as Java servers do unless told; default false. */
  readonly oneShot?: boolean;
}
