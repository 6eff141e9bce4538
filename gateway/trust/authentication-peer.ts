import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { type ClientId, printFull, type ServerId } from '../identifier/index.ts';
import { findPath, verifyStatuses } from './good-path.ts';
import { requireIssuers, verifyByOneOf } from './issuing-authorities.ts';
import { purposeOf } from './purpose.ts';

export interface PeerQuestion {
  /** As the TLS handshake gave it: leaf first. */
  readonly chain: readonly Certificate[];
  /** DER, one per certificate of the path. */
  readonly ocspResponses: readonly Buffer[];
  /** For whom the peer speaks: the client of a request, or the provider of a service. */
  readonly party: ClientId;
  readonly configuration: GlobalConfiguration;
  readonly at: Date;
  /**
   * Which certificate of the chain the approved authority must have issued: a server that is called looks at the
   * last one, a server that calls looks at the leaf.
   */
  readonly anchorBy: 'leaf' | 'last';
}

export interface VerifiedPeer {
  readonly server: ServerId;
  /** The last instant at which the same evidence still suffices. */
  readonly validUntil: Date;
}

/**
 * Verifies that a TLS peer is a security server that serves a member or subsystem.
 * @throws Fault SslAuthenticationFailed, with the reason nested in it where there is one
 * @see X-Road 7 message transport: authentication of security servers
 */
export function verifyAuthenticationPeer(question: PeerQuestion): VerifiedPeer {
  const path = pathOf(question);
  const validUntil = nested(() => verifyStatuses(path, statusesOf(question)));
  return { server: serverOf(question), validUntil };
}

/**
 * Finds which certificates of a peer lack a good status, so that they can be asked for.
 * @returns leaf first; none when the evidence suffices
 * @throws Fault SslAuthenticationFailed when no status could help
 */
export function certificatesWithoutStatus(question: PeerQuestion): Certificate[] {
  const path = pathOf(question);
  serverOf(question);
  return path.slice(0, -1).filter((_certificate, index) => {
    try {
      verifyStatuses(path.slice(index, index + 2), statusesOf(question));
      return false;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return true;
    }
  });
}

/** Leaf first, the approved authority last. */
function pathOf({ chain, party, configuration, at, anchorBy }: PeerQuestion): Certificate[] {
  const [leaf, ...extras] = chain;
  const issued = anchorBy === 'leaf' ? leaf : chain.at(-1);
  if (leaf === undefined || issued === undefined) throw refuse('The peer showed no certificate');
  if (purposeOf(leaf) !== 'authentication') {
    throw refuse(`The certificate of ${leaf.subject} is not for authentication, or not for that alone`);
  }
  return nested(() => {
    const issuers = requireIssuers(issued, party.instance, configuration);
    return verifyByOneOf(issuers, (authority) => findPath({ leaf, extras, authority, at }));
  });
}

function statusesOf({ ocspResponses, party, configuration, at }: PeerQuestion) {
  return { ocspResponses, instance: party.instance, configuration, at };
}

/** The registered server that shows this chain and serves the party. */
function serverOf({ chain: [leaf], party, configuration }: PeerQuestion): ServerId {
  // Among servers of the party's instance alone: another one may list the same certificate.
  const server = leaf && configuration.serverByAuthCertificate(leaf, party.instance);
  if (server === undefined) {
    throw refuse(
      `The certificate of ${leaf?.subject} is of no security server of instance ${party.instance}`,
    );
  }
  if (!configuration.serverHasClient(server.id, party)) {
    throw refuse(`Security server '${printFull(server.id)}' does not serve '${printFull(party)}'`);
  }
  return server.id;
}

/** Whether a certificate belongs to a security server at all: asked in the handshake, before any message. */
export function isKnownAuthenticationCertificate(
  leaf: Certificate,
  configuration: GlobalConfiguration,
): boolean {
  return configuration.serverByAuthCertificate(leaf) !== undefined;
}

function refuse(message: string): Fault {
  return new Fault('SslAuthenticationFailed', message);
}

function nested<Result>(verify: () => Result): Result {
  try {
    return verify();
  } catch (error) {
    if (error instanceof Fault) throw error.wrappedIn('SslAuthenticationFailed');
    throw error;
  }
}
