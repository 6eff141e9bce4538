import type { GlobalConfiguration } from '../gateway/configuration/index.ts';
import type { ListenerInTurns, Listening } from '../gateway/http/index.ts';
import type { ServerId } from '../gateway/identifier/index.ts';
import type { OidcSettings } from '../gateway/people/index.ts';
import type { CircuitSettings } from '../gateway/provider-side/index.ts';
import type { RoadEvent } from '../gateway/road/index.ts';
import type { AcmeSettings } from './acme/index.ts';
import type { ArchiveSettings } from './archive/index.ts';
import type { DiskLevel, DiskSettings, DiskStatus, ReadDisk } from './disk/index.ts';
import type { Health } from './health/index.ts';
import type { JoinDesk } from './join/index.ts';
import type { PeerSettings } from './peers/index.ts';
import type { TokenSettings } from './tokens/index.ts';
import type { TracingSettings } from './tracing/index.ts';

export interface ServerSettings {
  readonly data: string;
  /** Absent: the server starts signed out, and waits for the PIN at its administration API. */
  readonly pin?: string;
  readonly clientHost: string;
  /** For information systems, HTTP. */
  readonly clientPort: number;
  /** For information systems, HTTPS. */
  readonly clientTlsPort: number;
  /** For other security servers. */
  readonly peerHost: string;
  readonly peerPort: number;
  /** Port of other security servers: one for the whole instance. */
  readonly instancePeerPort: number;
  /** How other security servers are spoken to; default: posture `modern`. */
  readonly peers?: PeerSettings;
  readonly adminHost: string;
  readonly adminPort: number;
  /** Listens there already, and is closed by whoever opened it; absent: the server listens by itself. */
  readonly adminListener?: ListenerInTurns;
  /** Address at which browsers reach it, when a proxy stands before it; with https, cookies go nowhere else. */
  readonly adminUrl?: string;
  /** IP addresses of proxies that stand before it: whom they name in `x-forwarded-for` counts as connected. */
  readonly adminProxies?: readonly string[];
  /** How people sign in with an identity provider; needs `adminUrl`. */
  readonly oidc?: OidcSettings;
  /** Addresses of timestamping authorities; none takes those of the instance. */
  readonly timestampUrls: readonly string[];
  readonly acceptableTimestampFailureMs: number;
  readonly configurationPollMs: number;
  readonly allowedFederations: 'none' | 'all' | ReadonlySet<string>;
  /** How long exchanges under way may take to end when the server is stopped; 5 s unless told. */
  readonly stopGraceMs?: number;
  /** Octets of one message body. */
  readonly maxBodyBytes: number;
  /** How long operational data are kept; 7 days unless told. */
  readonly operationalDataDays?: number;
  /** Operational data younger than this are not told yet; 60 s unless told. */
  readonly operationalDataOffsetSeconds?: number;
  /** Pause between two questions to a provider what it offers, for the catalogue; nobody is asked unless told. */
  readonly catalogueEveryMs?: number;
  /** Encoded: in whose name they are asked; absent: the first subsystem. */
  readonly catalogueClient?: string;
  /** Pages of 4 KiB the log may grow to; absent: as the disk allows. */
  readonly logMaxPages?: number;
  /** From when on a disk is low, tight or full; absent: by its size. */
  readonly disk?: DiskSettings;
  /** Reads the disk of the data folder; absent: the file system says. */
  readonly readDisk?: ReadDisk;
  /** Pause between readings of the disk; 2 s unless told. */
  readonly readDiskEveryMs?: number;
  /** Pause between looks at the checkpoints of other servers, one at a time; 10 minutes unless told. */
  readonly compareCheckpointsEveryMs?: number;
  /** Told when the disk becomes low, tight or full, and when it no longer is. */
  readonly onDiskLevel?: (status: DiskStatus, former: DiskLevel) => void;
  /** How the message log is archived; absent: not at all. */
  readonly archive?: ArchiveSettings;
  /** When a service that fails is left alone; absent: never. */
  readonly circuit?: CircuitSettings;
  /** Where spans of exchanges go that whoever asks wants followed; absent: nowhere. */
  readonly tracing?: TracingSettings;
  /** How certificates are ordered over ACME; absent: as an authority that asks for nothing more allows. */
  readonly acme?: AcmeSettings;
  /** How certificates are renewed, where it is to go faster than usual. Milliseconds. */
  readonly renewal?: { readonly graceMs?: number; readonly spreadMs?: number; readonly lookMs?: number };
  /** Devices that sign, besides the token of the data folder. */
  readonly tokens?: TokenSettings;
  /** Joining an instance through the administration API; absent: not there. */
  readonly join?: JoinDesk;
  readonly now?: () => Date;
  /** Told how each exchange went. */
  readonly onExchange: (event: RoadEvent) => void;
  /** Told of troubles that need an operator: `about` names what failed. */
  readonly onTrouble: (about: string, error: unknown, reference?: string) => void;
}

export interface RunningServer {
  /** As it is registered: another owner changes it. */
  readonly id: ServerId;
  readonly clientUrl: string;
  readonly clientTlsUrl: string;
  readonly peerAddress: { readonly host: string; readonly port: number };
  /** Where statuses are told to peers, in posture `xroad7`. */
  readonly ocspAddress?: { readonly host: string; readonly port: number };
  readonly adminUrl: string;
  /** Opens the administration API; also in the file `api-key` of the data folder. */
  readonly apiKey: string;
  /** The configuration in force. @throws Fault OutdatedGlobalConf */
  configuration(): GlobalConfiguration;
  health(): Promise<Health>;
  close(): Promise<void>;
}

/** What a part that was started needs to end, the last one first. */
export type Closers = (() => Promise<void> | void)[];

/** Address of a listener, for people. */
export function urlOf(scheme: string, { host, port }: Pick<Listening, 'host' | 'port'>): string {
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `${scheme}://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
}
