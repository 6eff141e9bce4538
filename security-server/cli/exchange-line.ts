import { asFault, RelayedFault, spellCode } from '../../gateway/fault/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import type { RoadEvent } from '../../gateway/road/index.ts';

/**
 * One line of the program's log per exchange: which systems, how long, how large, and why not. Every field is chosen:
 * users, issues, represented parties and paths name persons and stay in the message log, which is sealed.
 */
export function lineOf({ side, requestId, queryId, detail, error, durationMs, trace }: RoadEvent): object {
  const exchange = trace?.exchange;
  return {
    ...{ about: 'exchange', side, requestId, queryId, detail },
    durationMs: Math.round(durationMs * 10) / 10,
    ...(exchange !== undefined && {
      protocol: exchange.protocol,
      client: printEncoded(exchange.client),
      service: printEncoded(exchange.service),
    }),
    ...{ method: trace?.restMethod, status: trace?.statusCode },
    ...{ requestOctets: trace?.request?.size, responseOctets: trace?.response?.size },
    ...(error !== undefined && { code: spellCode(asFault(error)), error: reasonOf(error) }),
  };
}

/** Message and causes; but what another system put into its fault may be about anybody: of that the code is enough. */
function reasonOf(error: unknown): string {
  return textOf(error, (one) => (one instanceof RelayedFault ? 'a fault of the other side' : undefined));
}

/**
 * Message and causes; the stack too when nobody foresaw the error.
 * @param instead what stands in place of the message of an error
 */
export function textOf(
  error: unknown,
  instead: (error: Error) => string | undefined = () => undefined,
): string {
  if (!(error instanceof Error)) return String(error);
  const isForeseen = error.name === 'Fault' || error.name === 'RelayedFault' || 'code' in error;
  const text = instead(error) ?? (isForeseen ? error.message : (error.stack ?? error.message));
  return error.cause === undefined ? text : `${text}; caused by ${textOf(error.cause, instead)}`;
}
