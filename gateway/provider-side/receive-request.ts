import type { IncomingMessage } from 'node:http';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { memberOf, printFull, providerOf } from '../identifier/index.ts';
import { parseRestRequest, type RestRequest } from '../message/index.ts';
import { hashAlgorithmHeader, mediaType, type Road, type ServerSettings } from '../road/index.ts';
import { type ReceivedMessage, receiveMessage } from '../transport/index.ts';
import type { PeerCheck } from './check-peer.ts';

/** A request whose parts arrived whole from a checked peer. Its signature is still to be verified. */
export interface ReceivedRequest {
  readonly request: RestRequest;
  readonly message: ReceivedMessage;
}

/**
 * Reads a request of a peer. As soon as its head is there, before any body is taken, the peer must prove to be
 * a security server of the client, and the provider must be ours.
 * @throws Fault InvalidHttpMethod, InvalidContentType, InternalError, UnknownMember, InvalidSecurityServer,
 *   SslAuthenticationFailed, or of the decoder
 */
export async function receiveRequest(
  incoming: IncomingMessage,
  chain: readonly Certificate[],
  configuration: GlobalConfiguration,
  settings: ServerSettings,
  checkPeer: PeerCheck,
  road: Road,
): Promise<ReceivedRequest> {
  const header = (name: string) => {
    const value = incoming.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  if (incoming.method !== 'POST')
    throw new Fault('InvalidHttpMethod', 'Messages between servers are sent with POST');
  const contentType = header('content-type') ?? '';
  if (mediaType(contentType) !== 'multipart/mixed') {
    throw new Fault('InvalidContentType', `A message is multipart/mixed; this is '${contentType}'`);
  }
  if (header('x-hash-algorithm')?.toUpperCase() !== hashAlgorithmHeader) {
    throw new Fault('InternalError', `Header x-hash-algorithm must be ${hashAlgorithmHeader}`);
  }
  if (header('x-road-message-type') !== 'REST') {
    throw new Fault('ServiceType', 'This server takes REST messages only');
  }
  const requestId = header('x-road-request-id');
  if (requestId === undefined || requestId === '') {
    throw new Fault('InvalidRequest', 'Header x-road-request-id is missing');
  }
  let request: RestRequest | undefined;
  const message = await receiveMessage(incoming, {
    contentType,
    digest: 'sha512',
    direction: 'request',
    newSink: road.newSink,
    onHead: async ({ head, ocspResponses }) => {
      request = parseRestRequest(head);
      const provider = providerOf(request.service);
      if (request.requestId !== requestId) {
        throw new Fault('InvalidRequest', 'Header x-road-request-id differs from the one in the message');
      }
      if (request.securityServer !== undefined && !isThisServer(request, settings)) {
        const message = `Security server '${printFull(request.securityServer)}' is asked for; this is another`;
        throw new Fault('InvalidSecurityServer', message);
      }
      if (settings.client(provider) === undefined) {
        throw new Fault(
          'UnknownMember',
          `Provider '${printFull(provider)}' is not registered at this security server`,
        );
      }
      // Nothing is worth receiving if the answer could not be signed.
      await road.signer.signingIdentity(memberOf(provider));
      checkPeer(chain, ocspResponses, request.client, configuration, road.clock.now());
    },
  });
  if (request === undefined) throw new Fault('MissingRest', 'The message has no REST head');
  return { request, message };
}

/** The Java server does not compare; a message pinned to one server must not be answered by another. */
function isThisServer(request: RestRequest, settings: ServerSettings): boolean {
  return (
    request.securityServer !== undefined && printFull(request.securityServer) === printFull(settings.serverId)
  );
}
