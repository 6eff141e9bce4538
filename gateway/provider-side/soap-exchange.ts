import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault, readSoapFault } from '../fault/index.ts';
import { printFull } from '../identifier/index.ts';
import { type Exchange, newBoundary, type ServerSettings, type ServiceSettings } from '../road/index.ts';
import {
  charsetOf,
  composeEnvelope,
  insertRequestHash,
  parseSoapBody,
  readSoapMessage,
  soapRequestHash,
  writeSoapMessage,
} from '../soap/index.ts';
import { mediaTypeOf, type OutgoingAttachment, type ReceivedMessage } from '../transport/index.ts';
import { serviceFault } from './call-service.ts';
import { baseEndpoint, checkService, countRequest, type ServiceCall } from './check-service.ts';
import { type ChosenService, type ContextHeaders, type ServiceAnswer, uncounted } from './chosen-service.ts';
import type { ProviderSide, SoapServiceAnswer } from './provider-side.ts';
import type { FromPeer, SoapRequest } from './receive-request.ts';
import { faultsNamed } from './rest-exchange.ts';
import type { AnswerToSend } from './send-answer.ts';

/** Octets of a question to a service of our own: it becomes a tree in memory. */
const maxBuiltInBytes = 256 * 1024;

/** Every envelope leaves in UTF-8, with the hash of its request. */
const envelopeType = 'text/xml; charset=UTF-8';

/**
 * The service that a SOAP request may reach.
 * @throws Fault UnknownService, ServiceType, AccessDenied, ClientProxyVersionNotSupported, ServiceDisabled, QuotaExceeded
 */
export async function chooseSoapService(
  request: SoapRequest & Exchange & FromPeer,
  message: ReceivedMessage,
  settings: ServerSettings,
  configuration: GlobalConfiguration,
  road: ProviderSide,
): Promise<ChosenService> {
  const call = {
    header: request,
    // Bodies of ordinary services are theirs to read.
    get body() {
      if (message.head.length > maxBuiltInBytes) {
        throw new Fault('InvalidRequest', `A question of more than ${maxBuiltInBytes} bytes is not answered`);
      }
      return parseSoapBody(message.head, charsetOf(message.headType));
    },
  };
  const builtIn = await road.builtInSoap(call, settings, configuration, road.clock.now());
  if (builtIn !== undefined) {
    return {
      count: uncounted,
      call: async ({ head }) => ({
        answer: await builtInAnswer(builtIn, request, soapRequestHash(head)),
        abandon: () => undefined,
      }),
    };
  }
  const checked: ServiceCall = {
    ...{ exchange: request, endpoint: baseEndpoint, settings, configuration, at: road.clock.now() },
    findUsedUp: (limits, at) => road.quotas.find(limits, at),
  };
  const service = checkService(checked);
  return {
    count: () => countRequest(checked, road.quotas),
    call: (received, context) => callSoapService(service, request, received, road, context),
  };
}

async function builtInAnswer(
  { body, attachments = [] }: SoapServiceAnswer,
  request: SoapRequest,
  hash: string,
): Promise<AnswerToSend> {
  const { bytes } = await insertRequestHash(composeEnvelope(request, body), 'utf-8', hash);
  const streams = attachments.map((attachment) => ({
    headers: attachment.headers,
    body: once(attachment.bytes),
  }));
  const boundary = newBoundary('xatt');
  const originalType =
    attachments.length === 0
      ? envelopeType
      : `multipart/related; type="text/xml"; charset=UTF-8; boundary=${boundary}`;
  return soapAnswer(bytes, { headType: envelopeType, headHeaders: [], originalType, attachments: streams });
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/**
 * Calls a SOAP service with the envelope and the attachments as their client sent them.
 * @throws RelayedFault that the service answered with; Fault NetworkError, UnknownHost, ServiceMalformedUrl, HttpError,
 *   or of reading its answer, within ServiceFailed
 */
async function callSoapService(
  service: ServiceSettings,
  request: SoapRequest,
  { head, headType, headHeaders, attachments, attachmentHeaders }: ReceivedMessage,
  road: ProviderSide,
  context: ContextHeaders,
): Promise<ServiceAnswer> {
  const written = writeSoapMessage({
    contentType: request.originalType,
    ...{ envelope: head, headType, headHeaders },
    attachments: attachments.map((body, index) => ({ headers: attachmentHeaders[index] ?? [], body })),
    boundary: newBoundary(),
  });
  const answered = await road.services.post(service, written, request.soapAction, context);
  try {
    const hash = soapRequestHash(head);
    const answer = await readAnswer(service, answered, hash);
    return { answer, abandon: answered.abandon };
  } catch (error) {
    answered.abandon();
    throw error instanceof Fault ? error.wrappedIn('ServiceFailed') : error;
  }
}

async function readAnswer(
  service: ServiceSettings,
  { status, contentType, body }: Awaited<ReturnType<ProviderSide['services']['post']>>,
  hash: string,
): Promise<AnswerToSend> {
  if (status !== 200 && status !== 500) {
    throw new Fault('HttpError', `Service ${printFull(service.id)} answered with HTTP status ${status}`);
  }
  const stream = faultsNamed(body, (error) => serviceFault(error, service));
  const message = await readSoapMessage(stream, contentType);
  if (message.envelope.length === 0) {
    throw new Fault('InvalidMessage', `Service ${printFull(service.id)} answered with nothing`);
  }
  // A fault of the service is nothing to sign: it is passed on in its own words.
  const fault = readSoapFault(message.envelope);
  if (fault !== undefined) throw fault;
  const { bytes } = await insertRequestHash(message.envelope, charsetOf(message.headType), hash);
  return soapAnswer(bytes, { ...message, originalType: contentType ?? envelopeType });
}

function soapAnswer(
  head: Buffer,
  message: {
    readonly headType: string;
    readonly headHeaders: AnswerToSend['headHeaders'];
    readonly originalType: string;
    readonly attachments: AsyncIterable<OutgoingAttachment> | Iterable<OutgoingAttachment>;
  },
): AnswerToSend {
  const { headType, headHeaders = [], originalType, attachments } = message;
  return {
    head,
    headType: inUtf8(headType),
    headHeaders,
    payload: { kind: 'attachments', boundary: newBoundary('xatt'), attachments },
    headers: [['x-original-content-type', originalType]],
  };
}

/** The type under which an envelope came, with the charset in which it leaves. */
function inUtf8(headType: string): string {
  if (mediaTypeOf(headType) === 'text/xml') return envelopeType;
  const kept = headType.replace(/;\s*charset\s*=\s*(?:"[^"]*"|[^\s;"]*)/gi, '');
  return `${kept}; charset=UTF-8`;
}
