import type { Readable } from 'node:stream';
import { Fault, RelayedFault, readSoapFault } from '../fault/index.ts';
import { memberOf } from '../identifier/index.ts';
import type { MessagePart, RestRequest } from '../message/index.ts';
import {
  hashAlgorithmHeader,
  mediaType,
  messageContentType,
  newBoundary,
  proxyVersion,
  type Road,
} from '../road/index.ts';
import { signMessage } from '../signature/index.ts';
import {
  type HeldBody,
  letGo,
  type PeerConnection,
  type ReceivedMessage,
  receiveMessage,
  sendMessage,
} from '../transport/index.ts';

/** A request that a peer answered; its evidence is already in our log. */
export interface AnsweredRequest {
  readonly parts: readonly MessagePart[];
  readonly answer: ReceivedMessage;
}

const maxFaultBytes = 1024 * 1024;

/**
 * Sends a request to a verified peer and receives its answer. The signature follows the body, and leaves only
 * after the request is durable in our log.
 * @param body what the information system sent; undefined when it sent no byte
 * @throws RelayedFault of the peer; Fault NetworkError, HttpError, InvalidContentType, or of signing and logging
 */
export async function sendRequest(
  request: RestRequest,
  head: Buffer,
  body: AsyncIterable<Uint8Array> | undefined,
  ocspResponses: readonly Buffer[],
  peer: PeerConnection,
  road: Road,
): Promise<AnsweredRequest> {
  const boundary = newBoundary();
  const signing = await road.signer.signingIdentity(memberOf(request.client));
  let parts: readonly MessagePart[] = [];
  const message = sendMessage({
    boundary,
    ocspResponses,
    headType: 'application/x-road-rest-request',
    head,
    ...(body === undefined ? {} : { body, sink: road.newSink() }),
    digest: 'sha512',
    finish: async (hashed, held) => {
      parts = hashed;
      const at = road.clock.now();
      const documents = await signMessage({ parts: hashed, digest: 'sha512', ...signing, signedAt: at });
      await road.log.record({
        protocol: 'rest',
        direction: 'request',
        side: 'client',
        queryId: request.id,
        requestId: request.requestId,
        client: request.client,
        service: request.service,
        head,
        attachments: held === undefined ? [] : [held],
        ...documents,
        at,
      });
      await discard(held);
      return documents;
    },
  });
  const originalType = request.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const headers = [
    ['content-type', messageContentType(boundary)],
    ['x-hash-algorithm', hashAlgorithmHeader],
    ['x-proxy-version', proxyVersion],
    ['x-original-content-type', originalType],
    ['x-road-message-type', 'REST'],
    ['x-road-request-id', request.requestId],
  ].flat();
  const response = await peer.request(headers, message).catch((error: unknown) => {
    throw networkFault(error, peer);
  });
  const contentType = String(response.headers['content-type'] ?? '');
  try {
    if (response.statusCode !== 200 && response.statusCode !== 500) {
      throw new Fault('HttpError', `The peer answered with HTTP status ${response.statusCode}`);
    }
    if (mediaType(contentType) === 'text/xml') throw await readFault(response.body);
    if (mediaType(contentType) !== 'multipart/mixed') {
      throw new Fault('InvalidContentType', `The peer answered with content type '${contentType}'`);
    }
    const algorithm = response.headers['x-hash-algorithm'];
    if (typeof algorithm !== 'string' || algorithm.toUpperCase() !== hashAlgorithmHeader) {
      throw new Fault(
        'InternalError',
        `The peer hashes with '${algorithm}'; ${hashAlgorithmHeader} is expected`,
      );
    }
    const answer = await receiveMessage(response.body, {
      contentType,
      digest: 'sha512',
      direction: 'response',
      newSink: road.newSink,
    });
    return { parts, answer };
  } catch (error) {
    letGo(response.body);
    throw error instanceof Fault ? error : networkFault(error, peer);
  }
}

/** The log adopts a body's file; a body it copied needs to be let go. */
async function discard(held: HeldBody | undefined): Promise<void> {
  await held?.discard();
}

async function readFault(body: Readable): Promise<Fault> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxFaultBytes)
      return new Fault('InvalidMessage', 'The peer answered with a fault of more than 1 MiB');
    chunks.push(chunk);
  }
  const fault = readSoapFault(Buffer.concat(chunks));
  return fault ?? new Fault('InvalidMessage', 'The peer answered with XML that is not a fault');
}

/** What the HTTP client throws is about the connection, unless our own body raised it. */
function networkFault(error: unknown, peer: PeerConnection): Fault {
  if (error instanceof Fault || error instanceof RelayedFault) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const { host, port } = peer.address;
  return new Fault('NetworkError', `The security server at ${host}:${port} did not answer: ${reason}`, {
    cause: error,
  });
}
