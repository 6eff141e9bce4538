import { createHash, randomUUID } from 'node:crypto';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { asFault, Fault, renderSoap } from '../../gateway/fault/index.ts';
import { equal, IdentifierError, printShort, providerOf } from '../../gateway/identifier/index.ts';
import {
  readManagementMessage,
  readManagementRequest,
  type SignedManagementMessage,
  writeManagementResponse,
} from '../../gateway/management/index.ts';
import { composeEnvelope, parseEnvelope, parseSoapBody, type SoapHeader } from '../../gateway/soap/index.ts';
import type { XmlElement } from '../../gateway/xml/index.ts';
import { type Register, RegisterError, readSettings } from '../register/index.ts';
import type { ManagementOrigin } from './entries.ts';
import { verifyEvidence } from './evidence.ts';
import { answerStatus, statusService } from './request-status.ts';
import { submitRequest } from './submit.ts';

export interface ManagementContext {
  readonly register: Register;
  /** As the registry has published it. @throws Fault OutdatedGlobalConf */
  readonly configuration: () => GlobalConfiguration;
  readonly now: () => Date;
  /** Told of errors that nobody foresaw. @param reference what the sender was shown */
  readonly report: (error: unknown, reference: string) => void;
}

export interface ManagementMessage {
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface ManagementAnswer {
  readonly status: 200 | 500;
  readonly contentType: string;
  readonly body: Buffer;
}

const xml = 'text/xml; charset=UTF-8';

/**
 * Answers one message to the management or the registration service; a refusal is a SOAP fault.
 * @see X-Road management services protocol
 */
export async function answerManagement(
  context: ManagementContext,
  origin: ManagementOrigin,
  message: ManagementMessage,
): Promise<ManagementAnswer> {
  try {
    return { status: 200, contentType: xml, body: await serve(context, origin, message) };
  } catch (error) {
    const reference = randomUUID();
    const fault = faultOf(error);
    if (fault.code === 'InternalError') context.report(error, reference);
    return { status: 500, contentType: xml, body: Buffer.from(renderSoap(fault, reference)) };
  }
}

async function serve(
  context: ManagementContext,
  origin: ManagementOrigin,
  { contentType, bytes }: ManagementMessage,
): Promise<Buffer> {
  const carriage = origin === 'registration' ? 'registration' : 'service';
  const message = readManagementMessage(bytes, contentType, carriage);
  const { header, bodyName } = parseEnvelope(message.envelope);
  await checkService(context.register, header, bodyName);
  const body = parseSoapBody(message.envelope);
  if (origin === 'management' && bodyName === statusService) {
    const answer = await answerStatus(context.register, header.client, body);
    return composeEnvelope(header, answer);
  }
  return composeEnvelope(header, await takeRequest(context, origin, header, body, message));
}

/** The message is for this registry's own management service, and asks for what its body says. */
async function checkService(register: Register, { service }: SoapHeader, bodyName: string): Promise<void> {
  const { managementServiceProvider: provider } = await register.read(readSettings);
  if (provider === undefined) {
    const message = 'No management service provider is set: the administrator of the registry has to name it';
    throw new Fault('InvalidRequest', message);
  }
  if (!equal(providerOf(service), provider)) {
    const message = `Management requests go to ${printShort(provider)}, not to ${printShort(service)}`;
    throw new Fault('InvalidRequest', message);
  }
  if (service.serviceCode !== bodyName) {
    const message = `Body element '${bodyName}' does not belong to service '${service.serviceCode}'`;
    throw new Fault('InconsistentHeaders', message);
  }
}

/** @returns the response's body */
async function takeRequest(
  { register, configuration, now }: ManagementContext,
  origin: ManagementOrigin,
  { client: sender, id: messageId }: SoapHeader,
  body: XmlElement,
  message: SignedManagementMessage,
): Promise<string> {
  const request = readManagementRequest(body);
  if ((request.kind === 'authCertReg') !== (origin === 'registration')) {
    const service = origin === 'registration' ? 'management' : 'registration';
    throw new Fault('InvalidRequest', `${request.kind} is sent to the ${service} service, not here`);
  }
  const at = now();
  const evidence = verifyEvidence({ request, message, configuration: configuration(), at });
  const digest = createHash('sha256').update(message.envelope).digest('hex');
  const submission = { origin, sender, messageId, digest, request, evidence };
  const { requestId } = await register.change(
    { by: `server:${printShort(request.server)}`, why: `management request ${messageId}` },
    (book) => submitRequest(book, submission, at),
    ({ isPublished }) => isPublished,
  );
  return writeManagementResponse(request, requestId);
}

function faultOf(error: unknown): Fault {
  if (error instanceof RegisterError || error instanceof IdentifierError) {
    return new Fault('InvalidRequest', error.message, { cause: error });
  }
  return asFault(error);
}
