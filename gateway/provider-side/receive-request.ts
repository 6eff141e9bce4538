import type { IncomingMessage } from 'node:http';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { equal, memberOf, printFull, providerOf } from '../identifier/index.ts';
import { parseRestRequest, type RestRequest } from '../message/index.ts';
import {
  decoded,
  type Exchange,
  readHashAlgorithm,
  type ServerSettings,
  type Signer,
} from '../road/index.ts';
import { charsetOf, readEnvelope, type SoapHeader } from '../soap/index.ts';
import { mediaTypeOf, type ReceivedMessage, receiveMessage } from '../transport/index.ts';
import { checkPeerVersion } from './check-version.ts';
import type { ProviderSide } from './provider-side.ts';

export type Understood = FromPeer &
  (
    | (Exchange & RestRequest & { readonly protocol: 'rest' })
    | (Exchange & SoapRequest & { readonly protocol: 'soap' })
  );

/** What a peer says of itself with its request; not signed. */
export interface FromPeer {
  /** `x-proxy-version` as it came. */
  readonly peerVersion: string | undefined;
}

/** A SOAP request with what its HTTP message said; that part is not signed. */
export interface SoapRequest extends SoapHeader {
  readonly requestId: string;
  /** Content type with which the information system sent it. */
  readonly originalType: string;
  readonly soapAction: string;
}

/** A request whose parts arrived whole from a checked peer. Its signature is still to be verified. */
export interface ReceivedRequest {
  readonly request: Understood;
  readonly message: ReceivedMessage;
}

/**
 * Reads a request of a peer. As soon as its head is there, before any body is taken, the peer must prove to be
 * a security server of the client, and the provider must be ours.
 * @throws Fault InvalidHttpMethod, ClientProxyVersionNotSupported, InvalidRequest, InvalidContentType, InternalError,
 *   UnknownMember, InvalidSecurityServer, SslAuthenticationFailed, or of the decoder
 */
export async function receiveRequest(
  incoming: IncomingMessage,
  chain: readonly Certificate[],
  configuration: GlobalConfiguration,
  settings: ServerSettings,
  road: ProviderSide,
  note: { readonly request: (request: Understood) => void; readonly peerChecked: () => void },
): Promise<ReceivedRequest> {
  const { contentType, digest, read } = readHttpHeaders(incoming, road);
  let request: Understood | undefined;
  const receiving = receiveMessage(incoming, {
    contentType,
    digest,
    direction: 'request',
    newSink: road.newSink,
    onHead: async ({ protocol, head, headType, ocspResponses }) => {
      request = await read(protocol, head, headType);
      note.request(request);
      await admit(request, settings, road.signer);
      road.checkPeer(chain, ocspResponses, request.client, configuration, road.clock.now());
      note.peerChecked();
    },
  });
  const message = await decoded(() => receiving);
  if (request === undefined) throw new Fault('MissingRest', 'The message has no head');
  return { request, message };
}

/** What the HTTP message must say, and how its head is to be read. */
function readHttpHeaders(incoming: IncomingMessage, road: ProviderSide) {
  const header = (name: string) => {
    const value = incoming.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  if (incoming.method !== 'POST')
    throw new Fault('InvalidHttpMethod', 'Messages between servers are sent with POST');
  const peerVersion = header('x-proxy-version');
  checkPeerVersion(peerVersion, road.minimumPeerVersion);
  const contentType = header('content-type');
  if (contentType === undefined) throw new Fault('InvalidRequest', 'Header content-type is missing');
  if (mediaTypeOf(contentType) !== 'multipart/mixed') {
    throw new Fault('InvalidContentType', `A message is multipart/mixed; this is '${contentType}'`, {
      within: ['ServiceFailed'],
    });
  }
  const digest = readHashAlgorithm(header('x-hash-algorithm'));
  const isRest = header('x-road-message-type') === 'REST';
  const requestId = header('x-road-request-id');
  if (isRest && (requestId === undefined || requestId === '')) {
    throw new Fault('InvalidRequest', 'Header x-road-request-id is missing');
  }
  const read = async (protocol: 'rest' | 'soap', head: Buffer, headType: string): Promise<Understood> => {
    if (isRest !== (protocol === 'rest')) {
      const [code, missing] = isRest
        ? (['MissingRest', 'REST'] as const)
        : (['MissingSoap', 'SOAP'] as const);
      throw new Fault(code, `The message has no ${missing} head, as x-road-message-type promised`);
    }
    if (protocol === 'rest') {
      const request = parseRestRequest(head);
      if (request.requestId !== requestId) {
        throw new Fault('InvalidRequest', 'Header x-road-request-id differs from the one in the message');
      }
      return { ...request, protocol, peerVersion };
    }
    return {
      ...(await readEnvelope(head, charsetOf(headType))).header,
      protocol,
      peerVersion,
      // Older peers send none with SOAP; ours then names the exchange in our log.
      requestId: requestId === undefined || requestId === '' ? road.newId() : requestId,
      originalType: header('x-original-content-type') ?? headType,
      soapAction: header('x-original-soapaction') ?? '',
    };
  };
  return { contentType, digest, read };
}

/**
 * The message must be for this very server, and its provider one of ours that can sign.
 * @throws Fault InvalidSecurityServer, UnknownMember, CannotCreateSignature
 */
export async function admit(
  exchange: Pick<Exchange, 'service' | 'securityServer'>,
  settings: ServerSettings,
  signer: Signer,
): Promise<void> {
  const { securityServer } = exchange;
  // For REST the Java server does not compare; a message pinned to one server must not be answered by another.
  if (securityServer !== undefined && !equal(securityServer, settings.serverId)) {
    const message = `Security server '${printFull(securityServer)}' is asked for; this is another`;
    throw new Fault('InvalidSecurityServer', message);
  }
  const provider = providerOf(exchange.service);
  if (settings.client(provider) === undefined) {
    const message = `Provider '${printFull(provider)}' is not registered at this security server`;
    throw new Fault('UnknownMember', message);
  }
  // Nothing is worth receiving if the answer could not be signed.
  await signer.signingIdentity(memberOf(provider));
}
