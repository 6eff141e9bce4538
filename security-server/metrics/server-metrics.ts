import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { asFault, spellCode } from '../../gateway/fault/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import type { RoadEvent } from '../../gateway/road/index.ts';
import { type Cause, type CauseCode, causes } from '../diagnostics/index.ts';
import type { DiskStatus } from '../disk/index.ts';
import type { Expiries } from '../expiries/index.ts';
import type { Health } from '../health/index.ts';
import type { LogHealth } from '../message-log/index.ts';
import type { VouchedNames } from '../monitoring/index.ts';
import type { ChannelState } from '../notices/index.ts';
import type { OwnCertificate } from '../signer/index.ts';
import type { KnownToken } from '../tokens/index.ts';

export interface MetricSources {
  readonly health: () => Promise<Health>;
  /** Undefined while none is in force. */
  readonly configuration: () => GlobalConfiguration | undefined;
  readonly certificates: () => Promise<readonly OwnCertificate[]>;
  /** Everything that ends. */
  readonly expiries: () => Promise<Expiries>;
  /** Of those who are told of it. */
  readonly notices: () => Promise<readonly ChannelState[]>;
  /** Until when the status at hand is good. */
  readonly statusUntil: (own: OwnCertificate) => Date | undefined;
  readonly log: { health(): LogHealth };
  readonly disk: () => DiskStatus;
  readonly tokens: () => readonly KnownToken[];
  readonly newestBackupAt: () => Date | undefined;
  /** Undefined where traces go nowhere. */
  readonly spansLost: () => number | undefined;
  /** What is diagnosed now. */
  readonly diagnoses: () => Promise<readonly { readonly code: CauseCode }[]>;
  readonly now: () => Date;
}

/** Services that have a series of their own: whoever calls what there is not must not fill the memory. */
const maxServices = 500;
/** What ends that has a series of its own: what ends first, of whatever the settings name. */
const maxExpiries = 1_000;
/** Trying for real what an exchange needs costs signatures: so long what was found counts. Milliseconds. */
const healthMs = 10_000;
const levels = ['ample', 'low', 'tight', 'full', 'unknown'] as const;

/**
 * What a server counts and knows of itself, as Prometheus reads it. Nothing in it is of a person: no message ids, no
 * users, no paths.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export class ServerMetrics {
  readonly #sources: MetricSources;
  readonly #registry = new Registry();
  readonly #services = new Set<string>();
  readonly #exchanges: Counter<'side' | 'outcome'>;
  readonly #durations: Histogram<'side'>;
  readonly #ofService: Counter<'side' | 'service' | 'outcome'>;
  readonly #octets: Counter<'side' | 'direction'>;
  readonly #health: Gauge<'check'>;
  readonly #diagnoses: Gauge<'code'>;
  readonly #certificates: Gauge<'use' | 'member' | 'sha256'>;
  readonly #expiries: Gauge<'kind' | 'owner' | 'sha256'>;
  readonly #notices: Gauge<'way'>;
  readonly #statuses: Gauge<'use' | 'member' | 'sha256'>;
  readonly #tokens: Gauge<'token'>;
  readonly #levels: Gauge<'level'>;
  readonly #plain: Readonly<Record<PlainName, Gauge>>;
  #asked: { readonly at: number; readonly health: Promise<Health> } | undefined;

  constructor(sources: MetricSources) {
    this.#sources = sources;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#exchanges = new Counter({
      ...{ name: 'waygate_exchanges_total', registers, labelNames: ['side', 'outcome'] },
      help: 'Exchanges by the role of this server, and succeeded or the code of the fault',
    });
    this.#durations = new Histogram({
      ...{ name: 'waygate_exchange_duration_seconds', registers, labelNames: ['side'] },
      help: 'From the first octet of a request to the last of its answer',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    });
    this.#ofService = new Counter({
      ...{ name: 'waygate_service_exchanges_total', registers, labelNames: ['side', 'service', 'outcome'] },
      help: `Exchanges by service, succeeded or failed; beyond ${maxServices} services the others are together`,
    });
    this.#octets = new Counter({
      ...{ name: 'waygate_body_octets_total', registers, labelNames: ['side', 'direction'] },
      help: 'Octets of messages that passed, by direction',
    });
    this.#health = new Gauge({
      ...{ name: 'waygate_health', registers, labelNames: ['check'] },
      help: '1: what was tried is good, at most ten seconds ago; 0: it is not',
    });
    this.#diagnoses = new Gauge({
      ...{ name: 'waygate_diagnosis', registers, labelNames: ['code'] },
      help: 'Of how much each cause of docs/diagnoses.md stands now; 0: it does not',
    });
    this.#certificates = new Gauge({
      ...{
        name: 'waygate_certificate_not_after_seconds',
        registers,
        labelNames: ['use', 'member', 'sha256'],
      },
      help: 'When a certificate of this server ends, since 1970',
    });
    this.#expiries = new Gauge({
      ...{ name: 'waygate_certificate_expiry_seconds', registers, labelNames: ['kind', 'owner', 'sha256'] },
      help: `When each certificate that this server depends on ends, since 1970; the first ${maxExpiries}`,
    });
    this.#notices = new Gauge({
      ...{ name: 'waygate_notices_waiting', registers, labelNames: ['way'] },
      help: 'Notices of what ends that wait to be delivered, by mail or to the webhook',
    });
    this.#statuses = new Gauge({
      ...{ name: 'waygate_certificate_status_until_seconds', registers },
      labelNames: ['use', 'member', 'sha256'],
      help: 'Until when the OCSP response at hand is good, since 1970; 0 without one',
    });
    this.#tokens = new Gauge({
      ...{ name: 'waygate_token_active', registers, labelNames: ['token'] },
      help: '1: a token is signed in to and answers; 0: it does not sign',
    });
    this.#levels = new Gauge({
      ...{ name: 'waygate_disk_level', registers, labelNames: ['level'] },
      help: '1 for the level at which the disk is: new exchanges wait at tight, and are refused at full',
    });
    this.#plain = Object.fromEntries(
      Object.entries(plainHelp).map(([name, help]) => [name, new Gauge({ name, help, registers })]),
    ) as Record<PlainName, Gauge>;
  }

  /**
   * Counts an exchange that ended, well or not.
   * @param names those in it that somebody vouches for: whoever invents others must not make series of them
   */
  note({ side, error, durationMs, trace }: RoadEvent, { service: vouched }: VouchedNames): void {
    const outcome = error === undefined ? 'succeeded' : spellCode(asFault(error));
    this.#exchanges.inc({ side, outcome });
    this.#durations.observe({ side }, durationMs / 1000);
    if (trace === undefined) return;
    for (const direction of ['request', 'response'] as const) {
      const size = trace[direction];
      if (size !== undefined) this.#octets.inc({ side, direction }, size.size);
    }
    if (trace.exchange === undefined) return;
    const service = vouched === undefined ? 'others' : this.#nameOf(vouched);
    this.#ofService.inc({ side, service, outcome: error === undefined ? 'succeeded' : 'failed' });
  }

  /** @returns text of the exposition format */
  async render(): Promise<string> {
    const { log, disk, tokens, newestBackupAt, configuration, spansLost } = this.#sources;
    const { checks } = await this.#healthNow();
    for (const { name, isGood } of checks) this.#health.set({ check: name }, Number(isGood));
    await this.#renderDiagnoses();
    await this.#renderCertificates();
    await this.#renderExpiries();
    this.#tokens.reset();
    for (const { name, token } of tokens())
      this.#tokens.set({ token: name }, Number(token?.isActive() ?? false));
    const { withoutTimestamp, lastTimestampAt } = log.health();
    const { level, free, size, forecast } = disk();
    for (const one of levels) this.#levels.set({ level: one }, Number(one === level));
    this.#set('waygate_log_records_without_timestamp', withoutTimestamp);
    this.#set('waygate_log_last_timestamp_seconds', seconds(lastTimestampAt));
    this.#set('waygate_disk_free_octets', free);
    this.#set('waygate_disk_size_octets', size);
    this.#set('waygate_disk_full_in_days', forecast.kind === 'filling' ? forecast.days : undefined);
    this.#set('waygate_configuration_expires_seconds', seconds(configuration()?.expiresAt));
    this.#set('waygate_backup_newest_seconds', seconds(newestBackupAt()));
    this.#set('waygate_trace_spans_lost', spansLost());
    return this.#registry.metrics();
  }

  async #renderDiagnoses(): Promise<void> {
    const standing = await this.#sources.diagnoses();
    for (const [code, { place }] of Object.entries<Cause>(causes)) {
      // What is seen at the start alone is never seen here.
      if (place === 'start') continue;
      this.#diagnoses.set({ code }, standing.filter((one) => one.code === code).length);
    }
  }

  async #renderCertificates(): Promise<void> {
    this.#certificates.reset();
    this.#statuses.reset();
    for (const own of await this.#sources.certificates()) {
      if (!own.isActive) continue;
      const { use, member, certificate } = own;
      const labels = {
        ...{ use, member: member === undefined ? '' : printEncoded(member) },
        sha256: certificate.sha256.toString('hex'),
      };
      this.#certificates.set(labels, certificate.notAfter.getTime() / 1000);
      this.#statuses.set(labels, seconds(this.#sources.statusUntil(own)) ?? 0);
    }
  }

  async #renderExpiries(): Promise<void> {
    this.#expiries.reset();
    const { all } = await this.#sources.expiries();
    for (const { kind, owner, sha256, notAfter } of all.slice(0, maxExpiries)) {
      this.#expiries.set({ kind, owner, sha256 }, notAfter.getTime() / 1000);
    }
    // Who is told is a person: only the way is counted.
    const states = await this.#sources.notices();
    for (const way of ['mail', 'webhook']) {
      const waiting = states.filter(({ channel }) => channel.startsWith(way)).map((one) => one.waiting);
      this.#notices.set(
        { way },
        waiting.reduce((sum, count) => sum + count, 0),
      );
    }
  }

  /** Absent rather than wrong: a gauge of what is not known has no value. */
  #set(name: PlainName, value: number | undefined): void {
    if (value === undefined) this.#plain[name].set(Number.NaN);
    else this.#plain[name].set(value);
  }

  #healthNow(): Promise<Health> {
    const at = this.#sources.now().getTime();
    if (this.#asked === undefined || at - this.#asked.at >= healthMs || at < this.#asked.at) {
      this.#asked = { at, health: this.#sources.health() };
    }
    return this.#asked.health;
  }

  #nameOf(service: string): string {
    if (this.#services.has(service)) return service;
    if (this.#services.size >= maxServices) return 'others';
    this.#services.add(service);
    return service;
  }
}

const plainHelp = {
  waygate_log_records_without_timestamp: 'Records of the message log that wait for their timestamp',
  waygate_log_last_timestamp_seconds: 'When the last timestamp was taken, since 1970',
  waygate_disk_free_octets: 'Octets free on the file system of the data folder',
  waygate_disk_size_octets: 'Its size in octets',
  waygate_disk_full_in_days:
    'Days until it is full at the rate of the last week; NaN when that cannot be told',
  waygate_configuration_expires_seconds: 'Until when the configuration in force counts, since 1970',
  waygate_backup_newest_seconds: 'When the newest backup was made, since 1970',
  waygate_trace_spans_lost: 'Spans of traces that the collector did not take; NaN where there is none',
} as const;

type PlainName = keyof typeof plainHelp;

function seconds(at: Date | undefined): number | undefined {
  return at === undefined ? undefined : at.getTime() / 1000;
}
