import type { ServerResponse } from 'node:http';
import { Fault } from '../fault/index.ts';
import { memberOf } from '../identifier/index.ts';
import {
  type Exchange,
  type ExchangeTrace,
  hashAlgorithmHeader,
  logEntryOf,
  messageContentType,
  messageSizeOf,
  newBoundary,
  type Road,
  step,
} from '../road/index.ts';
import { MessageSender, type OutgoingMessage, writeChunk } from '../transport/index.ts';

/** An answer in the form in which it travels, before it is signed. */
export type AnswerToSend = Pick<OutgoingMessage, 'head' | 'headType' | 'headHeaders' | 'payload'> & {
  /** HTTP headers of its protocol, lower-case. */
  readonly headers?: readonly (readonly [string, string])[];
};

/**
 * Streams an answer to the peer while it is hashed; signs it, records it, and only then lets the signature go.
 * @param renderFault SOAP rendering of a fault that comes too late for a plain answer
 */
export async function sendAnswer(
  answer: AnswerToSend,
  exchange: Exchange,
  outgoing: ServerResponse,
  road: Road,
  renderFault: (error: unknown) => string,
  trace: ExchangeTrace,
): Promise<void> {
  const { headers: protocolHeaders = [], ...message } = answer;
  const signing = await road.signer.signingIdentity(memberOf(exchange.service));
  const boundary = newBoundary();
  const sender = new MessageSender({
    ...message,
    boundary,
    ocspResponses: [],
    newSink: road.newSink,
    digest: 'sha512',
    finish: async (parts, held) => {
      trace.response = messageSizeOf(exchange.protocol, answer.head, held);
      const at = road.clock.now();
      const documents = await step(trace, 'sign', () => road.signer.sign(signing, parts, at));
      const signed = { ...documents, head: answer.head, attachments: held };
      const place = { direction: 'response', side: 'provider', at, status: trace.statusCode ?? 200 } as const;
      await step(trace, 'record', () => road.log.record(logEntryOf(exchange, place, signed)));
      for (const one of held) await one.discard();
      return documents;
    },
  });
  // Exact lower-case names: the Java client side looks them up by spelling.
  const headers = [
    ['content-type', messageContentType(boundary)],
    ['x-hash-algorithm', hashAlgorithmHeader],
    ...protocolHeaders,
  ].flat();
  let started = false;
  try {
    for await (const chunk of sender.bytes()) {
      if (!started) {
        trace.responseOutAt = Date.now();
        outgoing.writeHead(200, headers);
      }
      started = true;
      await writeChunk(outgoing, chunk, peerGone);
    }
  } catch (error) {
    if (!started || outgoing.destroyed) throw error;
    // Too late for a plain fault: it becomes the last part, in place of the signature.
    outgoing.end(sender.faultPart(renderFault(error)));
    throw error;
  }
  outgoing.end();
}

function peerGone(): Fault {
  return new Fault('IOError', 'The peer went away before the whole answer was sent');
}
