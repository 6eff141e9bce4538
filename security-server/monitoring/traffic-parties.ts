import { asFault, type FaultCode, RelayedFault } from '../../gateway/fault/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import type { RoadEvent } from '../../gateway/road/index.ts';
import type { SettingsSnapshot } from '../settings/index.ts';
import { others, type TrafficSample } from './traffic.ts';
import { endpointOf } from './traffic-endpoint.ts';

/** Faults with which a provider refuses a call of a service that it has. */
const ofServicesThereAre: ReadonlySet<FaultCode> = new Set([
  'AccessDenied',
  'ServiceDisabled',
  'QuotaExceeded',
]);
/** Services elsewhere that are remembered. */
export const maxAnswered = 10_000;

/**
 * Under which names an exchange is counted. Anybody may write any name into a request, one of another or one for
 * each request, and a path by mistake: a name counts when somebody vouches for it, else it is one of the others.
 */
export class TrafficParties {
  readonly #answered: Set<string>;

  /** @param answered services elsewhere that answered before, encoded */
  constructor(answered: Iterable<string>) {
    this.#answered = new Set(answered);
  }

  /** @returns undefined when no request could be read */
  of(
    event: RoadEvent,
    settings: SettingsSnapshot,
  ): Pick<TrafficSample, 'client' | 'service' | 'endpoint'> | undefined {
    const exchange = event.trace?.exchange;
    if (exchange === undefined) return undefined;
    const service = printEncoded(exchange.service);
    if (hasAnswered(event)) this.#remember(service);
    const isServiceKnown =
      event.side === 'provider'
        ? settings.service(exchange.service) !== undefined
        : this.#answered.has(service) || hasAnswered(event);
    const isClientKnown =
      event.side === 'provider'
        ? event.trace?.isPeerChecked === true
        : settings.client(exchange.client) !== undefined;
    return {
      client: isClientKnown ? printEncoded(exchange.client) : others,
      service: isServiceKnown ? service : others,
      endpoint: isServiceKnown ? endpointOf(event, settings) : others,
    };
  }

  #remember(service: string): void {
    if (this.#answered.size < maxAnswered) this.#answered.add(service);
  }
}

/** Whether a provider elsewhere showed, by its answer, that it has the service. */
function hasAnswered({ side, error }: RoadEvent): boolean {
  if (side !== 'client') return false;
  if (error === undefined) return true;
  return error instanceof RelayedFault && ofServicesThereAre.has(asFault(error).code);
}
