import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Certificate } from '../../certs/x509/index.ts';
import { asFault, Fault, renderSoap } from '../fault/index.ts';
import { type ExchangeTrace, eventOf, follow, instant, withRoom } from '../road/index.ts';
import { serveTls } from '../transport/index.ts';
import { isKnownAuthenticationCertificate } from '../trust/index.ts';
import { answerRequest } from './answer-request.ts';
import type { ProviderSide } from './provider-side.ts';

/**
 * The server that other security servers talk to, TLS and all; it is not listening yet.
 * A peer is let in when its certificate is registered for some security server of a known instance; whether it
 * may speak for the client of a message is checked with each message.
 */
export function createProviderListener(road: ProviderSide): Server {
  const chains = new WeakMap<Socket, readonly Certificate[]>();
  /** DER of the certificate with which this server began a connection. */
  const shown = new WeakMap<Socket, Buffer>();
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0, headersTimeout: 30_000 });
  // Says `Connection: close` with the first answer.
  if (road.oneShot === true) server.maxRequestsPerSocket = 1;
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const chain = chains.get(incoming.socket) ?? [];
    if (road.beside?.(incoming, outgoing, chain) === true) return;
    const act = async () => {
      if (await isOutdated(shown.get(incoming.socket), road)) outgoing.setHeader('Connection', 'close');
      await serve(incoming, outgoing, chain, road);
    };
    act().catch((error) => {
      outgoing.destroy();
      road.report({ side: 'provider', error, durationMs: 0 });
    });
  });
  serveTls(server, {
    context: async () => (await road.signer.authenticationIdentity()).context,
    ...(road.staples !== false && {
      staple: async () => (await road.signer.authenticationIdentity()).ocspResponses[0],
    }),
    admit: (socket, chain) => {
      const leaf = chain[0];
      if (leaf === undefined) return false;
      if (!isKnownAuthenticationCertificate(leaf, road.configuration.current())) return false;
      chains.set(socket, chain);
      const own = socket.getX509Certificate();
      if (own !== undefined) shown.set(socket, own.raw);
      return true;
    },
    onFailure: (error) => road.report({ side: 'provider', error, durationMs: 0 }),
  });
  return server;
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  chain: readonly Certificate[],
  road: ProviderSide,
): Promise<void> {
  const startedAt = performance.now();
  const trace: ExchangeTrace = { requestInAt: Date.now() };
  const detail = road.newId();
  const begunAt = instant();
  follow(trace, incoming.headers, road, begunAt);
  const renderFault = (error: unknown) => renderSoap(asFault(error).at('ServerProxy'), detail);
  try {
    await withRoom(road, incoming, (withKept) =>
      answerRequest(incoming, outgoing, chain, withKept, renderFault, trace),
    );
    road.report(eventOf('provider', trace, startedAt));
  } catch (error) {
    road.report({ ...eventOf('provider', trace, startedAt), error, detail });
    if (outgoing.headersSent || outgoing.destroyed) return;
    const fault = renderFault(error);
    const { retryAfterSeconds } = asFault(error);
    const headers = {
      'Content-Type': 'text/xml;charset=utf-8',
      'Content-Length': Buffer.byteLength(fault),
      ...(retryAfterSeconds !== undefined && { 'Retry-After': retryAfterSeconds }),
    };
    outgoing.writeHead(200, headers).end(fault);
  }
}

/**
 * Whether a connection began with a certificate of ours that is replaced by now. It ends with this answer: a peer that
 * went on with it would have to break it off, with what is under way on it, when the old certificate is deregistered.
 */
async function isOutdated(shown: Buffer | undefined, { signer }: ProviderSide): Promise<boolean> {
  if (shown === undefined) return false;
  try {
    const { chain } = await signer.authenticationIdentity();
    return chain[0]?.der.equals(shown) === false;
  } catch (error) {
    // Where none can be shown now, there is none to begin anew with.
    if (error instanceof Fault) return false;
    throw error;
  }
}
