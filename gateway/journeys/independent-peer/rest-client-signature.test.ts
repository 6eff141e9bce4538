import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Asking, startAsking } from './asking.ts';
import { bare, digestOf, type SignedPart, writeChain } from './chain.ts';
import type { RequestWish } from './client.ts';
import { member, type Peer } from './join.ts';
import { type Credential, hasOpenssl, orderCertificate } from './pki.ts';
import type { Evidence, EvidenceWish } from './xades.ts';

const body = Buffer.from('{"a":1}');

describe.skipIf(!hasOpenssl)('a signature over a request', () => {
  let asking: Asking;
  let peer: Peer;
  let own: Credential;
  beforeAll(async () => {
    asking = await startAsking();
    ({ peer, own } = asking);
  });
  afterAll(() => asking?.close());

  const by: Asking['by'] = (signer, status) => asking.by(signer, status);

  it.each<[string, () => Promise<Partial<EvidenceWish>> | Partial<EvidenceWish>]>([
    ['by RSA with SHA-512', () => ({})],
    ['by RSA-PSS', () => ({ isPss: true })],
    ['by RSA with SHA-384', () => ({ digest: 'sha384' })],
    ['by RSA with SHA-256', () => ({ digest: 'sha256' })],
    ['by a certificate of another approved authority', () => by(own)],
    [
      'by ECDSA',
      async () => {
        const signer = await orderCertificate(peer.folder, peer.authority, 'signing', member, true);
        return { signer, statuses: [await peer.status(signer)] };
      },
    ],
    ['that references every part directly', () => ({ form: 'direct' })],
    ['that references its signed properties first', () => ({ form: 'direct', draft: propertiesFirst })],
    ['through a chain although there is one part', () => ({ form: 'chain' })],
  ])('is believed: %s', async (name, make) => {
    const evidence = await make();
    expect(await asking.outcome({ evidence })).toBe('answered');
    if (!name.includes('SHA-384') && !name.includes('SHA-256')) {
      expect(await asking.outcome({ evidence, body })).toBe('answered');
    }
  });

  it.each<[string, string, () => Promise<Partial<EvidenceWish>> | Partial<EvidenceWish>]>([
    [
      'another member',
      'incorrect_certificate',
      async () => by(await peer.own.issue('signing', { ...member, memberCode: '1001' })),
    ],
    [
      'a member of another class',
      'incorrect_certificate',
      async () => by(await peer.own.issue('signing', { ...member, memberClass: 'MUN' })),
    ],
    [
      'an authentication certificate',
      'malformed_signature',
      async () => by(await peer.own.issue('authentication', member)),
    ],
    [
      'a certificate for both purposes',
      'malformed_signature',
      async () => by(await peer.own.issue('both', member)),
    ],
    [
      'a certificate that is over',
      'invalid_cert_path',
      async () => by(await peer.own.issue('signing', member, -1)),
    ],
    [
      'a certificate of a foreign authority',
      'cannot_create_cert_path',
      async () => by(await peer.foreign.issue('signing', member), { responder: peer.foreign.responder }),
    ],
    ['a revoked certificate', 'cert_validation', () => by(own, { status: 'revoked' })],
    [
      'a certificate that its authority does not know',
      'cert_validation',
      () => by(own, { status: 'unknown' }),
    ],
    ['one whose status is old', 'incorrect_validation_info', () => by(own, { ageSeconds: 10 * 86_400 })],
    [
      'one whose status is of the future',
      'incorrect_validation_info',
      () => by(own, { ageSeconds: -3 * 3600 }),
    ],
    [
      'one whose status is overdue',
      'incorrect_validation_info',
      () => by(own, { ageSeconds: 60, validSeconds: -30 }),
    ],
    [
      'one whose status is identified with SHA-256',
      'incorrect_validation_info',
      () => by(own, { idDigest: 'sha256' }),
    ],
    ['one whose status is forged', 'incorrect_validation_info', () => by(own, { isForged: true })],
    [
      'one whose status a foreign responder signed',
      'incorrect_validation_info',
      () => by(own, { responder: peer.foreign.responder }),
    ],
    ['one whose status it signed itself', 'incorrect_validation_info', () => by(own, { responder: own })],
    ['one without status', 'malformed_signature', async () => ({ signer: own, statuses: [] })],
    [
      'one whose status is no OCSP response',
      'incorrect_validation_info',
      async () => ({ signer: own, statuses: [Buffer.from('0400', 'hex')] }),
    ],
    [
      'another key than is shown',
      'invalid_signature_value',
      async () => ({
        ...(await by(own)),
        shown: peer.signing.certificate,
        statuses: [await peer.status(peer.signing)],
      }),
    ],
    [
      'a certificate other than the signed properties tell of',
      'malformed_signature',
      async () => ({ claimed: own.certificate }),
    ],
  ])('is refused: by %s', async (_name, code, make) => {
    expect(await asking.refusal({ evidence: await make() })).toBe(code);
  });

  it.each<[string, string, RequestWish]>([
    [
      'is over another message',
      'invalid_signature_value',
      { signed: () => [{ uri: '/message.xml', bytes: Buffer.from('other') }] },
    ],
    [
      'digests a body with an algorithm that was not announced',
      'malformed_signature',
      { body, evidence: { digest: 'sha256' } },
    ],
    [
      'is over another body',
      'malformed_signature.invalid_hash_chain_ref',
      {
        body,
        signed: ([head]) => [head as SignedPart, { uri: '/attachment1', bytes: Buffer.from('other') }],
      },
    ],
    [
      'is over the head while a body rides along',
      'malformed_signature',
      { body, evidence: { form: 'plain' } },
    ],
    [
      'is over a name that is not the message',
      'malformed_signature',
      { signed: ([head]) => [{ uri: '/other.xml', bytes: head?.bytes ?? body }] },
    ],
    ['is over nothing', 'malformed_signature', { evidence: { references: [] } }],
    [
      'references one part more than came',
      'malformed_signature',
      {
        body,
        evidence: { form: 'direct' },
        signed: (parts) => [...parts, { uri: '/attachment2', bytes: body }],
      },
    ],
    [
      'references one part fewer than came',
      'malformed_signature',
      { body, evidence: { form: 'direct' }, signed: (parts) => parts.slice(0, 1) },
    ],
    [
      'references the head twice',
      'malformed_signature',
      { evidence: { form: 'direct' }, signed: (parts) => [...parts, ...parts] },
    ],
    [
      'references only the body',
      'malformed_signature',
      { body, evidence: { form: 'direct' }, signed: (parts) => parts.slice(1) },
    ],
    [
      'references a file of the network',
      'malformed_signature',
      {
        evidence: { form: 'direct' },
        signed: (parts) => [...parts, { uri: 'http://127.0.0.1:9/x', bytes: body }],
      },
    ],
    [
      'references a file of the machine',
      'malformed_signature',
      {
        evidence: { form: 'direct' },
        signed: (parts) => [...parts, { uri: 'file:///etc/hostname', bytes: body }],
      },
    ],
    [
      'references its own document',
      'malformed_signature',
      { evidence: { form: 'direct' }, signed: (parts) => [...parts, { uri: '', bytes: body }] },
    ],
    ['has a chain result changed later', 'invalid_signature_value', { body, change: changed }],
    [
      'has a chain, though it references the message',
      'malformed_signature',
      {
        body,
        evidence: { form: 'direct' },
        change: (evidence) => ({ ...evidence, chain: writeChain([[bare(digestOf('other'))]]) }),
      },
    ],
    [
      'lacks its chain',
      'malformed_signature',
      { body, parts: (parts) => parts.filter(({ type }) => type !== 'application/hash-chain') },
    ],
    [
      'lacks its chain result',
      'malformed_signature',
      { body, parts: (parts) => parts.filter(({ type }) => type !== 'application/hash-chain-result') },
    ],
    [
      'lacks both documents of its chain',
      'malformed_signature',
      { body, parts: (parts) => parts.filter(({ type }) => !type.includes('hash-chain')) },
    ],
  ])('is refused when it %s', async (_name, code, wish) => {
    expect(await asking.refusal(wish)).toBe(code);
  });
});

/** One white space more in the result, which readers of the document would not notice. */
function changed(evidence: Evidence): Evidence {
  const { chain } = evidence;
  if (chain === undefined) throw new Error('no chain');
  return { ...evidence, chain: { ...chain, result: Buffer.concat([chain.result, Buffer.from('\n')]) } };
}

/** Moves the reference to the signed properties before the others. */
function propertiesFirst(document: string): string {
  const [reference] = /<ds:Reference [^>]*Type=.*?<\/ds:Reference>/.exec(document) ?? [''];
  return document.replace(reference, '').replace('<ds:Reference ', `${reference}<ds:Reference `);
}
