import type { IncomingMessage } from 'node:http';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { memberOf, providerOf } from '../identifier/index.ts';
import { type Exchange, logEntryOf, type Road } from '../road/index.ts';
import type { PeerConnection, PeerPools, ReceivedMessage } from '../transport/index.ts';
import { callerOf, checkClient } from './caller.ts';
import { findPeer } from './find-peer.ts';

export interface ClientSide extends Road {
  readonly peers: PeerPools;
  /** Port of every peer's security server, 5500 unless an instance agreed on another. */
  readonly peerPort: number;
  /** At which browsers reach this server's console; absent: refusals lead nobody there. */
  readonly consoleUrl?: string;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/** A verified way to a security server of the provider. */
export interface OpenRoad {
  readonly peer: PeerConnection;
  /** DER: status of each certificate that our side showed. */
  readonly ocspResponses: readonly Buffer[];
}

/**
 * Lets a request on the road: its client is ours and came as it must, and a server of the provider was found, reached
 * and verified.
 * @throws Fault UnknownMember, SslAuthenticationFailed, InvalidSecurityServer, MaintenanceMode, NetworkError
 */
export async function openRoad(
  exchange: Exchange,
  incoming: IncomingMessage,
  configuration: GlobalConfiguration,
  road: ClientSide,
): Promise<OpenRoad> {
  checkClient(exchange.client, callerOf(incoming), road.settings(), road.clock.now());
  const provider = providerOf(exchange.service);
  const candidates = findPeer(provider, exchange.securityServer, configuration, road.peerPort, road.random);
  const identity = await road.signer.authenticationIdentity();
  const peer = await road.peers.connect(candidates, provider, identity, configuration);
  return { peer, ocspResponses: identity.ocspResponses };
}

/**
 * The signer must be the member that was asked, whatever the answer says of itself.
 * @throws Fault within SignatureVerification
 */
export function verifyAnswer(answer: ReceivedMessage, exchange: Exchange, road: Road, at: Date): void {
  try {
    road.signatures.verify({
      documents: answer,
      head: answer.head,
      parts: answer.parts,
      ...(answer.digestOfPart && { digestOfPart: answer.digestOfPart }),
      signer: memberOf(exchange.service),
      configuration: road.configuration.current(),
      at,
      mode: 'message',
    });
  } catch (error) {
    if (error instanceof Fault) throw error.wrappedIn('SignatureVerification');
    throw error;
  }
}

export function recordAnswer(
  answer: ReceivedMessage,
  exchange: Exchange,
  road: Road,
  at: Date,
  status: number,
): Promise<void> {
  return road.log.record(logEntryOf(exchange, { direction: 'response', side: 'client', at, status }, answer));
}
