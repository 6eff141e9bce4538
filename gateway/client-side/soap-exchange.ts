import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../fault/index.ts';
import { printFull } from '../identifier/index.ts';
import { decoded, type ExchangeTrace, newBoundary, noteSoap, step } from '../road/index.ts';
import {
  charsetOf,
  checkSoapConsistent,
  readEnvelope,
  readSoapMessage,
  type SoapHttpMessage,
  soapRequestHash,
  writeSoapMessage,
} from '../soap/index.ts';
import type { ReceivedMessage } from '../transport/index.ts';
import { type ClientSide, openRoad, recordAnswer, verifyAnswer } from './exchange.ts';
import { returnBody } from './return-body.ts';
import { sendRequest } from './send-request.ts';

/** How long an information system may take to send its whole envelope. */
const envelopeTimeoutMs = 30_000;

/**
 * Carries one SOAP request of an information system to the provider's security server and its answer back, the
 * envelope byte for byte as it came.
 * @throws Fault before anything was written to `outgoing`
 * @see X-Road message protocol 4.0
 */
export async function exchangeSoap(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  road: ClientSide,
  trace: ExchangeTrace,
): Promise<void> {
  const configuration = road.configuration.current();
  road.log.requireAccepting();
  const { contentType, soapAction } = readHttpHeaders(incoming);
  if (incoming.headers.expect?.toLowerCase() === '100-continue') outgoing.writeContinue();
  const { message, header } = await atClient(async () => {
    const received = await withinTime(readSoapMessage(named(incoming), contentType));
    const { header } = await readEnvelope(received.envelope, charsetOf(received.headType));
    return { message: received, header };
  });
  const exchange = { ...header, protocol: 'soap' as const, requestId: road.newId() };
  noteSoap(trace, exchange, header.protocolVersion);
  const way = await step(trace, 'connect', () => openRoad(exchange, incoming, configuration, road));
  const { envelope, headType, headHeaders, attachments } = message;
  const toSend = {
    exchange,
    ...{ head: envelope, headType, headHeaders },
    payload: { kind: 'attachments' as const, boundary: newBoundary('xatt'), attachments },
    headers: [
      ['x-original-content-type', contentType],
      ['x-original-soapaction', soapAction],
    ] as const,
  };
  const { answer, originalType } = await sendRequest(toSend, way, road, trace);
  try {
    if (answer.protocol !== 'soap')
      throw new Fault('MissingSoap', 'The peer answered a SOAP request with another kind');
    const at = road.clock.now();
    await step(trace, 'verify', () => verifyAnswer(answer, exchange, road, at));
    const response = await decoded(() => readEnvelope(answer.head, charsetOf(answer.headType)));
    checkSoapConsistent(header, response.header, soapRequestHash(envelope));
    // A fault of the service is passed on unsigned; what is signed is an answer.
    await step(trace, 'record', () => recordAnswer(answer, exchange, road, at, 200));
    trace.responseOutAt = Date.now();
    await step(trace, 'return', () =>
      returnAnswer(answer, originalType ?? answer.headType, outgoing, printFull(exchange.service)),
    );
  } finally {
    await Promise.all(answer.attachments.map((held) => held.discard()));
  }
}

/** Headers of the one request form that SOAP has. */
function readHttpHeaders({ method, headers }: IncomingMessage): { contentType: string; soapAction: string } {
  if (method !== 'POST') {
    const message = `SOAP messages are sent with POST, this is ${method}; REST messages begin with /r1/`;
    throw new Fault('InvalidHttpMethod', message, { origin: 'Client' });
  }
  const contentType = headers['content-type'];
  if (contentType === undefined) {
    throw new Fault('InvalidRequest', 'The request has no Content-Type', { origin: 'Client' });
  }
  const soapAction = String(headers['soapaction'] ?? '');
  if (soapAction !== '' && !/^"[!#-~]*"$/.test(soapAction)) {
    throw new Fault('InvalidSoapAction', 'SOAPAction is empty or a URI in double quotes', {
      origin: 'Client',
    });
  }
  return { contentType, soapAction };
}

/** What cannot be read of a request is the information system's doing. */
async function atClient<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof Fault ? error.at('Client') : error;
  }
}

async function* named(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* incoming;
  } catch (cause) {
    throw new Fault('IOError', 'The information system did not send its whole request', { cause });
  }
}

async function withinTime(reading: Promise<SoapHttpMessage>): Promise<SoapHttpMessage> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `The whole envelope did not come within ${envelopeTimeoutMs / 1000} s`;
      reject(new Fault('InvalidRequest', message));
    }, envelopeTimeoutMs);
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function returnAnswer(
  answer: ReceivedMessage,
  contentType: string,
  outgoing: ServerResponse,
  what: string,
): Promise<void> {
  const { head, headType, headHeaders, attachments, attachmentHeaders } = answer;
  const written = writeSoapMessage({
    ...{ contentType, envelope: head, headType, headHeaders },
    attachments: attachments.map((body, index) => ({ headers: attachmentHeaders[index] ?? [], body })),
    boundary: newBoundary(),
  });
  // An envelope alone was written anew in UTF-8 by its provider side; what its part is called is not signed.
  const isAlone = written.contentType === headType;
  outgoing.writeHead(200, {
    'Content-Type': isAlone ? 'text/xml; charset=UTF-8' : written.contentType,
    'Content-Length': written.length,
  });
  await returnBody(written.body, outgoing, what);
}
