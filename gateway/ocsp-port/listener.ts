import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Fault } from '../fault/index.ts';
import { maxStatuses, statusContentType, writeStatuses } from './status-message.ts';

/** A certificate of ours and the status response that goes with it. */
export interface OwnStatus {
  /** Of the DER certificate, lower-case hexadecimal. */
  readonly sha1: string;
  readonly sha256: string;
  /** DER. */
  readonly response: Buffer;
}

export interface OcspPortOptions {
  /** Every status that is good now; asked for each request. */
  readonly statuses: () => Promise<readonly OwnStatus[]>;
  readonly newBoundary: () => string;
  /** Told of what went wrong on our side; askers' mistakes are answered only. */
  readonly onFailure: (error: unknown) => void;
}

/** Octets of a request target: names and both hashes of as many certificates as may be asked for. */
const maxTargetBytes = maxStatuses * 128;

/**
 * The server that tells other security servers the status of our certificates, in the clear: the responses are
 * signed by their authority. It is not listening yet.
 * @see X-Road 7 message transport, OCSP responses
 */
export function createOcspPort(options: OcspPortOptions): Server {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, keepAliveTimeout: 1_000 });
  server.maxConnections = 256;
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // Bodies have no place here; what comes of one is not read.
    incoming.resume();
    answer(incoming, options).then(
      ({ type, body }) => send(outgoing, 200, type, body),
      (error: unknown) => {
        if (!(error instanceof Fault)) options.onFailure(error);
        const reason = error instanceof Fault ? error.message : 'The question could not be answered';
        send(outgoing, 500, 'text/plain; charset=utf-8', Buffer.from(`${reason}\n`));
      },
    );
  });
  return server;
}

async function answer(incoming: IncomingMessage, options: OcspPortOptions) {
  const { method, url = '/' } = incoming;
  if (method === 'HEAD') return { type: 'text/plain; charset=utf-8', body: Buffer.alloc(0) };
  if (method !== 'GET') throw new Fault('InvalidHttpMethod', 'Statuses are asked for with GET');
  const wanted = readQuestion(url);
  const statuses = await options.statuses().catch((error: unknown) => {
    options.onFailure(error);
    // The reason is for our operator, not for strangers.
    throw new Fault('CertNotFound', 'No status can be told now');
  });
  const responses = wanted.map(({ name, hash }) => {
    const found = statuses.find((status) => status[name] === hash);
    if (found === undefined) throw new Fault('NotFound', `There is no status of the certificate ${hash}`);
    return found.response;
  });
  const boundary = options.newBoundary();
  return { type: statusContentType(boundary), body: writeStatuses(responses, boundary) };
}

interface WantedStatus {
  readonly name: 'sha1' | 'sha256';
  readonly hash: string;
}

/**
 * Reads which certificates are asked for. Askers name each twice, by SHA-1 in `cert` and by SHA-256 in
 * `cert_hash`. Java servers go by the former alone, and so does this one where it is given; a name only picks
 * among our own certificates, so that nothing rests on SHA-1.
 */
function readQuestion(target: string): readonly WantedStatus[] {
  if (target.length > maxTargetBytes) {
    throw new Fault('BadRequest', `A question has at most ${maxTargetBytes} octets`);
  }
  const start = target.indexOf('?');
  const query = new URLSearchParams(start < 0 ? '' : target.slice(start + 1));
  const sha1 = query.getAll('cert');
  const wanted =
    sha1.length > 0 ? readHashes(sha1, 'sha1', 40) : readHashes(query.getAll('cert_hash'), 'sha256', 64);
  if (wanted.length === 0) throw new Fault('BadRequest', 'Parameter cert, a SHA-1 hash, is missing');
  if (wanted.length > maxStatuses) {
    throw new Fault('BadRequest', `At most ${maxStatuses} certificates may be asked for at once`);
  }
  return wanted;
}

function readHashes(hashes: readonly string[], name: WantedStatus['name'], length: number): WantedStatus[] {
  return hashes.map((hash) => {
    if (hash.length !== length || !/^[0-9a-fA-F]+$/.test(hash)) {
      throw new Fault('BadRequest', `A certificate is named by ${length} hexadecimal digits`);
    }
    return { name, hash: hash.toLowerCase() };
  });
}

function send(outgoing: ServerResponse, status: number, type: string, body: Buffer): void {
  const headers = { 'Content-Type': type, 'Content-Length': body.length, Connection: 'close' };
  outgoing.writeHead(status, headers).end(body);
}
