import { identifierKey, type ServiceId } from '../../gateway/identifier/index.ts';
import type { OperationalRecord } from './operational-record.ts';

/** Period that statistics look back on. Seconds. */
export const statisticsPeriodSeconds = 600;

/** Count, extremes, mean and deviation of values that are not kept. */
export interface Statistics {
  readonly min: number;
  readonly max: number;
  readonly average: number;
  readonly deviation: number;
}

export interface ServiceHealth {
  readonly service: ServiceId;
  readonly serviceType?: string;
  /** Milliseconds since 1970. */
  readonly lastSuccessAt?: number;
  readonly lastFailureAt?: number;
  readonly successes: number;
  readonly failures: number;
  /** Milliseconds; of successful requests in the period, as the sizes are. */
  readonly duration?: Statistics;
  /** Octets. */
  readonly requestSize?: Statistics;
  readonly responseSize?: Statistics;
}

class Sum {
  count = 0;
  sum = 0;
  squares = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.count += 1;
    this.sum += value;
    this.squares += value * value;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
  }

  merge(other: Sum): void {
    this.count += other.count;
    this.sum += other.sum;
    this.squares += other.squares;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
  }

  get statistics(): Statistics | undefined {
    if (this.count === 0) return undefined;
    const average = this.sum / this.count;
    const deviation = Math.sqrt(Math.max(0, this.squares / this.count - average * average));
    return { min: this.min, max: this.max, average, deviation };
  }
}

/** Ten seconds of one service. */
class Slice {
  readonly from: number;
  successes = 0;
  failures = 0;
  readonly duration = new Sum();
  readonly requestSize = new Sum();
  readonly responseSize = new Sum();

  constructor(from: number) {
    this.from = from;
  }
}

const sliceSeconds = 10;

interface Followed {
  readonly service: ServiceId;
  readonly serviceType: string | undefined;
  lastSuccessAt?: number;
  lastFailureAt?: number;
  slices: Slice[];
}

/** Follows how the services of this server fare; its memory is bounded by their number. */
export class ServiceHealthBook {
  readonly startedAt: number;
  readonly #followed = new Map<string, Followed>();

  constructor(now: Date) {
    this.startedAt = now.getTime();
  }

  /** @param service one that this server provides: strangers must not make up entries */
  note(service: ServiceId, record: OperationalRecord): void {
    const key = identifierKey(service);
    const followed = this.#followed.get(key) ?? { service, serviceType: record.serviceType, slices: [] };
    this.#followed.set(key, followed);
    const at = record.responseOutTs ?? record.monitoringDataTs * 1000;
    const slice = sliceAt(followed, record.monitoringDataTs);
    if (!record.succeeded) {
      followed.lastFailureAt = at;
      slice.failures += 1;
      return;
    }
    followed.lastSuccessAt = at;
    slice.successes += 1;
    if (record.responseOutTs !== undefined) slice.duration.add(record.responseOutTs - record.requestInTs);
    if (record.requestSize !== undefined) slice.requestSize.add(record.requestSize);
    if (record.responseSize !== undefined) slice.responseSize.add(record.responseSize);
  }

  all(now: Date): ServiceHealth[] {
    const since = Math.floor(now.getTime() / 1000) - statisticsPeriodSeconds;
    return [...this.#followed.values()].map((followed) => {
      const { service, serviceType, lastSuccessAt, lastFailureAt } = followed;
      const total = new Slice(0);
      for (const slice of followed.slices) {
        if (slice.from < since) continue;
        total.successes += slice.successes;
        total.failures += slice.failures;
        total.duration.merge(slice.duration);
        total.requestSize.merge(slice.requestSize);
        total.responseSize.merge(slice.responseSize);
      }
      const [duration, requestSize, responseSize] = [
        total.duration.statistics,
        total.requestSize.statistics,
        total.responseSize.statistics,
      ];
      return {
        ...{ service, successes: total.successes, failures: total.failures },
        ...(serviceType !== undefined && { serviceType }),
        ...(lastSuccessAt !== undefined && { lastSuccessAt }),
        ...(lastFailureAt !== undefined && { lastFailureAt }),
        ...(duration && { duration }),
        ...(requestSize && { requestSize }),
        ...(responseSize && { responseSize }),
      };
    });
  }
}

function sliceAt(followed: Followed, second: number): Slice {
  const from = second - (second % sliceSeconds);
  const last = followed.slices.at(-1);
  if (last !== undefined && last.from >= from) return last;
  const slice = new Slice(from);
  followed.slices = [...followed.slices.filter((one) => one.from >= from - statisticsPeriodSeconds), slice];
  return slice;
}
