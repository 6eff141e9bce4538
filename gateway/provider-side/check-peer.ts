import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { type ClientId, identifierKey } from '../identifier/index.ts';
import { verifyAuthenticationPeer } from '../trust/index.ts';

export type PeerCheck = (
  chain: readonly Certificate[],
  ocspResponses: readonly Buffer[],
  client: ClientId,
  configuration: GlobalConfiguration,
  at: Date,
) => void;

/** Verdicts kept at once; a peer needs one per client it speaks for. */
const maxRemembered = 4096;

/**
 * Makes the check that the peer's authentication certificate belongs to a security server of the message's
 * client. A good verdict is remembered while the same evidence, configuration and status responses hold.
 */
export function createPeerCheck(): PeerCheck {
  const verdicts = new Map<string, number>();
  return (chain, ocspResponses, client, configuration, at) => {
    const leaf = chain[0];
    if (leaf === undefined) throw new Fault('SslAuthenticationFailed', 'The peer showed no certificate');
    if (ocspResponses.length === 0) {
      throw new Fault(
        'SslAuthenticationFailed',
        'The message carries no status of its security server certificate',
      );
    }
    const evidence = ocspResponses.map((response) => response.toString('latin1')).join('|');
    const key = `${configuration.id}|${identifierKey(client)}|${leaf.sha256.toString('hex')}|${chain.length}|${evidence}`;
    const validUntil = verdicts.get(key);
    if (validUntil !== undefined && at.getTime() <= validUntil) return;
    const verdict = verifyAuthenticationPeer({
      chain,
      ocspResponses,
      party: client,
      configuration,
      at,
      anchorBy: 'last',
    });
    if (verdicts.size >= maxRemembered) verdicts.clear();
    verdicts.set(key, verdict.validUntil.getTime());
  };
}
