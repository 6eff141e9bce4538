import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../fault/index.ts';
import { memberOf, printFull, providerOf } from '../identifier/index.ts';
import {
  checkConsistent,
  composeRestRequest,
  normaliseServicePath,
  parseRestResponse,
  type RestRequest,
  type RestResponse,
  requestHash,
} from '../message/index.ts';
import type { Road } from '../road/index.ts';
import type { HeldBody, PeerPools, ReceivedMessage } from '../transport/index.ts';
import { callerOf, checkClient } from './caller.ts';
import { findPeer } from './find-peer.ts';
import { sendRequest } from './send-request.ts';

export interface ClientSide extends Road {
  readonly peers: PeerPools;
  /** Port of every peer's security server, 5500 unless an instance agreed on another. */
  readonly peerPort: number;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/** A verified and recorded answer, ready for the information system. */
interface Answer {
  readonly response: RestResponse;
  readonly body?: HeldBody;
}

/**
 * Carries one REST request of an information system to the provider's security server and its answer back:
 * receive · parse · check client · find peer · connect · sign · record · send · verify · match · record · return.
 * @throws Fault before anything was written to `outgoing`
 */
export async function exchangeRest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  road: ClientSide,
): Promise<RestRequest> {
  const configuration = road.configuration.current();
  const settings = road.settings();
  road.log.requireAccepting();

  const { request, head } = composeRestRequest({
    verb: incoming.method ?? '',
    target: incoming.url ?? '',
    rawHeaders: incoming.rawHeaders,
    instance: configuration.instance,
    requestId: road.newId(),
    newMessageId: road.newId,
  });
  checkClient(request.client, callerOf(incoming), settings, road.clock.now());
  // What could be read in two ways is refused before it travels; the provider side refuses it again.
  normaliseServicePath(request.servicePath);

  const provider = providerOf(request.service);
  const candidates = findPeer(provider, request.securityServer, configuration, road.peerPort, road.random);
  const identity = await road.signer.authenticationIdentity();
  const peer = await road.peers.connect(candidates, provider, identity, configuration);

  if (incoming.headers.expect?.toLowerCase() === '100-continue') outgoing.writeContinue();
  const body = await bodyOf(incoming);
  const { parts, answer } = await sendRequest(request, head, body, identity.ocspResponses, peer, road);
  try {
    const { response, body: answerBody } = await verifyAnswer(request, parts, answer, road);
    await returnAnswer(
      { response, ...(answerBody === undefined ? {} : { body: answerBody }) },
      incoming,
      outgoing,
    );
  } finally {
    await Promise.all(answer.attachments.map((held) => held.discard()));
  }
  return request;
}

/**
 * The request body as a stream, or undefined when its first read gave nothing: only then there is no body part.
 */
async function bodyOf(incoming: IncomingMessage): Promise<AsyncIterable<Uint8Array> | undefined> {
  const chunks = incoming[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true) return undefined;
  return (async function* () {
    try {
      yield first.value;
      yield* { [Symbol.asyncIterator]: () => chunks };
    } catch (cause) {
      throw new Fault('IOError', 'The information system did not send its whole request', { cause });
    }
  })();
}

async function verifyAnswer(
  request: RestRequest,
  requestParts: readonly { readonly digest: Buffer }[],
  answer: ReceivedMessage,
  road: ClientSide,
): Promise<Answer> {
  if (answer.protocol !== 'rest')
    throw new Fault('MissingRest', 'The peer answered a REST request with another kind');
  const at = road.clock.now();
  // The signer must be the member that was asked, whatever the answer says of itself.
  verifySignature(answer, request, road, at);
  const response = parseRestResponse(answer.head);
  checkConsistent(request, response, requestHash(requestParts[0]?.digest, requestParts[1]?.digest));
  const body = answer.attachments[0];
  await road.log.record({
    protocol: 'rest',
    direction: 'response',
    side: 'client',
    queryId: response.id,
    requestId: response.requestId,
    client: request.client,
    service: request.service,
    head: answer.head,
    attachments: answer.attachments,
    signature: answer.signature,
    ...(answer.hashChainResult === undefined ? {} : { hashChainResult: answer.hashChainResult }),
    ...(answer.hashChain === undefined ? {} : { hashChain: answer.hashChain }),
    at,
  });
  return { response, ...(body === undefined ? {} : { body }) };
}

function verifySignature(answer: ReceivedMessage, request: RestRequest, road: ClientSide, at: Date): void {
  try {
    road.signatures.verify({
      documents: answer,
      head: answer.head,
      parts: answer.parts,
      signer: memberOf(request.service),
      configuration: road.configuration.current(),
      at,
      mode: 'message',
    });
  } catch (error) {
    if (error instanceof Fault) throw error.wrappedIn('SignatureVerification');
    throw error;
  }
}

async function returnAnswer(
  answer: Answer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { response, body } = answer;
  const headers = response.headers.flat();
  const hasEntity = body !== undefined;
  if (hasEntity) headers.push('Content-Length', String(body.size));
  // `Date` of the service replaces ours rather than adding a second one.
  outgoing.sendDate = !response.headers.some(([name]) => name.toLowerCase() === 'date');
  outgoing.writeHead(response.status, response.reason, headers);
  if (!hasEntity || incoming.method === 'HEAD') {
    outgoing.end();
    return;
  }
  if (body.bytes !== undefined) {
    outgoing.end(body.bytes);
    return;
  }
  for await (const chunk of body.chunks()) {
    if (!outgoing.write(chunk)) await drained(outgoing, printFull(response.service));
  }
  outgoing.end();
}

/** Waits until the information system has taken what was written; ends when it went away. */
function drained(outgoing: ServerResponse, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      outgoing.off('drain', done);
      outgoing.off('close', gone);
      resolve();
    };
    const gone = () => {
      outgoing.off('drain', done);
      reject(new Fault('IOError', `The information system did not take the whole answer of '${what}'`));
    };
    outgoing.once('drain', done);
    outgoing.once('close', gone);
  });
}
