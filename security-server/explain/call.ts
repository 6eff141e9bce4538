import type { ClientId, ServerId, ServiceId } from '../../gateway/identifier/index.ts';

/** A call that somebody thinks of. */
export interface HypotheticalCall {
  readonly protocol: 'rest' | 'soap';
  readonly client: ClientId;
  readonly service: ServiceId;
  /** Of REST. */
  readonly method: string;
  /** Service path of REST as it is sent: '' or `/…`. */
  readonly path: string;
  /** The one server it is for. */
  readonly securityServer?: ServerId;
  /** How the information system connects; absent: as its connection type demands. */
  readonly isSecure?: boolean;
  /** Whether the information system calls this server; absent: when the client is one of its own. */
  readonly entersHere?: boolean;
}
