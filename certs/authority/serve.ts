import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CertificateError } from '../x509/index.ts';
import type { Authority, CertificateOrder } from './authority.ts';
import { EnrolmentError, enrol, openEnrolment } from './enrol.ts';

export interface AuthorityListener {
  readonly authority: Authority;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** At which others reach it, when that is not where it listens; without a slash at its end. */
  readonly publicUrl?: string;
  /** Opens `POST /issue` and `POST /enrolments`: whoever holds it decides who gets certificates. */
  readonly issueSecret: string;
  /** Told of errors that nobody foresaw. */
  readonly report: (error: unknown) => void;
}

/** Where an authority answers. */
export interface AuthorityAddresses {
  readonly url: string;
  readonly ocspUrl: string;
  readonly tsaUrl: string;
  /** Where applicants fetch certificates with a token that was opened for them. */
  readonly enrolUrl: string;
}

export interface RunningAuthority extends AuthorityAddresses {
  close(): Promise<void>;
}

/** @param url at which the authority is reached, without a slash at its end */
export function authorityAddresses(url: string): AuthorityAddresses {
  return { url, ocspUrl: `${url}/ocsp`, tsaUrl: `${url}/tsa`, enrolUrl: `${url}/enrol` };
}

const maxRequestBytes = 64 * 1024;
const posts = new Set(['POST /ocsp', 'POST /tsa', 'POST /issue', 'POST /enrolments', 'POST /enrol']);

/**
 * Serves an authority over HTTP: `POST /ocsp` (RFC 6960), `POST /tsa` (RFC 3161), `GET /ca.pem`, and `POST /issue`,
 * which takes a JSON order with the request as PEM and gives the certificate as PEM. `POST /enrolments` opens a
 * one-time token for an applicant; with it the applicant itself asks `POST /enrol`, and gets its certificate as PEM.
 */
export async function startAuthority(options: AuthorityListener): Promise<RunningAuthority> {
  const { host, port, report } = options;
  let url = '';
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, options, authorityAddresses(url).ocspUrl).catch((error: unknown) => {
      report(error);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(
              `${host} port ${port} is in use by another program: stop that one, or choose another port`,
              { cause: error },
            )
          : error,
      ),
    );
    server.listen({ host, port }, resolve);
  });
  const listening = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  url = options.publicUrl ?? listening;
  return {
    ...authorityAddresses(url),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { authority, issueSecret }: AuthorityListener,
  ocspUrl: string,
): Promise<void> {
  const send = (status: number, type: string, body: Uint8Array | string) => {
    outgoing.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
  };
  const route = `${incoming.method} ${(incoming.url ?? '').split('?', 1)[0]}`;
  if (route === 'GET /ca.pem') return send(200, 'application/x-pem-file', authority.caCertificate.pem);
  if (!posts.has(route)) return send(404, 'text/plain', 'not found\n');
  const body = await readBody(incoming);
  if (body === undefined) return send(413, 'text/plain', `at most ${maxRequestBytes} octets are taken\n`);
  if (route === 'POST /ocsp') return send(200, 'application/ocsp-response', await authority.answerOcsp(body));
  if (route === 'POST /tsa')
    return send(200, 'application/timestamp-reply', await authority.answerTimestamp(body));
  const bearer = /^Bearer (.{1,200})$/.exec(incoming.headers.authorization ?? '')?.[1] ?? '';
  if (route !== 'POST /enrol' && !isSame(bearer, issueSecret)) {
    return send(401, 'text/plain', 'the secret of the authority is expected as a bearer token\n');
  }
  try {
    const asked: unknown = JSON.parse(body.toString('utf8'));
    if (route === 'POST /enrolments') {
      const answered = JSON.stringify({ token: await openEnrolment(authority, asked) });
      return send(201, 'application/json', answered);
    }
    if (route === 'POST /enrol') {
      return send(200, 'application/x-pem-file', await enrol(authority, bearer, asked, ocspUrl));
    }
    const order = asked as Omit<CertificateOrder, 'request'> & { readonly request: string };
    const certificate = await authority.issue({ ...order, request: Buffer.from(order.request), ocspUrl });
    return send(200, 'application/x-pem-file', certificate.pem);
  } catch (error) {
    if (error instanceof EnrolmentError) return send(error.status, 'text/plain', `${error.message}\n`);
    if (!(error instanceof CertificateError) && !(error instanceof SyntaxError)) throw error;
    return send(400, 'text/plain', `${error.message}\n`);
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxRequestBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
