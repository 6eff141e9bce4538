import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { asFault, Fault, renderRest, spellCode } from '../fault/index.ts';
import { type ClientSide, exchangeRest } from './rest-exchange.ts';

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
  const target = incoming.url ?? '';
  try {
    if (target.startsWith('/r1/')) {
      if (!restVerbs.has(incoming.method ?? '')) {
        throw new Fault('InternalError', `Method '${incoming.method}' is not one that REST messages know`);
      }
      const { requestId, id } = await exchangeRest(incoming, outgoing, road);
      road.report({ side: 'client', requestId, queryId: id, durationMs: performance.now() - startedAt });
      return;
    }
    const path = target.split('?', 1)[0] ?? '';
    const handler = incoming.method === 'GET' ? plainHandlers.get(path) : undefined;
    if (handler !== undefined) {
      await handler(incoming, outgoing, new URL(target, 'http://localhost'));
      return;
    }
    throw new Fault('NotFound', `Nothing is served at '${path}': REST messages begin with /r1/`);
  } catch (error) {
    answerFault(error, incoming, outgoing, road, performance.now() - startedAt);
  }
}

/** The only place where a fault becomes an HTTP answer to an information system. */
function answerFault(
  error: unknown,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  road: ClientSide,
  durationMs: number,
): void {
  const fault = asFault(error).at('ClientProxy');
  const newDetail = road.newId();
  const rendering = renderRest(fault, incoming.headers.accept, newDetail);
  road.report({ side: 'client', error, detail: newDetail, durationMs });
  if (outgoing.headersSent) {
    // A status was promised already; breaking the connection is the only honest end.
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(rendering.status, {
    'Content-Type': rendering.contentType,
    'X-Road-Error': spellCode(fault),
    'Content-Length': Buffer.byteLength(rendering.body),
  });
  outgoing.end(incoming.method === 'HEAD' ? undefined : rendering.body);
}
