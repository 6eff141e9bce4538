import { randomUUID } from 'node:crypto';
import { type RequestOptions, request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { SignedPart } from './chain.ts';
import type { Peer } from './join.ts';
import { asker } from './join.ts';
import type { Credential } from './pki.ts';
import {
  boundaryOf,
  multipartType,
  type Part,
  partTypes,
  readMultipart,
  writeLines,
  writeMultipart,
} from './wire.ts';
import { type Evidence, type EvidenceWish, signMessage } from './xades.ts';

/** WIRE §4.1: TLS 1.2 alone, and its three suites in OpenSSL's spelling. */
export const tlsOptions = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  ciphers: 'ECDHE-RSA-AES256-SHA384:DHE-RSA-AES256-SHA256:ECDHE-ECDSA-AES256-SHA384',
} as const;

type Headers = readonly (readonly [string, string])[];

/** What a request is like; whatever is not told is as an honest security server would send it. */
export interface RequestWish {
  /** Shown in the handshake; null shows none. */
  readonly authentication?: Credential | null;
  /** Sent after the leaf in the handshake. */
  readonly intermediates?: string;
  /** OCSP parts. */
  readonly statuses?: readonly Buffer[];
  readonly verb?: string;
  /** Target in the head. */
  readonly target?: string;
  /** Lines after the target. */
  readonly lines?: (lines: readonly string[]) => readonly string[];
  readonly body?: Buffer;
  /** What the signature covers. */
  readonly signed?: (parts: readonly SignedPart[]) => readonly SignedPart[];
  readonly evidence?: Partial<EvidenceWish>;
  /** Changes the evidence itself. */
  readonly change?: (evidence: Evidence) => Evidence;
  readonly parts?: (parts: readonly Part[]) => readonly Part[];
  /** Changes the whole body of the HTTP request. */
  readonly bytes?: (bytes: Buffer) => Buffer;
  readonly headers?: (headers: Headers) => Headers;
  readonly method?: string;
}

/** An HTTP answer as it came. */
export interface Answer {
  readonly status: number;
  /** In order, as spelt. */
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The certificate that the server showed, DER. */
  readonly certificate: Buffer;
  readonly protocol: string;
  readonly cipher: string;
}

/** What the peer remembers of a request it sent. */
export interface Sent {
  readonly head: Buffer;
  readonly body: Buffer | undefined;
  readonly id: string;
  readonly requestId: string;
  readonly answer: Answer;
}

/** Sends one REST request to the ministry's security server. */
export async function sendRest(peer: Peer, wish: RequestWish = {}): Promise<Sent> {
  const { verb = wish.body === undefined ? 'GET' : 'POST', body } = wish;
  const { target = '/r1/PILOT/GOV/1001/population/echo/items?x=1', authentication = peer.authentication } =
    wish;
  const id = `PILOT-${randomUUID()}`;
  const requestId = randomUUID();
  const headers = ['accept:application/json', `X-Road-Client:${asker}`, 'Content-Type:text/plain'];
  const lines = [...headers, `x-road-request-id:${requestId}`, `x-road-id:${id}`];
  const head = writeLines([verb, target, ...(wish.lines?.(lines) ?? lines)]);
  const all: SignedPart[] = [{ uri: '/message.xml', bytes: head }];
  if (body !== undefined) all.push({ uri: '/attachment1', bytes: body });
  const evidence = await sign(peer, all, wish);
  const statuses = wish.statuses ?? (authentication === null ? [] : [await peer.status(authentication)]);
  const parts: Part[] = [
    ...statuses.map((status) => ({ type: partTypes.status, body: status })),
    { type: partTypes.restRequest, body: head },
    ...(body === undefined ? [] : [{ type: partTypes.restBody, body }]),
    ...evidenceParts(evidence),
  ];
  const bytes = writeMultipart(wish.parts?.(parts) ?? parts);
  const answer = await post(peer, authentication, wish.bytes?.(bytes) ?? bytes, wish, [
    ['x-original-content-type', 'text/plain'],
    ['x-road-message-type', 'REST'],
    ['x-road-request-id', requestId],
  ]);
  return { head, body, id, requestId, answer };
}

/** Signs what is sent, as the wish has it. */
export async function sign(
  peer: Peer,
  parts: readonly SignedPart[],
  wish: Pick<RequestWish, 'signed' | 'evidence' | 'change'>,
): Promise<Evidence> {
  const signer = peer.signing;
  const statuses = wish.evidence?.statuses ?? [await peer.status(signer)];
  const covered = wish.signed?.(parts) ?? parts;
  const evidence = signMessage(covered, { signer, ...wish.evidence, statuses });
  return wish.change?.(evidence) ?? evidence;
}

export function evidenceParts({ chain, signature }: Evidence): Part[] {
  return [
    ...(chain === undefined
      ? []
      : [
          { type: partTypes.chainResult, body: chain.result },
          { type: partTypes.chain, body: chain.chain },
        ]),
    { type: partTypes.signature, body: signature },
  ];
}

/** Posts octets to the ministry's peer port, headers as WIRE §4.4 has them. @throws Error of the handshake */
export function post(
  peer: Peer,
  authentication: Credential | null,
  bytes: Buffer,
  wish: Pick<RequestWish, 'headers' | 'intermediates' | 'method'>,
  special: Headers,
): Promise<Answer> {
  const headers: Headers = [
    ['content-type', multipartType],
    ['x-hash-algorithm', 'SHA-512'],
    ['x-proxy-version', '7.8.0'],
    ...special,
  ];
  const { host, port } = peer.network.ministry.peerAddress;
  const flat = [['host', `${host}:${port}`], ...(wish.headers?.(headers) ?? headers)].flat();
  const options: RequestOptions = {
    ...{ host, port, method: wish.method ?? 'POST', path: '/', agent: false },
    ...{ rejectUnauthorized: false, checkServerIdentity: () => undefined, ...tlsOptions },
    headers: [...flat, 'transfer-encoding', 'chunked'] as unknown as Record<string, string>,
    ...(authentication !== null && {
      key: authentication.keyPem,
      cert: `${authentication.certificate}${wish.intermediates ?? ''}`,
    }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      const socket = incoming.socket as TLSSocket;
      const certificate = socket.getPeerCertificate().raw;
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const raw = incoming.rawHeaders;
        const pairs = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));
        const { name: cipher } = socket.getCipher();
        resolve({
          ...{ status: incoming.statusCode ?? 0, headers: pairs, bytes: Buffer.concat(chunks) },
          ...{ certificate, protocol: socket.getProtocol() ?? '', cipher },
        });
      });
    });
    outgoing.setTimeout(20_000, () => outgoing.destroy(new Error('no answer within twenty seconds')));
    outgoing.once('error', reject);
    outgoing.end(bytes);
  });
}

/** The parts of an answer that is a message. @throws Error when it is a fault or no multipart */
export function partsOf({ status, headers, bytes }: Answer): Part[] {
  const type = headerOf(headers, 'content-type');
  if (status !== 200 || !type.startsWith('multipart/mixed')) {
    throw new Error(`status ${status}, ${type}: ${bytes.toString('utf8', 0, 2000)}`);
  }
  return readMultipart(bytes, boundaryOf(type));
}

/** The code of a fault, which is the whole answer or its last part; of a message its types. */
export function outcomeOf(answer: Answer): string {
  const type = headerOf(answer.headers, 'content-type');
  if (answer.status !== 200) return `status ${answer.status}`;
  if (type.startsWith('text/xml')) return faultCode(answer.bytes);
  const last = partsOf(answer).at(-1);
  return last?.type.startsWith('text/xml') === true ? faultCode(last.body) : 'answered';
}

function faultCode(bytes: Buffer): string {
  const [, code] = /<faultcode>([^<]*)<\/faultcode>/.exec(bytes.toString('utf8')) ?? [];
  return code ?? `no fault: ${bytes.toString('utf8', 0, 400)}`;
}

/** By exact spelling, as a Java client looks them up (WIRE §4.5), but for the content type. */
export function headerOf(headers: Headers, wanted: string): string {
  const isWanted = (name: string) =>
    wanted === 'content-type' ? name.toLowerCase() === wanted : name === wanted;
  return headers.find(([name]) => isWanted(name))?.[1] ?? '';
}
