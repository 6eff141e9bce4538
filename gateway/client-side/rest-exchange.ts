import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../fault/index.ts';
import { printFull } from '../identifier/index.ts';
import {
  checkConsistent,
  composeRestRequest,
  normaliseServicePath,
  parseRestResponse,
  type RestResponse,
  requestHash,
} from '../message/index.ts';
import { decoded, type ExchangeTrace, noteRest, step } from '../road/index.ts';
import type { HeldBody } from '../transport/index.ts';
import { type ClientSide, openRoad, recordAnswer, verifyAnswer } from './exchange.ts';
import { returnBody } from './return-body.ts';
import { sendRequest } from './send-request.ts';

/**
 * Carries one REST request of an information system to the provider's security server and its answer back:
 * parse · check client · find peer · connect · sign · record · send · verify · match · record · return.
 * @throws Fault before anything was written to `outgoing`
 */
export async function exchangeRest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  road: ClientSide,
  trace: ExchangeTrace,
): Promise<void> {
  const configuration = road.configuration.current();
  road.log.requireAccepting();
  const { request, head } = composeRestRequest({
    verb: incoming.method ?? '',
    target: incoming.url ?? '',
    rawHeaders: incoming.rawHeaders,
    instance: configuration.instance,
    requestId: road.newId(),
    newMessageId: road.newId,
  });
  // What could be read in two ways is refused before it travels; the provider side refuses it again.
  normaliseServicePath(request.servicePath);
  const exchange = { ...request, protocol: 'rest' as const };
  noteRest(trace, exchange);
  const way = await step(trace, 'connect', () => openRoad(exchange, incoming, configuration, road));
  if (incoming.headers.expect?.toLowerCase() === '100-continue') outgoing.writeContinue();
  const body = await bodyOf(incoming);
  const originalType = request.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const message = {
    exchange,
    head,
    headType: 'application/x-road-rest-request',
    ...(body !== undefined && { payload: { kind: 'rest-body' as const, body } }),
    headers: [
      ['x-original-content-type', originalType],
      ['x-road-message-type', 'REST'],
    ] as const,
  };
  const { parts, answer } = await sendRequest(message, way, road, trace);
  try {
    if (answer.protocol !== 'rest')
      throw new Fault('MissingRest', 'The peer answered a REST request with another kind');
    const at = road.clock.now();
    await step(trace, 'verify', () => verifyAnswer(answer, exchange, road, at));
    const response = await decoded(() => parseRestResponse(answer.head));
    checkConsistent(request, response, requestHash(parts[0]?.digest, parts[1]?.digest));
    await step(trace, 'record', () => recordAnswer(answer, exchange, road, at, response.status));
    trace.statusCode = response.status;
    trace.responseOutAt = Date.now();
    await step(trace, 'return', () => returnAnswer(response, answer.attachments[0], incoming, outgoing));
  } finally {
    await Promise.all(answer.attachments.map((held) => held.discard()));
  }
}

/**
 * The request body as a stream, or undefined when its first read gave nothing: only then there is no body part.
 */
async function bodyOf(incoming: IncomingMessage): Promise<AsyncIterable<Uint8Array> | undefined> {
  const chunks = incoming[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true) return undefined;
  return (async function* () {
    try {
      yield first.value;
      yield* { [Symbol.asyncIterator]: () => chunks };
    } catch (cause) {
      throw new Fault('IOError', 'The information system did not send its whole request', { cause });
    }
  })();
}

async function returnAnswer(
  response: RestResponse,
  body: HeldBody | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const headers = response.headers.flat();
  const hasEntity = body !== undefined;
  if (hasEntity) headers.push('Content-Length', String(body.size));
  // `Date` of the service replaces ours rather than adding a second one.
  outgoing.sendDate = !response.headers.some(([name]) => name.toLowerCase() === 'date');
  outgoing.writeHead(response.status, response.reason, headers);
  if (!hasEntity || incoming.method === 'HEAD') outgoing.end();
  else if (body.bytes !== undefined) outgoing.end(body.bytes);
  else await returnBody(body.chunks(), outgoing, printFull(response.service));
}
