import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { asFault, Fault, renderRest, renderSoap, spellCode } from '../fault/index.ts';
import { type ExchangeTrace, eventOf, follow, instant, withRoom } from '../road/index.ts';
import type { ClientSide } from './exchange.ts';
import { explanationLink } from './explanation-link.ts';
import { exchangeRest } from './rest-exchange.ts';
import { exchangeSoap } from './soap-exchange.ts';

/** Answers a request of an information system that is not a message, such as `/listClients`. */
export type PlainHandler = (incoming: IncomingMessage, outgoing: ServerResponse, url: URL) => Promise<void>;

const restVerbs = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

/**
 * The server that information systems talk to. It is not listening yet; TLS is put around it by `serveTls`.
 * @param plainHandlers GET handlers by path
 */
export function createClientListener(
  road: ClientSide,
  plainHandlers: ReadonlyMap<string, PlainHandler> = new Map(),
): Server {
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0, headersTimeout: 30_000 });
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    dispatch(incoming, outgoing, road, plainHandlers).catch((error) => {
      outgoing.destroy();
      road.report({ side: 'client', error, durationMs: 0 });
    });
  };
  server.on('request', serve);
  // Without this listener node would invite the body by itself, before the client was checked.
  server.on('checkContinue', serve);
  return server;
}

async function dispatch(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  road: ClientSide,
  plainHandlers: ReadonlyMap<string, PlainHandler>,
): Promise<void> {
  const startedAt = performance.now();
  const trace: ExchangeTrace = { requestInAt: Date.now() };
  const target = incoming.url ?? '';
  const isRest = target.startsWith('/r1/');
  const path = target.split('?', 1)[0] ?? '';
  const handler = incoming.method === 'GET' && !isRest ? plainHandlers.get(path) : undefined;
  try {
    if (handler !== undefined) {
      await handler(incoming, outgoing, new URL(target, 'http://localhost'));
      return;
    }
    if (isRest && !restVerbs.has(incoming.method ?? '')) {
      throw new Fault('InternalError', `Method '${incoming.method}' is not one that REST messages know`);
    }
    // Whatever nothing else claims is a SOAP message, as peers have it.
    const exchange = isRest ? exchangeRest : exchangeSoap;
    follow(trace, incoming.headers, road, instant());
    await withRoom(road, incoming, (withKept) => exchange(incoming, outgoing, withKept, trace));
    road.report(eventOf('client', trace, startedAt));
  } catch (error) {
    const fault = asFault(error).at('ClientProxy');
    const detail = road.newId();
    road.report({ ...eventOf('client', trace, startedAt), error, detail });
    const link = explanationLink(road.consoleUrl, trace);
    if (outgoing.headersSent) {
      // A status was promised already; breaking the connection is the only honest end.
      outgoing.destroy();
    } else if (isRest || handler !== undefined) {
      answerRestFault(fault, detail, link, incoming, outgoing);
    } else {
      answerSoapFault(fault, detail, link, outgoing);
    }
  }
}

function answerRestFault(
  fault: Fault,
  detail: string,
  link: ReturnType<typeof explanationLink>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  const rendering = renderRest(fault, incoming.headers.accept, detail);
  outgoing.writeHead(rendering.status, {
    'Content-Type': rendering.contentType,
    'X-Road-Error': spellCode(fault),
    ...link,
    ...(fault.retryAfterSeconds !== undefined && { 'Retry-After': fault.retryAfterSeconds }),
    'Content-Length': Buffer.byteLength(rendering.body),
  });
  outgoing.end(incoming.method === 'HEAD' ? undefined : rendering.body);
}

/** Every fault of a SOAP exchange is answered with status 200. @see X-Road message protocol 4.0, SOAP faults */
function answerSoapFault(
  fault: Fault,
  detail: string,
  link: ReturnType<typeof explanationLink>,
  outgoing: ServerResponse,
): void {
  const body = renderSoap(fault, detail);
  outgoing.writeHead(200, {
    'Content-Type': 'text/xml;charset=utf-8',
    SOAPAction: '',
    ...link,
    'Content-Length': Buffer.byteLength(body),
  });
  outgoing.end(body);
}
