import type { ClientId, ServerId, ServiceId } from '../identifier/index.ts';
import type { SignatureVerifier } from '../signature/index.ts';
import type { BodySink } from '../transport/index.ts';
import type { Followed } from './followed.ts';
import type { Clock, ConfigurationSource, MessageLog, Room, ServerSettings, Signer } from './needs.ts';
import type { TraceContext } from './trace-context.ts';

/** What the road must know of a request, whichever protocol it speaks. */
export interface Exchange {
  readonly protocol: 'rest' | 'soap';
  readonly client: ClientId;
  readonly service: ServiceId;
  /** The one server the request is for, when the information system chose it. */
  readonly securityServer?: ServerId;
  /** Message id: the information system's, or for REST made by the client side. */
  readonly id: string;
  /** UUID of this exchange alone. */
  readonly requestId: string;
  readonly userId?: string;
  readonly issue?: string;
  /** REST: as sent, `[class/]code`. */
  readonly representedParty?: string | { readonly partyClass?: string; readonly partyCode: string };
}

/** Octets of one message: its head with a REST body, or the envelope alone; and everything, attachments included. */
export interface MessageSize {
  readonly size: number;
  /** SOAP with attachments only. */
  readonly mimeSize?: number;
  readonly attachments: number;
}

/**
 * An exchange step by step, as far as it came; filled in while it runs. Instants are milliseconds since 1970.
 * @see X-Road operational monitoring protocol
 */
export interface ExchangeTrace {
  readonly requestInAt: number;
  /** Where it belongs in a trace of others, if they say so. */
  context?: TraceContext | undefined;
  /** Set where it is followed. */
  followed?: Followed;
  /** Known once the request's head was read. */
  exchange?: Exchange;
  /** Provider side: the peer proved to be a server of the client. */
  isPeerChecked?: boolean;
  protocolVersion?: string;
  restMethod?: string;
  restPath?: string;
  requestOutAt?: number;
  responseInAt?: number;
  responseOutAt?: number;
  request?: MessageSize;
  response?: MessageSize;
  /** HTTP status with which a REST service answered. */
  statusCode?: number;
}

/** How an exchange went, for the operator's log: no bodies, no headers, no secrets. */
export interface RoadEvent {
  readonly side: 'client' | 'provider';
  readonly requestId?: string;
  readonly queryId?: string;
  /** Set when the exchange ended in a fault of ours or of the peer. */
  readonly error?: unknown;
  /** The identifier shown to the caller, so that both can speak of the same fault. */
  readonly detail?: string;
  readonly durationMs: number;
  /** Set for whatever was a message. */
  readonly trace?: ExchangeTrace;
}

/** What both sides of the road are given by the server they run in. */
export interface Road {
  readonly configuration: ConfigurationSource;
  /** Settings in force; one snapshot is taken per message. */
  readonly settings: () => ServerSettings;
  readonly signer: Signer;
  readonly log: MessageLog;
  readonly room: Room;
  readonly clock: Clock;
  readonly signatures: SignatureVerifier;
  /** A place for one body to wait in, bounded and hashed. */
  readonly newSink: () => BodySink;
  /** A fresh UUID, version 4. */
  readonly newId: () => string;
  /** A fresh id of a span, 16 hex digits; absent: exchanges are not followed. */
  readonly newSpanId?: () => string;
  readonly report: (event: RoadEvent) => void;
}
