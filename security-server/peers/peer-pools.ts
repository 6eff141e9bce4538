import { PeerStatuses } from '../../gateway/ocsp-port/index.ts';
import { PeerPools, type PeerPoolsOptions } from '../../gateway/transport/index.ts';
import { verifyAuthenticationPeer } from '../../gateway/trust/index.ts';
import type { PeerPosture } from './posture.ts';

/** Ways to other security servers, each verified before its first request by what it shows and what is told of it. */
export function createPeerPools(
  { ocsp, pooled }: PeerPosture,
  now: () => Date,
  told: Pick<PeerPoolsOptions, 'onConnected' | 'onStapled'> = {},
): PeerPools {
  const statuses = ocsp && new PeerStatuses({ port: ocsp.instancePort, now });
  return new PeerPools({
    now,
    oneShot: !pooled,
    ...told,
    verify: ({ provider: party, ...evidence }) =>
      verifyAuthenticationPeer({ ...evidence, party, at: now(), anchorBy: 'leaf' }),
    ...(statuses !== undefined && {
      completeStatuses: ({ provider: party, ...shown }) => statuses.complete({ ...shown, party }),
    }),
  });
}
