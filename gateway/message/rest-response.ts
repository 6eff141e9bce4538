import { Fault } from '../fault/index.ts';
import {
  type ClientId,
  equal,
  IdentifierError,
  parseRestClient,
  parseRestService,
  printRest,
  type ServiceId,
} from '../identifier/index.ts';
import { readHead, writeHead } from './head-lines.ts';
import { type HeaderList, keptHeaders, lastHeader } from './headers.ts';
import type { RestRequest } from './rest-request.ts';

/** A REST response as its signed head says it. */
export interface RestResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  /** As signed, in order, with the service's spelling. */
  readonly headers: HeaderList;
  readonly client: ClientId;
  readonly service: ServiceId;
  readonly id: string;
  readonly requestId: string;
  /** Base64 of the hash that ties this response to its request. */
  readonly requestHash: string;
}

/** What a service answered, and the request it answered. */
export interface OutgoingRest {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly request: RestRequest;
  /** Base64, from `requestHash`. */
  readonly requestHash: string;
}

/**
 * Set by the provider side alone. `x-road-service` of a service stays, as X-Road 7 has it: ours follows, and
 * the last one counts.
 */
const ownHeaders: ReadonlySet<string> = new Set([
  'x-road-id',
  'x-road-client',
  'x-road-request-id',
  'x-road-request-hash',
]);

/**
 * Makes the message head of a service's answer.
 * @throws Fault InternalError when the service sent a header that cannot be passed on
 */
export function composeRestResponse({ status, reason, headers, request, requestHash }: OutgoingRest): Buffer {
  const kept = keptHeaders(headers, ownHeaders);
  kept.push(
    ['x-road-id', request.id],
    ['x-road-client', printRest(request.client)],
    ['x-road-service', printRest(request.service)],
    ['x-road-request-id', request.requestId],
    ['x-road-request-hash', requestHash],
  );
  return writeHead(String(status), reason.replace(/[^\x20-\x7e]/g, ' '), kept);
}

/**
 * Reads the head of a response that a peer sent, or that a log kept.
 * @param head bytes as signed
 * @throws Fault InvalidMessage
 */
export function parseRestResponse(head: Buffer): RestResponse {
  const { first, second, headers } = readHead(head);
  // 1xx answers nothing yet: passed on, it would have the client wait for more, or speak another protocol.
  if (!/^[2-9][0-9]{2}$/.test(first)) {
    throw new Fault('InvalidMessage', 'The REST response begins with something that is not a status');
  }
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(second)) {
    throw new Fault('InvalidMessage', 'The reason of the REST response holds control characters');
  }
  const header = (name: string): string => {
    const value = lastHeader(headers, name);
    if (value === undefined || value === '') {
      throw new Fault('InvalidMessage', `Header ${name} of the REST response is missing or empty`);
    }
    return value;
  };
  try {
    return {
      kind: 'response',
      status: Number(first),
      reason: second,
      headers,
      client: parseRestClient(header('x-road-client')),
      service: parseRestService(header('x-road-service')),
      id: header('x-road-id'),
      requestId: header('x-road-request-id'),
      requestHash: header('x-road-request-hash'),
    };
  } catch (cause) {
    if (cause instanceof IdentifierError) throw new Fault('InvalidMessage', cause.message, { cause });
    throw cause;
  }
}

/**
 * Whether a verified response answers this very request.
 * @param hash base64, from `requestHash` over the request as it was sent
 * @throws Fault InconsistentResponse
 */
export function checkConsistent(request: RestRequest, response: RestResponse, hash: string): void {
  const agreements: readonly (readonly [string, boolean])[] = [
    ['client', equal(response.client, request.client)],
    ['message id', response.id === request.id],
    ['service', equal(response.service, request.service)],
    ['request id', response.requestId === request.requestId],
    ['request hash', response.requestHash === hash],
  ];
  const differing = agreements.find(([, agrees]) => !agrees);
  if (differing !== undefined) {
    throw new Fault('InconsistentResponse', `The response has another ${differing[0]} than the request`);
  }
}
