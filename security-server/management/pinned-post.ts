import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders, request } from 'node:http';
import { isIP } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { Fault } from '../../gateway/fault/index.ts';

export interface PinnedPost {
  readonly url: URL;
  /** POST unless told. */
  readonly method?: string;
  /** Path and query as they are sent, where they are not those of the address. */
  readonly target?: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  /** Sent beside those of every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** DER, or hex SHA-256 of it: the server must show exactly this certificate; nothing else makes it trusted. */
  readonly pinned: Buffer | { readonly sha256: string };
  /** What we show ourselves with; absent: nothing. */
  readonly context?: SecureContext;
  /** For all of it. */
  readonly timeoutMs: number;
  /** Breaks it off before. */
  readonly signal?: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

const maxAnswerBytes = 1024 * 1024;

/**
 * Posts over a connection of its own to a server that is known by its very certificate. Not one octet of the request
 * leaves before that was seen.
 * @throws Fault NetworkError, SslAuthenticationFailed for another certificate, InvalidMessage for too long an answer
 */
export async function postPinned(post: PinnedPost): Promise<PostAnswer> {
  const timeout = AbortSignal.timeout(post.timeoutMs);
  const signal = post.signal === undefined ? timeout : AbortSignal.any([post.signal, timeout]);
  if (signal.aborted) throw networkError(post.url, signal.reason);
  const socket = await connectPinned(post, signal);
  try {
    return await exchange(post, socket, signal);
  } finally {
    socket.destroy();
  }
}

function connectPinned({ url, pinned, context }: PinnedPost, signal: AbortSignal): Promise<TLSSocket> {
  const { port, hostname } = url;
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: port === '' ? 443 : Number(port),
      // Addresses are not names (RFC 6066 §3).
      ...(isIP(host) === 0 && { servername: host }),
      minVersion: 'TLSv1.2',
      // Who issued the certificate says nothing here, it is compared below.
      rejectUnauthorized: false,
      ...(context !== undefined && { secureContext: context }),
    });
    const fail = (cause: unknown) => {
      socket.destroy();
      reject(networkError(url, cause));
    };
    const onTimeout = () => fail(signal.reason);
    signal.addEventListener('abort', onTimeout, { once: true });
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', onTimeout);
      const shown = socket.getPeerX509Certificate();
      if (shown !== undefined && isSame(shown.raw, pinned)) {
        socket.off('error', fail);
        resolve(socket);
        return;
      }
      socket.destroy();
      const message = `${url.host} shows another certificate than the one it is known by`;
      reject(new Fault('SslAuthenticationFailed', message));
    });
  });
}

function exchange(
  { url, contentType, bytes, headers: more, method = 'POST', target }: PinnedPost,
  socket: TLSSocket,
  signal: AbortSignal,
): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(cause instanceof Fault ? cause : networkError(url, cause));
    const headers = {
      host: url.host,
      'content-type': contentType,
      ...(method !== 'GET' && { 'content-length': bytes.length }),
      ...(method === 'POST' && { soapaction: '""' }),
      connection: 'close',
      ...more,
    };
    const path = target ?? `${url.pathname}${url.search}`;
    const options = { method, path, headers, signal };
    const outgoing = request({ ...options, createConnection: () => socket }, (incoming) => {
      const type = incoming.headers['content-type'] ?? '';
      buffer(bounded(incoming, url)).then((body) => {
        const { statusCode = 0, headers: answered } = incoming;
        resolve({ status: statusCode, contentType: type, headers: answered, bytes: body });
      }, fail);
    });
    outgoing.once('error', fail);
    outgoing.end(bytes);
  });
}

function isSame(der: Buffer, pinned: PinnedPost['pinned']): boolean {
  if (Buffer.isBuffer(pinned)) return der.equals(pinned);
  return createHash('sha256').update(der).digest('hex') === pinned.sha256;
}

async function* bounded(source: AsyncIterable<Buffer>, url: URL): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > maxAnswerBytes) {
      throw new Fault('InvalidMessage', `${url.host} answers with more than ${maxAnswerBytes} bytes`);
    }
    yield chunk;
  }
}

function networkError(url: URL, cause: unknown): Fault {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Fault('NetworkError', `${url.host} could not be asked: ${reason}`, { cause });
}
