import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../network.ts';
import { type Asking, startAsking } from './asking.ts';
import { digestOf } from './chain.ts';
import { givenPath } from './giving.ts';
import { member, type Peer } from './join.ts';
import { type StatusWish, writeStatus } from './ocsp.ts';
import { type Credential, hasOpenssl } from './pki.ts';
import { type Provider, startProvider } from './provider.ts';

const peerRefused = 'ssl_authentication_failed';
const body = Buffer.from('{"a":1}');

describe.skipIf(!hasOpenssl)(
  'a security server whose certificates come from an intermediate authority',
  () => {
    let asking: Asking;
    let peer: Peer;
    let authentication: Credential;
    let provider: Provider | undefined;
    beforeAll(async () => {
      asking = await startAsking();
      ({ peer } = asking);
      authentication = await peer.below.issue('authentication', member);
      await peer.register(authentication);
    });
    afterAll(async () => {
      await provider?.close();
      await asking?.close();
    });

    const leafStatus = () => peer.status(authentication);
    const statusAbove = (wish: Partial<StatusWish> = {}) =>
      writeStatus(
        { certificate: peer.below.certificate, issuer: peer.own.certificate },
        { responder: peer.own.responder, ...wish },
      );

    it.each<[string, string, boolean, () => Promise<Buffer[]>]>([
      [
        'the whole chain, each with its status',
        'answered',
        true,
        async () => [await leafStatus(), statusAbove()],
      ],
      ['the leaf alone, with its status', 'answered', false, async () => [await leafStatus()]],
      [
        'the whole chain, but one status',
        `${peerRefused}.incorrect_validation_info`,
        true,
        async () => [await leafStatus()],
      ],
      [
        'the whole chain, its intermediate revoked',
        `${peerRefused}.cert_validation`,
        true,
        async () => [await leafStatus(), statusAbove({ status: 'revoked' })],
      ],
      [
        'the whole chain, an old status for its intermediate',
        `${peerRefused}.incorrect_validation_info`,
        true,
        async () => [await leafStatus(), statusAbove({ ageSeconds: 10 * 86_400 })],
      ],
    ])('calls and shows %s: %s', async (_name, code, isWhole, make) => {
      const intermediates = isWhole ? peer.below.certificate.toString() : '';
      const got = await asking.outcome({ authentication, intermediates, statuses: await make() });
      expect(got.replace('server.serverproxy.', '')).toBe(code);
    });

    it('signs: the authority below is approved itself, so that the certificate’s own status is enough', async () => {
      const signer = await peer.below.issue('signing', member);
      const evidence = { signer, statuses: [await peer.status(signer)] };
      expect(await asking.outcome({ evidence, body })).toBe('answered');
      expect(await asking.refusal({ evidence: { ...evidence, statuses: [statusAbove()] } })).toBe(
        'incorrect_validation_info',
      );
    });

    it.each([
      ['shows the whole chain', true],
      ['shows its leaf alone', false],
    ])('provides and %s: the leaf’s status is asked for, and enough', async (_name, isWhole) => {
      const shown = await peer.below.issue('authentication', member);
      await peer.register(shown);
      provider = await startProvider(peer, shown, isWhole ? peer.below.certificate.toString() : '');
      const { status } = await call(peer.network, `${givenPath}/x`);
      expect(status).toBe(200);
      const sha256 = digestOf(shown.certificate.raw, 'sha256').toString('hex');
      expect(provider.queries).toEqual([expect.stringMatching(new RegExp(`&cert_hash=${sha256}$`))]);
      await provider.close();
      provider = undefined;
    });
  },
);
