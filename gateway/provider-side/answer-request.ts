import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { memberOf } from '../identifier/index.ts';
import {
  type Exchange,
  type ExchangeTrace,
  logEntryOf,
  messageSizeOf,
  noteRest,
  noteSoap,
  type Road,
} from '../road/index.ts';
import type { ReceivedMessage } from '../transport/index.ts';
import type { ProviderSide } from './provider-side.ts';
import { receiveRequest } from './receive-request.ts';
import { chooseRestService } from './rest-exchange.ts';
import { sendAnswer } from './send-answer.ts';
import { chooseSoapService } from './soap-exchange.ts';

/**
 * Answers one request of a peer: parse · check peer, client, service, access · verify signature · record ·
 * call service · sign · record · return.
 * @param chain certificates the peer showed in the handshake, leaf first
 * @param renderFault SOAP rendering of a fault raised after the answer began
 * @throws Fault before anything was written to `outgoing`, or after the answer was closed with it
 */
export async function answerRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  chain: readonly Certificate[],
  road: ProviderSide,
  renderFault: (error: unknown) => string,
  trace: ExchangeTrace,
): Promise<void> {
  const configuration = road.configuration.current();
  const settings = road.settings();
  road.log.requireAccepting();
  const received = await receiveRequest(incoming, chain, configuration, settings, road, {
    request: (request) => {
      if (request.protocol === 'rest') noteRest(trace, request);
      else noteSoap(trace, request, request.protocolVersion);
    },
    peerChecked: () => {
      trace.isPeerChecked = true;
    },
  });
  const { request, message } = received;
  trace.request = messageSizeOf(request.protocol, message.head, message.attachments);
  try {
    const chosen =
      request.protocol === 'rest'
        ? await chooseRestService(request, settings, configuration, road)
        : await chooseSoapService(request, message, settings, configuration, road);
    verifySignature(message, request, configuration, road);
    chosen.count();
    const at = road.clock.now();
    await road.log.record(logEntryOf(request, { direction: 'request', side: 'provider', at }, message));
    trace.requestOutAt = Date.now();
    const { answer, abandon, statusCode } = await chosen.call(message);
    trace.responseInAt = Date.now();
    if (statusCode !== undefined) trace.statusCode = statusCode;
    try {
      await sendAnswer(answer, request, outgoing, road, renderFault, trace);
    } finally {
      abandon();
    }
  } finally {
    await Promise.all(message.attachments.map((held) => held.discard()));
  }
}

function verifySignature(
  message: ReceivedMessage,
  { client }: Exchange,
  configuration: GlobalConfiguration,
  road: Road,
): void {
  try {
    road.signatures.verify({
      documents: message,
      head: message.head,
      parts: message.parts,
      ...(message.digestOfPart && { digestOfPart: message.digestOfPart }),
      signer: memberOf(client),
      configuration,
      at: road.clock.now(),
      mode: 'message',
    });
  } catch (error) {
    if (error instanceof Fault) throw error.wrappedIn('SignatureVerification');
    throw error;
  }
}
