import type { BackupStatus } from '../../gateway/backup/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import type { CircuitBreaker } from '../../gateway/provider-side/index.ts';
import type { Signer } from '../../gateway/road/index.ts';
import type { AskedBook, AskedState } from '../asked/index.ts';
import type { ConfigurationClient } from '../configuration-client/index.ts';
import type { DiskStatus } from '../disk/index.ts';
import type { SentRequest } from '../management/index.ts';
import type { LogHealth } from '../message-log/index.ts';
import type { HistoryTrouble } from '../registry-history/index.ts';
import type { Renewal } from '../renewal/index.ts';
import type { SettingsSnapshot } from '../settings/index.ts';
import type { CertificateStatus, OwnCertificate } from '../signer/index.ts';
import type { KnownToken } from '../tokens/index.ts';
import type { Cause, Severity } from './cause.ts';
import { type CauseCode, causes } from './causes/index.ts';
import { checkCertificates, type DeliveryState } from './checks/certificates.ts';
import { type ClockState, checkClock, clockOf } from './checks/clock.ts';
import { checkConfiguration } from './checks/configuration.ts';
import { checkEvidence } from './checks/evidence.ts';
import { checkClients, checkPeers, checkServices } from './checks/exchange.ts';
import { checkStatuses } from './checks/statuses.ts';
import { checkTimestamping } from './checks/timestamping.ts';
import { checkTokens } from './checks/tokens.ts';
import type { Found } from './found.ts';
import type { Outcome, Outcomes } from './outcomes.ts';
import { places } from './places.ts';

/** What is looked at: the parts of the running server themselves. */
export interface DiagnosticSources {
  readonly tokens: () => readonly KnownToken[];
  readonly settings: () => SettingsSnapshot;
  readonly certificates: () => Promise<readonly OwnCertificate[]>;
  readonly signer: Pick<Signer, 'signingIdentity'>;
  readonly statusOf: (own: OwnCertificate) => CertificateStatus | undefined;
  readonly configuration: Pick<ConfigurationClient, 'latest' | 'failure' | 'fetchedAt' | 'sources'>;
  readonly history: () => HistoryTrouble | undefined;
  /** How questions to registry, responders and timestamping authorities went. */
  readonly asked: AskedBook;
  /** How the last way to each provider's servers went. */
  readonly peers: Outcomes;
  /** How the last call of each service went. */
  readonly services: Outcomes;
  /** Which services are left alone; absent: none. */
  readonly breaker?: Pick<CircuitBreaker, 'stateOf'> | undefined;
  readonly timestampUrls: readonly string[];
  readonly log: { health(): LogHealth; checkWritable(): Promise<void> };
  readonly disk: () => DiskStatus;
  readonly archiveFailure: () => { readonly at: Date; readonly error: unknown } | undefined;
  readonly backups: () => BackupStatus;
  /** Management requests of this server, newest first. */
  readonly requests: () => Promise<readonly SentRequest[]>;
  /** Of certificates, by themselves. */
  readonly renewals: () => readonly Renewal[];
  /** Of those who are told of what ends. */
  readonly notices: () => Promise<readonly DeliveryState[]>;
  readonly now: () => Date;
}

/** A cause that stands, with all that helps to mend it. */
export interface Diagnosis extends Cause {
  readonly code: CauseCode;
  readonly subject: string;
  readonly detail?: string;
  /** Since when, as far as this server knows. */
  readonly since: Date;
  /** Page of the console. */
  readonly href: string;
}

/** What was seen at one instant. */
export interface DiagnosticsReport {
  readonly at: Date;
  /** What stops exchange first. */
  readonly diagnoses: readonly Diagnosis[];
  /** Fetched last, in force or not. */
  readonly configuration: GlobalConfiguration | undefined;
  readonly configurationFetchedAt: Date | undefined;
  readonly asked: { readonly [Kind in 'configuration' | 'ocsp' | 'timestamp']: readonly AskedState[] };
  readonly timestampUrls: readonly string[];
  readonly certificates: readonly OwnCertificate[];
  readonly statusOf: (own: OwnCertificate) => CertificateStatus | undefined;
  readonly log: LogHealth;
  readonly clock: ClockState;
  readonly disk: DiskStatus;
  readonly peers: readonly Outcome[];
  readonly services: readonly Outcome[];
  readonly backups: BackupStatus;
}

const order: readonly Severity[] = ['stops', 'will-stop', 'warns'];
/** Looking costs signatures and a write: so long what was seen counts. Milliseconds. */
const reportMs = 5_000;

/** Looks at everything that exchange depends on and names what is wrong with it. */
export class Diagnostics {
  readonly #sources: DiagnosticSources;
  /** Since when each diagnosis stands, by code and subject. */
  #since: ReadonlyMap<string, Date> = new Map();
  #last: { readonly at: number; readonly report: Promise<DiagnosticsReport> } | undefined;

  constructor(sources: DiagnosticSources) {
    this.#sources = sources;
  }

  /** What was seen within the last five seconds. */
  report(): Promise<DiagnosticsReport> {
    const at = this.#sources.now().getTime();
    const last = this.#last;
    if (last !== undefined && at >= last.at && at - last.at < reportMs) return last.report;
    const report = this.#look();
    this.#last = { at, report };
    // A look that failed is not what was seen.
    report.catch(() => {
      if (this.#last?.report === report) this.#last = undefined;
    });
    return report;
  }

  /** Something was tried or changed: the next report is made anew. */
  forget(): void {
    this.#last = undefined;
  }

  async #look(): Promise<DiagnosticsReport> {
    const sources = this.#sources;
    const now = sources.now();
    const settings = sources.settings();
    const server = printEncoded(settings.serverId);
    const latest = sources.configuration.latest();
    const inForce = latest !== undefined && now < latest.expiresAt ? latest : undefined;
    const [certificates, requests, notices] = await Promise.all([
      sources.certificates(),
      sources.requests(),
      sources.notices(),
    ]);
    const tokens = sources.tokens();
    const asked = {
      configuration: sources.asked.all('configuration'),
      ocsp: sources.asked.all('ocsp'),
      timestamp: sources.asked.all('timestamp'),
    };
    const clock = clockOf(
      Object.values(asked).flatMap((states) => states.map(({ last }) => last)),
      now,
    );
    const [log, disk, backups] = [sources.log.health(), sources.disk(), sources.backups()];
    const [peers, services] = [sources.peers.all(), sources.services.all()];
    const isTokenActive = (id: string) =>
      tokens.some(
        ({ token, kind }) =>
          token?.isActive() === true && (token.id === id || (kind === 'software' && id === 'software')),
      );
    const { signer, statusOf, timestampUrls } = sources;
    const found = [
      ...(await checkTokens(tokens)),
      ...checkConfiguration({
        ...{ instance: settings.serverId.instance, latest, now, asked: asked.configuration },
        ...{ failure: sources.configuration.failure(), sources: sources.configuration.sources() },
        history: sources.history(),
      }),
      ...(await checkCertificates({
        ...{ certificates, settings, configuration: inForce, signer, statusOf },
        ...{ isTokenActive, requests, now, renewals: sources.renewals(), notices },
      })),
      ...checkStatuses({ certificates, statusOf, configuration: inForce, asked: asked.ocsp, now }),
      ...checkTimestamping({
        ...{ server, configuration: inForce, urls: timestampUrls, asked: asked.timestamp, log },
      }),
      ...checkClock(clock, server),
      ...(await checkEvidence({
        ...{ server, disk, log: sources.log, backups },
        archiveFailure: sources.archiveFailure(),
      })),
      ...checkClients(settings, inForce, requests),
      ...checkServices(settings, services, sources.breaker),
      ...checkPeers(peers, inForce),
    ];
    return {
      ...{ at: now, diagnoses: this.#told(found, now), configuration: latest, clock, disk, log, backups },
      ...{ configurationFetchedAt: sources.configuration.fetchedAt(), asked, timestampUrls },
      ...{ certificates, statusOf, peers, services },
    };
  }

  #told(found: readonly Found[], now: Date): Diagnosis[] {
    const since = new Map<string, Date>();
    const diagnoses = new Map<string, Diagnosis>();
    for (const one of found) {
      const key = `${one.code} ${one.subject}`;
      // Of one cause and one subject the first that was found tells enough.
      if (diagnoses.has(key)) continue;
      const at = one.since ?? this.#since.get(key) ?? now;
      since.set(key, at);
      diagnoses.set(key, diagnosisOf(one, at));
    }
    this.#since = since;
    const all = [...diagnoses.values()];
    return order.flatMap((severity) => all.filter((one) => one.severity === severity));
  }
}

function diagnosisOf({ code, subject, detail, severity }: Found, since: Date): Diagnosis {
  const cause: Cause = causes[code];
  return {
    ...cause,
    ...{ code, subject, since, href: cause.place === 'start' ? '/diagnostics' : places[cause.place] },
    ...(severity !== undefined && { severity }),
    ...(detail !== undefined && { detail }),
  };
}
