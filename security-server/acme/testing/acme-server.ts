import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generateKeyPair, type SigningKey, softwareSigningKey } from '../../../certs/key/index.ts';
import { buildName, type Certificate, createCertificate, parseRequest } from '../../../certs/x509/index.ts';
import { webIdentity } from './web-identity.ts';

/** A request as it came, its JWS taken apart but not verified. */
export interface Seen {
  readonly path: string;
  readonly raw: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: object;
  readonly body?: Buffer | string;
}

type Answering = (seen: Seen, response: ServerResponse) => Answer | undefined | Promise<Answer | undefined>;

/**
 * An ACME server that trusts everybody and verifies nothing. A test makes it answer a path in its own way, to be as
 * hostile as it likes.
 */
export interface AcmeServer {
  readonly url: string;
  readonly directoryUrl: string;
  /** PEM that verifies it. */
  readonly cert: string;
  /** Requests to a path, or to all of them. */
  seen(path?: string): readonly Seen[];
  /** @param answering undefined: has answered by itself */
  on(path: string, answering: Answering): void;
  issue(
    request: Buffer,
    more?: Partial<{ publicKey: SigningKey['publicKey']; names: string[]; notAfter: Date }>,
  ): Promise<Certificate>;
  readonly ca: Certificate;
  close(): Promise<void>;
}

export function problem(type: string, status = 403, more: object = {}): Answer {
  const document = { type: `urn:ietf:params:acme:error:${type}`, detail: `because of ${type}`, ...more };
  return { status, headers: { 'content-type': 'application/problem+json' }, json: document };
}

export async function startAcmeServer(): Promise<AcmeServer> {
  const { key, cert } = await webIdentity();
  const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const caKey = softwareSigningKey(privateKey);
  const caName = buildName({ CN: 'CA of a test' });
  const hour = 3600_000;
  const validity = () => ({
    notBefore: new Date(Date.now() - hour),
    notAfter: new Date(Date.now() + 24 * hour),
  });
  const ca = await createCertificate(
    {
      ...{ subject: caName, issuer: caName, publicKey, serialNumber: 1n },
      ...validity(),
      basicConstraints: { ca: true },
    },
    caKey,
  );
  const issue: AcmeServer['issue'] = (der, { publicKey: other, names, notAfter } = {}) => {
    const { subject, publicKey: requested, subjectAltNames } = parseRequest(der);
    return createCertificate(
      {
        ...{
          subject,
          issuer: caName,
          publicKey: other ?? requested,
          subjectAltNames: names ?? subjectAltNames,
        },
        ...{ ...validity(), ...(notAfter !== undefined && { notAfter }) },
        serialNumber: BigInt(`0x80${randomBytes(8).toString('hex')}`),
      },
      caKey,
    );
  };

  const seen: Seen[] = [];
  const special = new Map<string, Answering>();
  let url = '';
  let identifiers: unknown = [];
  let order: 'pending' | 'ready' | 'valid' = 'pending';
  let csr = Buffer.alloc(0);
  const orderOf = () => ({
    ...{ status: order, identifiers, authorizations: [`${url}/authz`], finalize: `${url}/finalize` },
    ...(order === 'valid' && { certificate: `${url}/certificate` }),
  });
  const challenge = { type: 'http-01', url: `/challenge`, status: 'pending', token: 't'.repeat(43) };
  const answers: Readonly<Record<string, (one: Seen) => Answer | Promise<Answer>>> = {
    '/directory': () => ({
      json: Object.fromEntries(
        ['newNonce', 'newAccount', 'newOrder', 'revokeCert', 'renewalInfo'].map((name) => [
          name,
          `${url}/${name}`,
        ]),
      ),
    }),
    '/newNonce': () => ({}),
    '/newAccount': () => ({
      status: 201,
      headers: { location: `${url}/account/1` },
      json: { status: 'valid' },
    }),
    '/newOrder': ({ payload }) => {
      ({ identifiers } = payload);
      order = 'pending';
      return { status: 201, headers: { location: `${url}/order` }, json: orderOf() };
    },
    '/order': () => ({ json: orderOf() }),
    '/authz': () => ({
      json: {
        status: order === 'pending' ? 'pending' : 'valid',
        identifier: (identifiers as unknown[])[0],
        challenges: [{ ...challenge, url: `${url}/challenge` }],
      },
    }),
    '/challenge': () => {
      order = 'ready';
      return { json: { ...challenge, url: `${url}/challenge` } };
    },
    '/finalize': ({ payload }) => {
      csr = Buffer.from(String(payload['csr']), 'base64url');
      order = 'valid';
      return { json: orderOf() };
    },
    '/certificate': async () => ({ body: `${(await issue(csr)).pem}${ca.pem}` }),
    '/revokeCert': () => ({}),
  };
  const server = createServer({ key, cert }, (incoming, response) => {
    void respond(incoming, response);
  });
  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const one = await read(incoming);
    seen.push(one);
    const answered = (await special.get(one.path)?.(one, response)) ?? (await answers[one.path]?.(one));
    if (response.headersSent || response.destroyed) return;
    const { status = 200, headers, json, body = JSON.stringify(json ?? {}) } = answered ?? { status: 404 };
    response
      .writeHead(status, { 'replay-nonce': randomBytes(16).toString('base64url'), ...headers })
      .end(body);
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ url, directoryUrl: `${url}/directory`, cert, ca, issue },
    seen: (path) => seen.filter((one) => path === undefined || one.path === path),
    on: (path, answering) => special.set(path, answering),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(incoming: IncomingMessage): Promise<Seen> {
  let raw = '';
  for await (const chunk of incoming) raw += String(chunk);
  const jws = raw === '' ? {} : (JSON.parse(raw) as { protected?: string; payload?: string });
  const part = (text = '') => {
    const decoded = Buffer.from(text, 'base64url').toString('utf8');
    return decoded === '' ? {} : (JSON.parse(decoded) as Record<string, unknown>);
  };
  const { pathname } = new URL(incoming.url ?? '/', 'https://here');
  return { path: pathname, raw, header: part(jws.protected), payload: part(jws.payload) };
}
