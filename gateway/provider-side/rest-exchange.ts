import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { memberOf } from '../identifier/index.ts';
import { type RestRequest, requestHash } from '../message/index.ts';
import type { Road, ServerSettings } from '../road/index.ts';
import type { ReceivedMessage } from '../transport/index.ts';
import { type ServiceCaller, serviceFault } from './call-service.ts';
import type { PeerCheck } from './check-peer.ts';
import { checkService } from './check-service.ts';
import { receiveRequest } from './receive-request.ts';
import { sendAnswer, type UnsignedAnswer } from './send-answer.ts';

/**
 * Services that every provider has without configuring them, such as `listMethods`.
 * @returns undefined when the request is for an ordinary service
 */
export type BuiltInServices = (
  request: RestRequest,
  settings: ServerSettings,
  configuration: GlobalConfiguration,
) => Promise<UnsignedAnswer | undefined>;

export interface ProviderSide extends Road {
  readonly services: ServiceCaller;
  readonly builtIn: BuiltInServices;
  readonly checkPeer: PeerCheck;
}

/**
 * Answers one request of a peer: parse · check peer, client, service, access · verify signature · record ·
 * call service · sign · record · return.
 * @param chain certificates the peer showed in the handshake, leaf first
 * @param renderFault SOAP rendering of a fault raised after the answer began
 * @throws Fault before anything was written to `outgoing`, or after the answer was closed with it
 */
export async function answerRest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  chain: readonly Certificate[],
  road: ProviderSide,
  renderFault: (error: unknown) => string,
): Promise<RestRequest> {
  const configuration = road.configuration.current();
  const settings = road.settings();
  road.log.requireAccepting();

  const { request, message } = await receiveRequest(
    incoming,
    chain,
    configuration,
    settings,
    road.checkPeer,
    road,
  );
  try {
    const builtIn = await road.builtIn(request, settings, configuration);
    const service = builtIn === undefined ? checkService(request, settings, configuration) : undefined;
    verifySignature(message, request, configuration, road);
    await recordRequest(message, request, road);
    const [headPart, bodyPart] = message.parts;
    if (service === undefined) {
      // Services of our own hash the request's head alone, even when a body came.
      if (builtIn === undefined) throw new Fault('InternalError', 'Neither a service nor a built-in one');
      await sendAnswer(builtIn, request, requestHash(headPart?.digest), outgoing, road, renderFault);
      return request;
    }
    const answer = await road.services.call(service, request, message.attachments[0]);
    const hash = requestHash(headPart?.digest, bodyPart?.digest);
    const body =
      answer.body === undefined ? {} : { body: faultsNamed(answer.body, (e) => serviceFault(e, service)) };
    const unsigned = { status: answer.status, reason: answer.reason, headers: answer.headers, ...body };
    try {
      await sendAnswer(unsigned, request, hash, outgoing, road, renderFault);
    } finally {
      answer.abandon();
    }
    return request;
  } finally {
    await Promise.all(message.attachments.map((held) => held.discard()));
  }
}

function verifySignature(
  message: ReceivedMessage,
  request: RestRequest,
  configuration: GlobalConfiguration,
  road: Road,
): void {
  try {
    road.signatures.verify({
      documents: message,
      head: message.head,
      parts: message.parts,
      signer: memberOf(request.client),
      configuration,
      at: road.clock.now(),
      mode: 'message',
    });
  } catch (error) {
    if (error instanceof Fault) throw error.wrappedIn('SignatureVerification');
    throw error;
  }
}

function recordRequest(message: ReceivedMessage, request: RestRequest, road: Road): Promise<void> {
  return road.log.record({
    protocol: 'rest',
    direction: 'request',
    side: 'provider',
    queryId: request.id,
    requestId: request.requestId,
    client: request.client,
    service: request.service,
    head: message.head,
    attachments: message.attachments,
    signature: message.signature,
    ...(message.hashChainResult === undefined ? {} : { hashChainResult: message.hashChainResult }),
    ...(message.hashChain === undefined ? {} : { hashChain: message.hashChain }),
    at: road.clock.now(),
  });
}

/** Errors of a stream that breaks half-way, told in our own words. */
async function* faultsNamed(
  stream: AsyncIterable<Uint8Array>,
  name: (error: unknown) => Fault,
): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw name(error);
  }
}
