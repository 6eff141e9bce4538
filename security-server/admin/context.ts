import type { Token } from '../../certs/token/index.ts';
import type { Backups } from '../../gateway/backup/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import type { Journal } from '../../gateway/journal/index.ts';
import type { CircuitBreaker } from '../../gateway/provider-side/index.ts';
import type { CertificateOrders } from '../acme/index.ts';
import type { Archiving } from '../archive/index.ts';
import type { ConfigurationArchive } from '../auditor/index.ts';
import type { BodyPolicyStore } from '../body-policy/index.ts';
import type { CatalogueStore, Gathering } from '../catalogue/index.ts';
import type { Diagnostics, ProbeSources } from '../diagnostics/index.ts';
import type { DiskWatch } from '../disk/index.ts';
import type { Expiries } from '../expiries/index.ts';
import type { ExplainContext } from '../explain/index.ts';
import type { Health } from '../health/index.ts';
import type { JoinDesk } from '../join/index.ts';
import type { Loopback, ManagementSender } from '../management/index.ts';
import type { SqliteMessageLog } from '../message-log/index.ts';
import type { ServerMetrics } from '../metrics/index.ts';
import type { Monitoring, OperationalRecord } from '../monitoring/index.ts';
import type { Notices } from '../notices/index.ts';
import type { CheckpointExchange, HistoryWatch } from '../registry-history/index.ts';
import type { Renewals } from '../renewal/index.ts';
import type { SettingsStore } from '../settings/index.ts';
import type { ServerSigner } from '../signer/index.ts';
import type { ServerTokens } from '../tokens/index.ts';

/** What the administration API acts on. */
export interface AdminContext {
  readonly settings: SettingsStore;
  /** The software token, which also seals and authenticates. */
  readonly token: Token;
  readonly tokens: Pick<ServerTokens, 'get' | 'all' | 'withKey' | 'releasePin'>;
  readonly signer: ServerSigner;
  /** Certificates ordered over ACME. */
  readonly orders: CertificateOrders;
  /** Certificates that renew themselves. */
  readonly renewals: Pick<Renewals, 'list' | 'request'>;
  /** Everything that ends. */
  readonly expiries: () => Promise<Expiries>;
  /** Who is told of it. */
  readonly notices: Pick<Notices, 'settings' | 'change' | 'states' | 'sent' | 'test'>;
  readonly management: ManagementSender;
  readonly log: SqliteMessageLog;
  readonly disk: Pick<DiskWatch, 'status'>;
  readonly configurations: ConfigurationArchive;
  /** What history of its register the registry commits to. */
  readonly registryHistory: HistoryWatch;
  /** What showing it to other servers came to. */
  readonly checkpoints: Pick<CheckpointExchange, 'figures'>;
  readonly archiving: Archiving;
  readonly journal: Journal;
  /** Of this server itself. */
  readonly backups: Backups;
  readonly bodyPolicies: BodyPolicyStore;
  /** @throws Fault OutdatedGlobalConf */
  readonly configuration: () => GlobalConfiguration;
  /** Fetches the configuration now. @throws Error with what each source answered */
  readonly refreshConfiguration: () => Promise<void>;
  /** Makes the signer use the certificates as they are now. */
  readonly reloadCertificates: () => Promise<void>;
  /** The server's own port for information systems. */
  readonly loopback: () => Loopback;
  /** What all members offer, as far as they let it be seen. */
  readonly catalogue: {
    readonly store: Omit<CatalogueStore, 'close'>;
    readonly gathering: Pick<Gathering, 'status' | 'order'>;
    /** Where information systems reach this server. */
    readonly addresses: () => { readonly http: string; readonly https: string };
  };
  /** With what calls are explained. */
  readonly explain: ExplainContext;
  /** What was kept of exchanges under a message id, newest first. */
  readonly operations: (messageId: string) => readonly OperationalRecord[];
  readonly health: () => Promise<Health>;
  /** What is wrong, and how to mend it. */
  readonly diagnostics: Pick<Diagnostics, 'report' | 'forget'>;
  /** Which services are left alone; absent: none is. */
  readonly breaker?: Pick<CircuitBreaker, 'stateOf'> | undefined;
  /** What connection tests try. */
  readonly probes: ProbeSources;
  /** Sums of exchanges. */
  readonly traffic: Monitoring['traffic'];
  readonly metrics: Pick<ServerMetrics, 'render'>;
  /** Joining an instance through this API; absent: not here. */
  readonly join?: JoinDesk;
  readonly now: () => Date;
}
