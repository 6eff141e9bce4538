import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { type ClientId, equal, memberOf, providerOf, type ServerId } from '../../gateway/identifier/index.ts';
import type { BuiltInSoapServices } from '../../gateway/provider-side/index.ts';
import type { RoadEvent } from '../../gateway/road/index.ts';
import type { SettingsSnapshot } from '../settings/index.ts';
import type { OwnCertificate } from '../signer/index.ts';
import { answerMetrics } from './metrics.ts';
import { type OperationalRecord, operationalRecordOf } from './operational-record.ts';
import { answerHealthData, answerOperationalData } from './operational-services.ts';
import { OperationalStore } from './operational-store.ts';
import { ServiceHealthBook } from './service-health.ts';
import { others, type Traffic, type TrafficQuery } from './traffic.ts';
import { maxAnswered, TrafficParties } from './traffic-parties.ts';

/** Names in an exchange that somebody vouches for, encoded: others may be anything, and of anybody. */
export interface VouchedNames {
  readonly client?: string;
  readonly service?: string;
}

export interface MonitoringOptions {
  readonly serverId: ServerId;
  /** Database of operational data. */
  readonly path: string;
  /** Folder whose disk the server fills. */
  readonly data: string;
  readonly retentionDays: number;
  /** Operational data younger than this are not told yet. Seconds. */
  readonly offsetSeconds: number;
  readonly internalIp: string;
  readonly settings: () => SettingsSnapshot;
  /** Undefined while none is in force. */
  readonly configuration: () => GlobalConfiguration | undefined;
  readonly certificates: () => Promise<readonly OwnCertificate[]>;
  readonly now: () => Date;
  readonly onTrouble: (error: unknown) => void;
}

/** Keeps what happened on the road, and answers the monitoring services about it. */
export class Monitoring {
  readonly #options: MonitoringOptions;
  readonly #store: OperationalStore;
  readonly #health: ServiceHealthBook;
  readonly #parties: TrafficParties;

  constructor(options: MonitoringOptions) {
    this.#options = options;
    this.#store = new OperationalStore(options);
    this.#parties = new TrafficParties(this.#store.traffic.answered(maxAnswered));
    this.#health = new ServiceHealthBook(options.now());
  }

  /**
   * Takes note of an exchange that ended, well or not. Nothing waits for it, and nothing fails with it.
   * @returns by which names others may count it
   */
  note(event: RoadEvent): VouchedNames {
    try {
      return this.#note(event);
    } catch (error) {
      this.#options.onTrouble(error);
      return {};
    }
  }

  #note(event: RoadEvent): VouchedNames {
    const { serverId, internalIp, now } = this.#options;
    const exchange = event.trace?.exchange;
    if (exchange === undefined) return {};
    const settings = this.#options.settings();
    const record = operationalRecordOf(event, {
      ...{ serverId, settings, internalIp, now: now() },
      configuration: this.#options.configuration(),
    });
    const parties = this.#parties.of(event, settings);
    if (parties === undefined) return {};
    const names = vouched(parties);
    if (record === undefined) return names;
    const { client, service } = exchange;
    this.#store.keep({ record, client, provider: providerOf(service) });
    this.#store.traffic.note({
      ...{ at: now().getTime(), side: event.side, ...parties },
      ...{ isGood: record.succeeded, durationMs: event.durationMs },
      octets: (record.requestSize ?? 0) + (record.responseSize ?? 0),
    });
    if (event.side === 'provider' && settings.service(service) !== undefined) {
      this.#health.note(service, record);
    }
    return names;
  }

  /** Sums of the last hour, day or week. */
  traffic(query: Omit<TrafficQuery, 'now'>): Traffic {
    this.#store.flush();
    return this.#store.traffic.read({ ...query, now: this.#options.now() });
  }

  /** What was kept under a message id, newest first. */
  ofMessage(messageId: string): readonly OperationalRecord[] {
    return this.#store.ofMessage(messageId);
  }

  /** Services of the server's owner, as X-Road has them. */
  get services(): BuiltInSoapServices {
    return async (call, settings, configuration) => {
      const { service, client } = call.header;
      const owner = memberOf(settings.serverId);
      if (!equal(providerOf(service), owner)) return undefined;
      const { offsetSeconds } = this.#options;
      const now = this.#options.now();
      switch (service.serviceCode) {
        case 'getSecurityServerOperationalData':
          return answerOperationalData(call, seesAll(client, owner, configuration), {
            ...{ store: this.#store, offsetSeconds, now },
          });
        case 'getSecurityServerHealthData':
          return answerHealthData(call, this.#health, now);
        case 'getSecurityServerMetrics':
          return answerMetrics(call, seesAll(client, owner, configuration), this.#options);
        default:
          return undefined;
      }
    };
  }

  close(): void {
    this.#store.close();
  }
}

/** Exactly the owner, or exactly the monitoring client that the instance named. */
function seesAll(client: ClientId, owner: ClientId, { optional }: GlobalConfiguration): boolean {
  const { monitoringClient } = optional;
  return equal(client, owner) || (monitoringClient !== undefined && equal(client, monitoringClient));
}

/** The address of this server as its neighbours see it. @param host where it listens */
export function addressOfHost(host: string): string {
  const isEveryHost = host === '0.0.0.0' || host === '::';
  if (isIP(host) !== 0 && !isEveryHost) return host;
  const found = Object.values(networkInterfaces())
    .flat()
    .find((one) => one !== undefined && !one.internal && one.family === 'IPv4');
  return found?.address ?? '127.0.0.1';
}

function vouched({ client, service }: { readonly client: string; readonly service: string }): VouchedNames {
  return { ...(client !== others && { client }), ...(service !== others && { service }) };
}
