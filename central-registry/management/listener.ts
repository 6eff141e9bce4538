import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { answerManagement, type ManagementContext } from './answer.ts';
import type { ManagementOrigin } from './entries.ts';
import { describeService } from './wsdl.ts';

/** Longest wait for a request's head, and for all of it. Milliseconds. */
const headDeadlineMs = 10_000;
const deadlineMs = 30_000;
const handshakeDeadlineMs = 10_000;

/** Octets of one request: an envelope, two signatures, two certificates and a status take less than half. */
const maxBodyBytes = 64 * 1024;

/** Requests are rare; more connections than this are an attack or a mistake. */
const maxConnections = 200;

const paths = {
  management: /^\/managementservice\/manage\/?$/,
  registration: /^\/managementservice\/?$/,
} as const satisfies Record<ManagementOrigin, RegExp>;

/** Where the management service is described, for the server that is to host it. */
const descriptionPath = '/managementservice/managementservices.wsdl';

/** What is answered beside the requests of X-Road, under a path of its own, in JSON. */
export interface BesideManagement {
  /** With a slash at its beginning, and none at its end. */
  readonly path: string;
  readonly answer: (request: {
    readonly method: string;
    readonly path: string;
    readonly authorization: string;
    readonly remoteAddress: string;
    readonly body: Buffer;
  }) => Promise<{ readonly status: number; readonly body: object }>;
}

/** The HTTP side of the management service or the registration service. */
export function createManagementListener(
  context: ManagementContext,
  origin: ManagementOrigin,
  beside?: BesideManagement,
): Server {
  const server = createServer(
    { headersTimeout: headDeadlineMs, requestTimeout: deadlineMs },
    (request, response) => {
      const isBeside = beside !== undefined && request.url?.startsWith(`${beside.path}/`) === true;
      (isBeside ? answerBeside(beside, request, response) : answer(context, origin, request, response)).catch(
        (error: NodeJS.ErrnoException) => {
          response.destroy();
          // A sender that went away is no trouble of ours.
          if (error.code !== 'ECONNRESET') context.report(error, '-');
        },
      );
    },
  );
  server.maxConnections = maxConnections;
  server.setTimeout(deadlineMs);
  return server;
}

async function answer(
  context: ManagementContext,
  origin: ManagementOrigin,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (origin === 'management' && request.url === descriptionPath && request.method === 'GET') {
    describe(request, response);
    return;
  }
  if (!paths[origin].test(request.url ?? '')) {
    refuse(response, 404);
    return;
  }
  if (request.method !== 'POST') {
    refuse(response.setHeader('allow', 'POST'), 405);
    return;
  }
  const bytes = await readBody(request);
  if (bytes === undefined) {
    refuse(response, 413);
    return;
  }
  const contentType = request.headers['content-type'] ?? '';
  const { status, body, ...rest } = await answerManagement(context, origin, { contentType, bytes });
  response.writeHead(status, { 'content-type': rest.contentType, 'content-length': body.length }).end(body);
}

async function answerBeside(
  beside: BesideManagement,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const received = await readBody(request);
  if (received === undefined) {
    refuse(response, 413);
    return;
  }
  const { status, body } = await beside.answer({
    method: request.method ?? '',
    path: request.url ?? '',
    authorization: request.headers.authorization ?? '',
    remoteAddress: request.socket.remoteAddress ?? '',
    body: received,
  });
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': text.length,
    'cache-control': 'no-store',
  });
  response.end(text);
}

/** The server that is to host the service reaches it as it reached this. */
function describe({ headers }: IncomingMessage, response: ServerResponse): void {
  const host = headers.host ?? '';
  if (!/^[A-Za-z0-9.:[\]-]{1,255}$/.test(host)) {
    refuse(response, 400);
    return;
  }
  const body = Buffer.from(describeService(`http://${host}/managementservice/manage`));
  response.writeHead(200, { 'content-type': 'text/xml; charset=UTF-8', 'content-length': body.length });
  response.end(body);
}

/** Nothing more is read on this connection. */
function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0, connection: 'close' }).end();
}

/** @returns undefined for a body that is too large */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Makes the server speak TLS with a key that stays in its token, which `node:https` cannot. */
export function serveOverTls(server: Server, secureContext: SecureContext): void {
  const [serveHttp] = server.listeners('connection');
  if (serveHttp === undefined) throw new Error('an HTTP server has its connection listener');
  server.removeAllListeners('connection');
  server.on('connection', (raw: Socket) => {
    const socket = new TLSSocket(raw, { isServer: true, secureContext });
    // Either may learn first that the sender went away; strangers that break off are no trouble of ours.
    const end = () => {
      socket.destroy();
      raw.destroy();
    };
    for (const one of [raw, socket]) one.on('error', end).once('close', end);
    const timer = setTimeout(end, handshakeDeadlineMs);
    raw.once('close', () => clearTimeout(timer));
    socket.once('end', end);
    socket.once('secure', () => {
      clearTimeout(timer);
      // From here on a sender may close its half and still wait for the answer.
      socket.off('end', end);
      serveHttp.call(server, socket);
    });
  });
}
