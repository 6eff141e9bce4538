import type { SecureContext } from 'node:tls';
import type { PrivateParameters } from '../../gateway/configuration/index.ts';
import { Fault, readSoapFault } from '../../gateway/fault/index.ts';
import { charsetOf, parseEnvelope, parseSoapBody } from '../../gateway/soap/index.ts';
import type { XmlElement } from '../../gateway/xml/index.ts';
import { type PinnedPost, postPinned } from './pinned-post.ts';
import { statusService } from './request-status.ts';
import type { HttpMessage } from './signed-message.ts';

/** This server's own listener for information systems. */
export interface Loopback {
  readonly url: URL;
  /** DER: the server's internal certificate. */
  readonly certificate: Buffer;
  /** Shows the same certificate. */
  readonly context: SecureContext;
}

/** A message, and what its answer must fit. */
export interface Question extends HttpMessage {
  readonly id: string;
  readonly serviceCode: string;
}

/** A request may wait for the registry's disk and for peers; what can be asked again waits for less. */
const requestTimeoutMs = 60_000;
const statusTimeoutMs = 10_000;

/**
 * Sends a message over X-Road, as an information system of the owner would, through this very server.
 * @returns the response's body
 * @throws Fault with which the server, a peer or the registry refuses; NetworkError
 */
export function askOverXroad(question: Question, loopback: Loopback): Promise<XmlElement> {
  const { url, certificate, context } = loopback;
  return ask(question, { url, pinned: certificate, context });
}

/**
 * Sends a message straight to the registration service.
 * @throws Fault with which the registry refuses; NetworkError, SslAuthenticationFailed, MalformedGlobalConf
 * @see X-Road management services protocol, registration of an authentication certificate
 */
export function askRegistration(
  question: Question,
  { authCertRegServiceAddress, authCertRegServiceCert }: PrivateParameters['managementService'],
): Promise<XmlElement> {
  const url = URL.canParse(authCertRegServiceAddress) ? new URL(authCertRegServiceAddress) : undefined;
  if (url?.protocol !== 'https:' || authCertRegServiceCert === undefined) {
    const message =
      'The configuration names no HTTPS address and certificate of the registration service; the registry has to publish them';
    throw new Fault('MalformedGlobalConf', message);
  }
  return ask(question, { url, pinned: authCertRegServiceCert });
}

async function ask(
  { id, serviceCode, contentType, bytes }: Question,
  place: Pick<PinnedPost, 'url' | 'pinned' | 'context'>,
): Promise<XmlElement> {
  const timeoutMs = serviceCode === statusService ? statusTimeoutMs : requestTimeoutMs;
  const answer = await postPinned({ ...place, contentType, bytes, timeoutMs });
  const fault = readSoapFault(answer.bytes);
  if (fault !== undefined) throw fault;
  if (answer.status !== 200) {
    throw new Fault('HttpError', `${place.url.host} answers with status ${answer.status} and no SOAP fault`);
  }
  const charset = charsetOf(answer.contentType);
  const { header, bodyName } = parseEnvelope(answer.bytes, charset);
  if (header.id !== id || bodyName !== `${serviceCode}Response`) {
    throw new Fault(
      'InconsistentResponse',
      `${place.url.host} answers to another message than ${serviceCode}`,
    );
  }
  return parseSoapBody(answer.bytes, charset);
}
