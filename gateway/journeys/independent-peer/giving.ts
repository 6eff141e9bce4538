import { call } from '../network.ts';
import { joinNetwork, member, type Peer } from './join.ts';
import type { Credential } from './pki.ts';
import { type Provider, startProvider } from './provider.ts';

/** A peer that the city's portal asks. */
export interface Giving {
  readonly peer: Peer;
  readonly provider: Provider;
  /** Signing credential of the peer's member, of the authority whose statuses the peer writes itself. */
  readonly own: Credential;
  /** Asks through the city's server. */
  ask(options?: Parameters<typeof call>[2], path?: string): ReturnType<typeof call>;
  /** The code that the portal is told about an answer, or its status. */
  outcome(wish: Provider['wish'], options?: Parameters<typeof call>[2]): Promise<string>;
  close(): Promise<void>;
}

export const givenPath = '/r1/PILOT/GOV/3001/giver/anything';

export async function startGiving(): Promise<Giving> {
  const peer = await joinNetwork();
  const own = await peer.own.issue('signing', member);
  const provider = await startProvider(peer);
  const ask: Giving['ask'] = (options, path = `${givenPath}/x?y=1`) => call(peer.network, path, options);
  return {
    ...{ peer, provider, own, ask },
    outcome: async (wish, options) => {
      provider.wish = wish;
      const { status, headers } = await ask(options);
      const code = headers['x-road-error'];
      return typeof code === 'string' ? code.replace('server.clientproxy.', '') : `${status}`;
    },
    close: async () => {
      await provider.close();
      await peer.close();
    },
  };
}
