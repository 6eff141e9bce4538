import type { Readable } from 'node:stream';
import { Fault, readSoapFault } from '../fault/index.ts';
import { memberOf } from '../identifier/index.ts';
import type { MessagePart } from '../message/index.ts';
import {
  contextOfCall,
  decoded,
  type Exchange,
  type ExchangeTrace,
  hashAlgorithmHeader,
  logEntryOf,
  messageContentType,
  messageSizeOf,
  newBoundary,
  proxyVersion,
  type Road,
  readHashAlgorithm,
  step,
} from '../road/index.ts';
import {
  letGo,
  MessageSender,
  mediaTypeOf,
  type OutgoingMessage,
  type PeerConnection,
  type ReceivedMessage,
  receiveMessage,
} from '../transport/index.ts';
import type { OpenRoad } from './exchange.ts';

/** A request in the form in which it travels. */
export type RequestToSend = Pick<OutgoingMessage, 'head' | 'headType' | 'headHeaders' | 'payload'> & {
  readonly exchange: Exchange;
  /** HTTP headers of its protocol, lower-case. */
  readonly headers: readonly (readonly [string, string])[];
};

/** A request that a peer answered; its evidence is already in our log. */
export interface AnsweredRequest {
  readonly parts: readonly MessagePart[];
  readonly answer: ReceivedMessage;
  /** Content type that a SOAP service answered with; not signed. */
  readonly originalType?: string;
}

const maxFaultBytes = 1024 * 1024;

/**
 * Sends a request to a verified peer and receives its answer. The signature follows the bodies, and leaves only
 * after the request is durable in our log.
 * @throws RelayedFault of the peer; Fault NetworkError, HttpError, InvalidContentType, or of signing and logging
 */
export async function sendRequest(
  request: RequestToSend,
  { peer, ocspResponses }: OpenRoad,
  road: Road,
  trace: ExchangeTrace,
): Promise<AnsweredRequest> {
  const { exchange, headers: protocolHeaders, ...message } = request;
  const boundary = newBoundary();
  const signing = await road.signer.signingIdentity(memberOf(exchange.client));
  let parts: readonly MessagePart[] = [];
  const sender = new MessageSender({
    ...message,
    boundary,
    ocspResponses,
    newSink: road.newSink,
    digest: 'sha512',
    finish: async (hashed, held) => {
      parts = hashed;
      trace.request = messageSizeOf(exchange.protocol, request.head, held);
      const at = road.clock.now();
      const documents = await step(trace, 'sign', () => road.signer.sign(signing, hashed, at));
      const signed = { ...documents, head: request.head, attachments: held };
      const entry = logEntryOf(exchange, { direction: 'request', side: 'client', at }, signed);
      await step(trace, 'record', () => road.log.record(entry));
      // The log adopts a body's file; a body that it copied needs to be let go.
      for (const one of held) await one.discard();
      return documents;
    },
  });
  const headers = [
    ['content-type', messageContentType(boundary)],
    ['x-hash-algorithm', hashAlgorithmHeader],
    ['x-proxy-version', proxyVersion],
    ...protocolHeaders,
    ['x-road-request-id', exchange.requestId],
    // Not signed, and nothing that a peer has to know: theirs look up the headers they want by name.
    ...contextOfCall(trace),
  ].flat();
  trace.requestOutAt = Date.now();
  const response = await step(trace, 'send', () =>
    peer.request(headers, sender.bytes()).catch((error: unknown) => {
      throw networkFault(error, peer);
    }),
  );
  trace.responseInAt = Date.now();
  const contentType = String(response.headers['content-type'] ?? '');
  try {
    if (response.statusCode !== 200 && response.statusCode !== 500) {
      throw new Fault('HttpError', `The peer answered with HTTP status ${response.statusCode}`);
    }
    if (mediaTypeOf(contentType) === 'text/xml') {
      throw await readFault(response.body, response.headers['retry-after']);
    }
    if (mediaTypeOf(contentType) !== 'multipart/mixed') {
      throw new Fault('InvalidContentType', `The peer answered with content type '${contentType}'`, {
        within: ['ServiceFailed'],
      });
    }
    const digest = readHashAlgorithm(response.headers['x-hash-algorithm']);
    const receiving = receiveMessage(response.body, {
      contentType,
      digest,
      direction: 'response',
      newSink: road.newSink,
    });
    const answer = await step(trace, 'receive', () => decoded(() => receiving));
    trace.response = messageSizeOf(answer.protocol, answer.head, answer.attachments);
    const originalType = response.headers['x-original-content-type'];
    return { parts, answer, ...(typeof originalType === 'string' && { originalType }) };
  } catch (error) {
    letGo(response.body);
    throw error instanceof Fault ? error : networkFault(error, peer);
  }
}

async function readFault(body: Readable, retryAfter: unknown): Promise<Fault> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxFaultBytes)
      return new Fault('InvalidMessage', 'The peer answered with a fault of more than 1 MiB');
    chunks.push(chunk);
  }
  // Only Waygate says it, beside a fault that no quota of X-Road's could raise.
  const seconds =
    typeof retryAfter === 'string' && /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : undefined;
  const fault = readSoapFault(Buffer.concat(chunks), seconds);
  return fault ?? new Fault('InvalidMessage', 'The peer answered with XML that is not a fault');
}

/** What the HTTP client throws is about the connection, unless our own body raised it. */
function networkFault(error: unknown, peer: PeerConnection): Fault {
  if (error instanceof Fault) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const { host, port } = peer.address;
  return new Fault('NetworkError', `The security server at ${host}:${port} did not answer: ${reason}`, {
    cause: error,
  });
}
