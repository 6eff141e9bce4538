import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { generateKeyPair, softwareSigningKey } from '../../key/index.ts';
import { buildName, CertificateError, createRequest } from '../../x509/index.ts';
import type { Authority } from '../authority.ts';
import { EnrolmentError, readHolder } from '../enrol.ts';
import { AccountBook } from './account-book.ts';
import { Nonces } from './nonces.ts';
import { AcmeProblem } from './problem.ts';
import { type AcmeReply, AcmeService, type AcmeServiceOptions, profiles } from './service.ts';
import { readSigned, type SignedRequest } from './signed-request.ts';

export interface AcmeListener extends Omit<AcmeServiceOptions, 'book'> {
  /** File in which external accounts are kept. */
  readonly file: string;
  /** Opens `POST /external-accounts`; MAC keys follow from it. */
  readonly issueSecret: string;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** At which others reach it, when that is not where it listens; without a slash at its end. */
  readonly publicUrl?: string;
}

export interface RunningAcme {
  readonly directoryUrl: string;
  /** Opens an external account: `POST` with the secret of the authority. */
  readonly externalAccountsUrl: string;
  close(): Promise<void>;
}

const maxBytes = 64 * 1024;

/**
 * Serves an authority over ACME (RFC 8555), under a certificate of its own, to applicants with an external account.
 * `POST /external-accounts` opens one for an applicant whom somebody vouches for.
 */
export async function startAcme(options: AcmeListener): Promise<RunningAcme> {
  const { host, port, publicUrl, file, issueSecret, report } = options;
  const book = await AccountBook.open(file, issueSecret);
  const face = new AcmeFace(new AcmeService({ ...options, book }), book, issueSecret);
  const name = publicUrl === undefined ? host : new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  const server = createServer(await webIdentity(options.authority, name), (incoming, outgoing) => {
    face.answer(incoming, outgoing).catch((error: unknown) => {
      report(error);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  const listening = `https://${isIP(host) === 6 ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  face.base = publicUrl ?? listening;
  return {
    directoryUrl: `${face.base}/directory`,
    externalAccountsUrl: `${face.base}/external-accounts`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Of the authority itself, made when it starts: who trusts the authority trusts its server. */
async function webIdentity(authority: Authority, dnsName: string): Promise<{ key: string; cert: string }> {
  const { privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const request = await createRequest(
    { subject: buildName({ CN: dnsName }), subjectAltNames: [dnsName] },
    softwareSigningKey(privateKey),
  );
  const memberName = 'ACME server';
  const applicant = { instance: '-', memberClass: '-', memberCode: '-', memberName, dnsName };
  const { pem } = await authority.issue({ request, kind: 'tls-server', profile: 'basic', applicant });
  return { key: String(privateKey.export({ format: 'pem', type: 'pkcs8' })), cert: pem };
}

/** Requests over HTTP, one at a time, made into questions to the service. */
class AcmeFace {
  /** Address of the server; signatures are for it. */
  base = '';
  readonly #service: AcmeService;
  readonly #book: AccountBook;
  readonly #issueSecret: string;
  readonly #nonces = new Nonces();

  constructor(service: AcmeService, book: AccountBook, issueSecret: string) {
    this.#service = service;
    this.#book = book;
    this.#issueSecret = issueSecret;
  }

  async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    try {
      this.#send(outgoing, await this.#reply(incoming));
    } catch (error) {
      const problem = problemOf(error);
      if (problem === undefined) throw error;
      this.#send(outgoing, { status: problem.status, json: problem.document }, 'application/problem+json');
    }
  }

  async #reply(incoming: IncomingMessage): Promise<AcmeReply> {
    const { method = '' } = incoming;
    const path = (incoming.url ?? '').split('?', 1)[0] ?? '';
    const [room = '', id = '', act = ''] = path.split('/').slice(1);
    if (method === 'GET' && path === '/directory') return { json: this.#directory() };
    if (path === '/new-nonce' && (method === 'HEAD' || method === 'GET')) {
      return { status: method === 'GET' ? 204 : 200 };
    }
    if (method === 'GET' && room === 'renewal-info') return this.#service.renewalInfo(id);
    if (method !== 'POST') throw new AcmeProblem('malformed', 'there is nothing here', 404);
    const body = await readBody(incoming);
    if (path === '/external-accounts') return this.#openAccount(incoming, body);
    const asked = await readSigned(body, {
      url: `${this.base}${path}`,
      takeNonce: (nonce) => this.#nonces.take(nonce),
      keyOf: (account) => {
        const prefix = `${this.base}/accounts/`;
        return account.startsWith(prefix)
          ? this.#book.get(account.slice(prefix.length))?.account?.jwk
          : undefined;
      },
    });
    return this.#act(act === '' ? room : `${room}/${act}`, id, asked);
  }

  #act(room: string, id: string, asked: SignedRequest): AcmeReply | Promise<AcmeReply> {
    const service = this.#service;
    if (room === 'new-account') return service.newAccount(this.base, asked);
    if (room === 'accounts') return service.account(this.base, asked);
    if (room === 'new-order') return service.newOrder(this.base, asked);
    if (room === 'orders') return service.order(this.base, id, asked);
    if (room === 'authorizations') return service.authorization(this.base, id, asked);
    if (room === 'challenges') return service.challenge(this.base, id, asked);
    if (room === 'orders/finalize') return service.finalize(this.base, id, asked);
    if (room === 'certificates') return service.certificate(id, asked);
    if (room === 'revoke-cert') return service.revoke(asked);
    throw new AcmeProblem('malformed', 'there is nothing here', 404);
  }

  #directory(): object {
    const at = (path: string) => `${this.base}/${path}`;
    return {
      ...{ newNonce: at('new-nonce'), newAccount: at('new-account'), newOrder: at('new-order') },
      ...{ revokeCert: at('revoke-cert'), renewalInfo: at('renewal-info') },
      meta: { externalAccountRequired: true, profiles },
    };
  }

  async #openAccount({ headers }: IncomingMessage, body: Buffer): Promise<AcmeReply> {
    const bearer = /^Bearer (.{1,200})$/.exec(headers.authorization ?? '')?.[1] ?? '';
    if (!isSame(bearer, this.#issueSecret)) {
      throw new AcmeProblem('unauthorized', 'the secret of the authority is expected as a bearer token', 401);
    }
    const { applicant, profile } = readHolder(JSON.parse(body.toString('utf8')));
    return { status: 201, json: await this.#book.add(applicant, profile) };
  }

  #send(outgoing: ServerResponse, { status = 200, ...reply }: AcmeReply, type = 'application/json'): void {
    const { json, pem, location, retryAfterSeconds } = reply;
    const body = pem ?? (json === undefined ? '' : JSON.stringify(json));
    outgoing.writeHead(status, {
      'content-type': pem === undefined ? type : 'application/pem-certificate-chain',
      'cache-control': 'no-store',
      'replay-nonce': this.#nonces.make(),
      link: `<${this.base}/directory>;rel="index"`,
      ...(location !== undefined && { location }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    });
    outgoing.end(body);
  }
}

/** @returns undefined for an error that nobody foresaw */
function problemOf(error: unknown): AcmeProblem | undefined {
  if (error instanceof AcmeProblem) return error;
  if (error instanceof CertificateError) return new AcmeProblem('badCSR', error.message);
  if (error instanceof EnrolmentError) return new AcmeProblem('malformed', error.message, error.status);
  if (error instanceof SyntaxError) return new AcmeProblem('malformed', 'JSON is expected');
  if (error instanceof RangeError) return new AcmeProblem('rateLimited', error.message, 503);
  return undefined;
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new AcmeProblem('malformed', `at most ${maxBytes} octets are taken`, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
