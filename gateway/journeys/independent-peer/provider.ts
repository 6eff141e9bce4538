import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { digestOf, type SignedPart } from './chain.ts';
import { evidenceParts, sign, tlsOptions } from './client.ts';
import { host, type Peer } from './join.ts';
import type { Credential } from './pki.ts';
import { type Attachment, attachmentsPart, soapParts } from './soap.ts';
import {
  boundary,
  boundaryOf,
  headerOf,
  multipartType,
  type Part,
  partTypes,
  readHead,
  readMultipart,
  writeLines,
  writeMultipart,
} from './wire.ts';
import type { Evidence, EvidenceWish } from './xades.ts';

/** A request of ours as the peer read it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  /** In order, as spelt. */
  readonly headers: readonly (readonly [string, string])[];
  readonly parts: readonly Part[];
  readonly head: Buffer;
  readonly body: Buffer | undefined;
  readonly protocol: string;
  readonly cipher: string;
  /** The certificates that the city's server showed, leaf first. */
  readonly certificate: X509Certificate;
}

/** What an answer is like; whatever is not told is as an honest security server would send it. */
export interface AnswerWish {
  /** The head, first and second line included. */
  readonly lines?: (lines: readonly string[]) => readonly string[];
  /** The envelope of a SOAP answer, made of the one that is right. */
  readonly envelope?: (text: string) => string | Buffer;
  readonly attachments?: readonly Attachment[];
  /** Default `given`; null has no body part. REST only. */
  readonly body?: Buffer | null;
  readonly signed?: (parts: readonly SignedPart[]) => readonly SignedPart[];
  readonly evidence?: Partial<EvidenceWish>;
  readonly change?: (evidence: Evidence) => Evidence;
  readonly parts?: (parts: readonly Part[]) => readonly Part[];
  readonly bytes?: (bytes: Buffer) => Buffer;
  readonly status?: number;
  readonly headers?: (headers: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  /** Writes the answer itself. */
  readonly write?: (outgoing: ServerResponse) => void;
}

/** A security server that provides: what it was asked, and what it will answer. */
export interface Provider {
  readonly asked: Asked[];
  wish: AnswerWish | ((asked: Asked) => AnswerWish);
  /** Statuses that the OCSP port tells; default a good one. Undefined answers 500. */
  statuses: () => Promise<readonly Buffer[] | undefined>;
  /** Queries the OCSP port was asked. */
  readonly queries: string[];
  close(): Promise<void>;
}

/** Listens on the peer's address, on the ports of the instance. */
export async function startProvider(
  peer: Peer,
  shown: Credential = peer.authentication,
  intermediates = '',
): Promise<Provider> {
  const asked: Asked[] = [];
  const queries: string[] = [];
  const tls = {
    ...{ ...tlsOptions, key: shown.keyPem, cert: `${shown.certificate}${intermediates}` },
    ...{ requestCert: true, rejectUnauthorized: false, dhparam: 'auto' as const },
  };
  const server = createServer(tls, (incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: Error) => outgoing.destroy(error));
  });
  const ocsp = createHttpServer((incoming, outgoing) => {
    queries.push(`${incoming.method} ${incoming.url}`);
    provider.statuses().then(
      (statuses) => {
        if (statuses === undefined) return outgoing.writeHead(500).end('unknown');
        const parts = statuses.map((body) => ({ type: partTypes.status, body }));
        const type = 'multipart/related; type="application/ocsp-response"; charset=UTF-8';
        return outgoing
          .writeHead(200, { 'content-type': `${type}; boundary=${boundary}` })
          .end(writeMultipart(parts));
      },
      (error: Error) => outgoing.destroy(error),
    );
  });
  const provider: Provider = {
    ...{ asked, queries, wish: {} },
    statuses: async () => [await peer.status(shown)],
    close: async () => {
      for (const one of [server, ocsp]) {
        one.close();
        one.closeAllConnections();
        await once(one, 'close');
      }
    },
  };
  const { peers, ocsp: ocspPort } = peer.network.ports;
  for (const [one, port] of [
    [server, peers],
    [ocsp, ocspPort],
  ] as const) {
    one.listen(port, host);
    await once(one, 'listening');
  }
  return provider;

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    asked.push(request);
    const wish = typeof provider.wish === 'function' ? provider.wish(request) : provider.wish;
    if (wish.write !== undefined) return wish.write(outgoing);
    const isRest = request.head.length > 0;
    const bytes = await (isRest ? writeAnswer(peer, request, wish) : writeSoapAnswer(peer, request, wish));
    const type = (wish.attachments ?? []).length > 0 ? relatedType : 'text/xml; charset=UTF-8';
    const headers = {
      ...{ 'content-type': multipartType, 'x-hash-algorithm': 'SHA-512' },
      ...(!isRest && { 'x-original-content-type': type }),
    };
    outgoing.writeHead(wish.status ?? 200, { ...(wish.headers?.(headers) ?? headers) });
    outgoing.end(wish.bytes?.(bytes) ?? bytes);
  }
}

async function readRequest(incoming: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const raw = incoming.rawHeaders;
  const headers = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));
  const parts = readMultipart(Buffer.concat(chunks), boundaryOf(incoming.headers['content-type'] ?? ''));
  const bytesOf = (type: string) => parts.find((part) => part.type === type)?.body;
  const socket = incoming.socket as TLSSocket;
  return {
    ...{ method: incoming.method ?? '', path: incoming.url ?? '', headers, parts },
    ...{ head: bytesOf(partTypes.restRequest) ?? Buffer.alloc(0), body: bytesOf(partTypes.restBody) },
    ...{ protocol: socket.getProtocol() ?? '', cipher: socket.getCipher().name },
    certificate: new X509Certificate(socket.getPeerCertificate().raw),
  };
}

const relatedType = 'multipart/related; type="text/xml"; charset=UTF-8; boundary=of-the-service';

/** Writes the whole of an answer to a SOAP request: its envelope with the hash behind the id, as WIRE §3.3 has it. */
async function writeSoapAnswer(peer: Peer, asked: Asked, wish: AnswerWish): Promise<Buffer> {
  const request = envelopeOf(asked);
  const hash = digestOf(request).toString('base64');
  const algorithm = 'http://www.w3.org/2001/04/xmlenc#sha512';
  const text = request
    .toString('utf8')
    .replace(/^(?:\uFEFF)?(?:<\?xml.*?\?>\s*)?/, '<?xml version="1.0" encoding="UTF-8"?>\n')
    .replace(
      /(<(\w+):id>[^<]*<\/\2:id>)/,
      `$1<$2:requestHash algorithmId="${algorithm}">${hash}</$2:requestHash>`,
    )
    .replaceAll(/(<\/?\w+:give)\b/g, '$1Response');
  const envelope = Buffer.from(wish.envelope?.(text) ?? text);
  const { attachments = [] } = wish;
  const parts: Part[] = [
    { type: partTypes.envelope, body: envelope },
    ...(attachments.length === 0 ? [] : [attachmentsPart(attachments)]),
    ...evidenceParts(await sign(peer, soapParts(envelope, attachments), wish)),
  ];
  return writeMultipart(wish.parts?.(parts) ?? parts);
}

/** The envelope of a request. */
export function envelopeOf({ parts }: Pick<Asked, 'parts'>): Buffer {
  const envelope = parts.find(({ type }) => /^(text\/xml|application\/xop\+xml)/.test(type));
  if (envelope === undefined) throw new Error('no envelope was received');
  return envelope.body;
}

/** Value of `x-road-request-hash` (WIRE §2.5). */
export function requestHash({ head, body }: Pick<Asked, 'head' | 'body'>): string {
  const digest = digestOf(head);
  const joined = body === undefined ? digest : digestOf(Buffer.concat([digest, digestOf(body)]));
  return joined.toString('base64');
}

/** Writes the whole of an answer to a REST request. */
export async function writeAnswer(peer: Peer, asked: Asked, wish: AnswerWish): Promise<Buffer> {
  const request = readHead(asked.head);
  const from = (name: string) => headerOf(request, name) ?? '';
  const service = request.second.split('/').slice(2, 7).join('/');
  const lines = [
    ...['200', 'OK', 'Content-Type:text/plain', `x-road-id:${from('x-road-id')}`],
    ...[`x-road-client:${from('x-road-client')}`, `x-road-service:${service}`],
    ...[`x-road-request-id:${from('x-road-request-id')}`, `x-road-request-hash:${requestHash(asked)}`],
  ];
  const head = writeLines(wish.lines?.(lines) ?? lines);
  const { body = Buffer.from('given') } = wish;
  const all: SignedPart[] = [{ uri: '/message.xml', bytes: head }];
  if (body !== null) all.push({ uri: '/attachment1', bytes: body });
  const parts: Part[] = [
    { type: partTypes.restResponse, body: head },
    ...(body === null ? [] : [{ type: partTypes.restBody, body }]),
    ...evidenceParts(await sign(peer, all, wish)),
  ];
  return writeMultipart(wish.parts?.(parts) ?? parts);
}
