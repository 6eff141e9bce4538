import { bodyOf } from '../network.ts';
import { outcomeOf, type RequestWish, sendRest } from './client.ts';
import { joinNetwork, member, type Peer } from './join.ts';
import { type StatusWish, writeStatus } from './ocsp.ts';
import type { Credential } from './pki.ts';
import type { EvidenceWish } from './xades.ts';

const origin = 'server.serverproxy.';

/** A peer that asks a service of the ministry which counts its calls. */
export interface Asking {
  readonly peer: Peer;
  /** Signing credential of the peer's member, of the authority whose statuses the peer writes itself. */
  readonly own: Credential;
  /** The full code of the fault, or `answered`. */
  outcome(wish: RequestWish): Promise<string>;
  /**
   * The code without its origin, and without the wrapper that every fault of a signature has.
   * @throws Error when the service was called all the same
   */
  refusal(wish: RequestWish): Promise<string>;
  /** The evidence of another signer, with its status. */
  by(signer: Credential, status?: Partial<StatusWish>): Partial<EvidenceWish>;
  close(): Promise<void>;
}

export async function startAsking(): Promise<Asking> {
  const peer = await joinNetwork();
  const own = await peer.own.issue('signing', member);
  let called = 0;
  await peer.publish('echo', async (incoming, outgoing) => {
    called += 1;
    await bodyOf(incoming);
    outgoing.end('echoed');
  });
  const outcome = async (wish: RequestWish) => outcomeOf((await sendRest(peer, wish)).answer);
  return {
    ...{ peer, own, outcome },
    refusal: async (wish) => {
      const before = called;
      const code = await outcome(wish);
      if (called !== before) throw new Error(`the service was called, and the outcome was ${code}`);
      if (!code.startsWith(origin)) return code;
      return code.slice(origin.length).replace(/^signature_verification\./, '');
    },
    by: (signer, status) => ({
      signer,
      statuses: [writeStatus(signer, { responder: peer.own.responder, ...status })],
    }),
    close: () => peer.close(),
  };
}
