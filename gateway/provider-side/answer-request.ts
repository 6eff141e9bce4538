import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { memberOf } from '../identifier/index.ts';
import type { RestRequest } from '../message/index.ts';
import {
  contextOfCall,
  type Exchange,
  type ExchangeTrace,
  follow,
  instant,
  logEntryOf,
  messageSizeOf,
  noteRest,
  noteSoap,
  type Road,
  step,
} from '../road/index.ts';
import type { ReceivedMessage } from '../transport/index.ts';
import type { ProviderSide } from './provider-side.ts';
import { receiveRequest, type Understood } from './receive-request.ts';
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
  const begunAt = instant();
  const note = {
    request: (request: Understood) => {
      if (request.protocol === 'soap') return noteSoap(trace, request, request.protocolVersion);
      noteRest(trace, request);
      // A peer that follows nothing says it only in what it was sent.
      follow(trace, headersOf(request), road, begunAt);
    },
    peerChecked: () => {
      trace.isPeerChecked = true;
    },
  };
  const received = await step(trace, 'receive', () =>
    receiveRequest(incoming, chain, configuration, settings, road, note),
  );
  const { request, message } = received;
  trace.request = messageSizeOf(request.protocol, message.head, message.attachments);
  try {
    const chosen =
      request.protocol === 'rest'
        ? await chooseRestService(request, settings, configuration, road)
        : await chooseSoapService(request, message, settings, configuration, road);
    await step(trace, 'verify', () => verifySignature(message, request, configuration, road));
    chosen.count();
    const at = road.clock.now();
    const entry = logEntryOf(request, { direction: 'request', side: 'provider', at }, message);
    await step(trace, 'record', () => road.log.record(entry));
    trace.requestOutAt = Date.now();
    const called = await step(trace, 'call service', () => chosen.call(message, contextOfCall(trace)));
    const { answer, abandon, statusCode } = called;
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

/** By lower-case names, the first of each. */
function headersOf({ headers }: RestRequest): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].reverse().map(([name, value]) => [name.toLowerCase(), value]));
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
