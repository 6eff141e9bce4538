import type { Exchange, ExchangeTrace, RoadEvent } from './road.ts';

/** Notes whose REST request it is. */
export function noteRest(
  trace: ExchangeTrace,
  exchange: Exchange & { readonly verb: string; readonly servicePath: string },
): void {
  trace.exchange = exchange;
  trace.restMethod = exchange.verb;
  if (exchange.servicePath !== '') trace.restPath = exchange.servicePath;
}

/** Notes whose SOAP request it is. */
export function noteSoap(trace: ExchangeTrace, exchange: Exchange, protocolVersion: string): void {
  trace.exchange = exchange;
  trace.protocolVersion = protocolVersion;
}

/** @param startedAt of `performance.now()` */
export function eventOf(side: RoadEvent['side'], trace: ExchangeTrace, startedAt: number): RoadEvent {
  const { exchange } = trace;
  return {
    side,
    trace,
    durationMs: performance.now() - startedAt,
    ...(exchange !== undefined && { requestId: exchange.requestId, queryId: exchange.id }),
  };
}
