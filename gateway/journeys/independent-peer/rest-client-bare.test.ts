import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Asking, startAsking } from './asking.ts';
import type { SignedPart } from './chain.ts';
import { outcomeOf, sendRest } from './client.ts';
import { member, type Peer } from './join.ts';
import { hasOpenssl, hasProgram } from './pki.ts';
import { askXmlsec } from './verify.ts';
import { signMessage } from './xades.ts';
import { type BareWish, writeBareSignature } from './xades-bare.ts';

const body = Buffer.from('{"a":1}');
const hasXmlsec = await hasProgram('xmlsec1');
const malformed = 'malformed_signature';

describe.skipIf(!hasOpenssl)('a signature of the newer form, bare and canonicalised exclusively', () => {
  let asking: Asking;
  let peer: Peer;
  beforeAll(async () => {
    asking = await startAsking();
    ({ peer } = asking);
  });
  afterAll(() => asking?.close());

  /** Sends a request so signed, and tells the outcome. */
  async function outcome(
    wish: Partial<Omit<BareWish, 'parts'>> & {
      readonly covers?: (parts: readonly SignedPart[]) => readonly SignedPart[];
    } = {},
    sent: Buffer | null = body,
  ): Promise<string> {
    const statuses = wish.statuses ?? [await peer.status(peer.signing)];
    let parts: readonly SignedPart[] = [];
    const { answer } = await sendRest(peer, {
      ...(sent !== null && { body: sent }),
      evidence: { form: 'direct' },
      signed: (all) => {
        parts = wish.covers?.(all) ?? all;
        return all;
      },
      change: () => ({
        signature: writeBareSignature({ signer: peer.signing, ...wish, statuses, parts }),
      }),
    });
    return outcomeOf(answer).replace('server.serverproxy.signature_verification.', '');
  }

  it('is believed, with a body and without', async () => {
    expect(await outcome()).toBe('answered');
    expect(await outcome({}, Buffer.alloc(0))).toBe('answered');
    expect(await outcome({}, null)).toBe('answered');
  });

  it.skipIf(!hasXmlsec)('is good for xmlsec1, as is the older form', async () => {
    const parts = [{ uri: '/message.xml', bytes: Buffer.from('head') }];
    const statuses = [await peer.status(peer.signing)];
    const made = { signer: peer.signing, statuses };
    const { memberClass, memberCode } = member;
    const question = { parts, folder: peer.folder, authority: peer.signing.issuer };
    for (const signature of [writeBareSignature({ ...made, parts }), signMessage(parts, made).signature]) {
      await askXmlsec({ ...question, signature, signer: { memberClass, memberCode } });
    }
  });

  it.each<[string, string, () => Parameters<typeof outcome>[0]]>([
    ['covers the head alone', malformed, () => ({ covers: (parts) => parts.slice(0, 1) })],
    ['covers the body alone', malformed, () => ({ covers: (parts) => parts.slice(1) })],
    [
      'covers a part that did not come',
      malformed,
      () => ({ covers: (parts) => [...parts, { uri: '/attachment2', bytes: body }] }),
    ],
    [
      'covers another body',
      'invalid_signature_value',
      () => ({
        covers: (parts) => [...parts.slice(0, 1), { uri: '/attachment1', bytes: Buffer.from('other') }],
      }),
    ],
    [
      'tells another time',
      'invalid_signature_value',
      () => ({ edit: (document) => document.replace(/SigningTime>\d{4}/, 'SigningTime>1999') }),
    ],
    [
      'has another transform of its properties',
      malformed,
      () => ({
        edit: (document) =>
          document.replace(
            /Transform Algorithm="[^"]*"/,
            'Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"',
          ),
      }),
    ],
    [
      'has two transforms of its properties',
      malformed,
      () => ({ edit: (document) => document.replace(/(<ds:Transform .*?<\/ds:Transform>)/, '$1$1') }),
    ],
    ['has no status', malformed, () => ({ statuses: [] })],
    [
      'has white space around',
      malformed,
      () => ({ edit: (document) => document.replace('?><ds', '?>\n<ds').replace(/$/, '<x/>') }),
    ],
  ])('is refused when it %s', async (_name, code, make) => {
    expect(await outcome(make())).toBe(code);
  });

  it('is refused when its properties tell of another certificate, or another member signed', async () => {
    const other = await peer.own.issue('signing', member);
    expect(await outcome({ claimed: other.certificate })).toBe(malformed);
    const stranger = await peer.own.issue('signing', { ...member, memberCode: '1001' });
    const evidence = { signer: stranger, statuses: [await peer.status(stranger)] };
    expect(await outcome(evidence)).toBe('incorrect_certificate');
  });
});
