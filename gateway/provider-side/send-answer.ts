import type { ServerResponse } from 'node:http';
import { Fault } from '../fault/index.ts';
import { memberOf } from '../identifier/index.ts';
import { composeRestResponse, type MessagePart, type RestRequest } from '../message/index.ts';
import { hashAlgorithmHeader, messageContentType, newBoundary, type Road } from '../road/index.ts';
import { signMessage } from '../signature/index.ts';
import { faultPart, sendMessage } from '../transport/index.ts';

/** What is to be returned to the client, before it is signed. */
export interface UnsignedAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: AsyncIterable<Uint8Array>;
}

/**
 * Streams an answer to the peer while it is hashed; signs it, records it, and only then lets the signature go.
 * @param renderFault SOAP rendering of a fault that comes too late for a plain answer
 */
export async function sendAnswer(
  answer: UnsignedAnswer,
  request: RestRequest,
  requestHash: string,
  outgoing: ServerResponse,
  road: Road,
  renderFault: (error: unknown) => string,
): Promise<void> {
  const head = composeRestResponse({
    status: answer.status,
    reason: answer.reason,
    headers: answer.headers,
    request,
    requestHash,
  });
  const signing = await road.signer.signingIdentity(memberOf(request.service));
  const boundary = newBoundary();
  const message = sendMessage({
    boundary,
    ocspResponses: [],
    headType: 'application/x-road-rest-response',
    head,
    ...(answer.body === undefined ? {} : { body: answer.body, sink: road.newSink() }),
    digest: 'sha512',
    finish: async (parts: readonly MessagePart[], held) => {
      const at = road.clock.now();
      const documents = await signMessage({ parts, digest: 'sha512', ...signing, signedAt: at });
      await road.log.record({
        protocol: 'rest',
        direction: 'response',
        side: 'provider',
        queryId: request.id,
        requestId: request.requestId,
        client: request.client,
        service: request.service,
        head,
        attachments: held === undefined ? [] : [held],
        ...documents,
        at,
      });
      await held?.discard();
      return documents;
    },
  });
  // Exact lower-case names: the Java client side looks them up by spelling.
  const headers = ['content-type', messageContentType(boundary), 'x-hash-algorithm', hashAlgorithmHeader];
  let started = false;
  try {
    for await (const chunk of message) {
      if (!started) outgoing.writeHead(200, headers);
      started = true;
      if (!outgoing.write(chunk)) await drained(outgoing);
    }
  } catch (error) {
    if (!started || outgoing.destroyed) throw error;
    // Too late for a plain fault: it becomes the last part, in place of the signature.
    outgoing.end(faultPart(boundary, renderFault(error)));
    throw error;
  }
  outgoing.end();
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      outgoing.off('drain', settle);
      outgoing.off('close', settle);
      if (outgoing.destroyed)
        reject(new Fault('IOError', 'The peer went away before the whole answer was sent'));
      else resolve();
    };
    outgoing.once('drain', settle);
    outgoing.once('close', settle);
  });
}
