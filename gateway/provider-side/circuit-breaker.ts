import { Fault } from '../fault/index.ts';
import { printEncoded, printFull } from '../identifier/index.ts';
import type { ServiceSettings } from '../road/index.ts';

export interface CircuitSettings {
  /** Calls that must fail in a row. */
  readonly failures: number;
  /** How long a service is then left alone. */
  readonly pauseMs: number;
}

/** How it stands with calls of one service. */
export interface CircuitState {
  /**
   * - `closed`: it is called;
   * - `open`: it is not, until `until`;
   * - `trying`: one call is under way that decides for all.
   */
  readonly state: 'closed' | 'open' | 'trying';
  /** In a row. */
  readonly failures: number;
  readonly until?: Date;
}

interface Kept {
  /** Which address it is about: another begins anew. */
  readonly url: string;
  readonly failures: number;
  readonly until?: Date;
  readonly isTrying: boolean;
}

const closed: CircuitState = { state: 'closed', failures: 0 };

/**
 * Leaves a service alone that failed so many times in a row, so that its callers are told at once instead of after its
 * timeout, and it is not kept from coming back by those who wait. After a pause one call is let through, and decides.
 */
export class CircuitBreaker {
  readonly #settings: CircuitSettings;
  readonly #now: () => Date;
  /** By service: those of the settings alone are called. */
  readonly #kept = new Map<string, Kept>();

  constructor(settings: CircuitSettings, now: () => Date) {
    this.#settings = settings;
    this.#now = now;
  }

  /**
   * Before a call.
   * @throws Fault NetworkError, as for a service that cannot be reached
   */
  enter({ id, url }: Pick<ServiceSettings, 'id' | 'url'>): void {
    const kept = this.#of({ id, url });
    if (kept?.until === undefined) return;
    if (!kept.isTrying && this.#now() >= kept.until) {
      this.#kept.set(printEncoded(id), { ...kept, isTrying: true });
      return;
    }
    const when = kept.isTrying
      ? 'one call is under way that tries it'
      : `it is tried again from ${kept.until.toISOString()}`;
    throw new Fault(
      'NetworkError',
      `Service ${printFull(id)} did not answer ${kept.failures} times in a row, and is left alone: ${when}`,
    );
  }

  /** After a call. @param isFailed it could not be reached, or did not begin to answer */
  note({ id, url }: Pick<ServiceSettings, 'id' | 'url'>, isFailed: boolean): void {
    const key = printEncoded(id);
    if (!isFailed) {
      this.#kept.delete(key);
      return;
    }
    const former = this.#of({ id, url });
    const failures = (former?.failures ?? 0) + 1;
    const { failures: enough, pauseMs } = this.#settings;
    // A call that began before the circuit opened says nothing new about when to try again.
    const isLate = former?.until !== undefined && !former.isTrying;
    const until = isLate ? former.until : new Date(this.#now().getTime() + pauseMs);
    this.#kept.set(key, { url, failures, isTrying: false, ...(failures >= enough && { until }) });
  }

  /** A call came to nothing that says anything of the service: another one may try. */
  leave({ id, url }: Pick<ServiceSettings, 'id' | 'url'>): void {
    const kept = this.#of({ id, url });
    if (kept?.isTrying === true) this.#kept.set(printEncoded(id), { ...kept, isTrying: false });
  }

  stateOf(service: Pick<ServiceSettings, 'id' | 'url'>): CircuitState {
    const kept = this.#of(service);
    if (kept === undefined) return closed;
    const { failures, until, isTrying } = kept;
    if (until === undefined) return { state: 'closed', failures };
    return { state: isTrying ? 'trying' : 'open', failures, until };
  }

  #of({ id, url }: Pick<ServiceSettings, 'id' | 'url'>): Kept | undefined {
    const kept = this.#kept.get(printEncoded(id));
    return kept?.url === url ? kept : undefined;
  }
}
