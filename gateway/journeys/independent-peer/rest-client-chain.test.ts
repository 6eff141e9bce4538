import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Asking, startAsking } from './asking.ts';
import {
  bare,
  dataRefs,
  digestOf,
  digestUris,
  entriesDigest,
  type SignedPart,
  type StepEntry,
} from './chain.ts';
import type { RequestWish } from './client.ts';
import { hasOpenssl } from './pki.ts';
import type { EvidenceWish } from './xades.ts';

const body = Buffer.from('{"a":1}');

describe.skipIf(!hasOpenssl)('a request whose parts are signed through a hash chain', () => {
  let asking: Asking;
  beforeAll(async () => {
    asking = await startAsking();
  });
  afterAll(() => asking?.close());

  const steps = (...made: StepEntry[][]) => ({ steps: made });
  const chainCases: [string, string, (parts: SignedPart[]) => Partial<EvidenceWish>][] = [
    [
      'lists one part of two',
      'malformed_signature.hashchain_unused_inputs',
      ([head]) => steps(dataRefs([head as SignedPart])),
    ],
    [
      'lists a part that did not come',
      'malformed_signature.invalid_reference',
      (parts) => steps([...dataRefs(parts), ...dataRefs([{ uri: '/attachment2', bytes: body }])]),
    ],
    [
      'lists a part twice',
      'malformed_signature.malformed_hash_chain',
      (parts) => steps([...dataRefs(parts), ...dataRefs(parts.slice(1))]),
    ],
    [
      'lists the parts in the other order',
      'malformed_signature.malformed_hash_chain',
      (parts) => steps(dataRefs([...parts].reverse())),
    ],
    [
      'begins with a step that is not there',
      'malformed_signature.malformed_hash_chain',
      () => ({ chain: { start: '/sig-hashchain.xml#STEP9' } }),
    ],
    [
      'begins nowhere',
      'malformed_signature.malformed_hash_chain',
      () => ({ chain: { start: '/sig-hashchain.xml' } }),
    ],
    [
      'begins with an empty name',
      'malformed_signature.malformed_hash_chain',
      () => ({ chain: { start: '/sig-hashchain.xml#' } }),
    ],
    [
      'begins in its own result',
      'malformed_signature.malformed_hash_chain',
      () => ({ chain: { start: '#STEP0' } }),
    ],
    [
      'begins in another document',
      'malformed_signature.malformed_hash_chain',
      () => ({ chain: { start: '/ts-hashchain.xml#STEP0' } }),
    ],
    [
      'begins in a document of the network',
      'malformed_signature.malformed_hash_chain',
      () => ({ chain: { start: 'http://127.0.0.1/c.xml#STEP0' } }),
    ],
    [
      'comes to another value than its result',
      'malformed_signature.invalid_hash_chain',
      () => ({ chain: { root: digestOf('other') } }),
    ],
    [
      'turns a part into a bare digest',
      'malformed_signature.hashchain_unused_inputs',
      (parts) => steps(dataRefs(parts).map((entry, at) => (at === 1 ? bare(entry.digest) : entry))),
    ],
    [
      'writes another digest beside the name of a part',
      'malformed_signature.invalid_hash_chain_ref',
      (parts) => steps(dataRefs(parts).map((entry) => ({ ...entry, written: digestOf('other') }))),
    ],
    [
      'refers to itself',
      'malformed_signature.malformed_hash_chain',
      (parts) => steps([...dataRefs(parts), { kind: 'StepRef', uri: '#STEP0', digest: digestOf('') }]),
    ],
    [
      'goes round over two steps',
      'malformed_signature.malformed_hash_chain',
      (parts) => steps([step('#STEP1', 'x')], [...dataRefs(parts), step('#STEP0', 'y')]),
    ],
    [
      'refers to a step that is not there',
      'malformed_signature.malformed_hash_chain',
      (parts) => steps([...dataRefs(parts), step('#STEP7', 'x')]),
    ],
    ['goes through forty steps', 'malformed_signature.malformed_hash_chain', (parts) => deep(parts, 40)],
    [
      'has a thousand steps that nobody needs',
      'malformed_signature.malformed_hash_chain',
      (parts) => steps(dataRefs(parts), ...Array.from({ length: 1000 }, () => [bare(digestOf('x'))])),
    ],
    [
      'transforms a part',
      'malformed_signature.malformed_hash_chain',
      (parts) =>
        steps(
          dataRefs(parts).map((entry) => ({
            ...entry,
            before:
              '<d:Transforms><d:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/></d:Transforms>',
          })),
        ),
    ],
    [
      'is of SHA-1',
      'malformed_signature.malformed_hash_chain',
      (parts) => ({ ...steps(dataRefs(parts, 'sha1')), chain: { digest: 'sha1' } }),
    ],
    [
      'has a part of SHA-1',
      'malformed_signature.malformed_hash_chain',
      (parts) =>
        steps(
          dataRefs(parts).map((entry) => ({
            ...entry,
            before: `<d:DigestMethod Algorithm="${digestUris.sha1}"/>`,
          })),
        ),
    ],
    [
      'has a part of SHA-256',
      'malformed_signature.invalid_hash_chain_ref',
      (parts) =>
        steps(
          dataRefs(parts).map((entry) => ({
            ...entry,
            before: `<d:DigestMethod Algorithm="${digestUris.sha256}"/>`,
          })),
        ),
    ],
  ];
  it.each(chainCases)('is refused when its hash chain %s', async (_name, code, make) => {
    expect(await withChain((wish) => asking.refusal(wish), make)).toBe(code);
  });

  it.each<[string, (parts: SignedPart[]) => Partial<EvidenceWish>]>([
    ['lists the parts in two steps', (parts) => nested(parts.map((part) => dataRefs([part])))],
    [
      'is of a batch',
      (parts) =>
        steps([bare(digestOf('other')), step('#STEP1', entriesDigest(dataRefs(parts)))], dataRefs(parts)),
    ],
    ['goes through twenty steps', (parts) => deep(parts, 20)],
  ])('is believed when its hash chain %s', async (_name, make) => {
    expect(await withChain((wish) => asking.outcome(wish), make)).toBe('answered');
  });

  async function withChain<Result>(
    ask: (wish: RequestWish) => Promise<Result>,
    make: (parts: SignedPart[]) => Partial<EvidenceWish>,
  ): Promise<Result> {
    // The chain is made of the very parts that are sent, which are known when they are signed.
    const evidence: { form: 'chain'; steps?: StepEntry[][] } & Partial<EvidenceWish> = { form: 'chain' };
    const signed = (parts: readonly SignedPart[]) => {
      Object.assign(evidence, make([...parts]));
      return parts;
    };
    return ask({ body, evidence, signed });
  }
});

const step = (uri: string, digest: Buffer | string): StepEntry => ({
  ...{ kind: 'StepRef', uri },
  digest: typeof digest === 'string' ? digestOf(digest) : digest,
});

/** A first step that refers to every further one. */
function nested(further: StepEntry[][]): Partial<EvidenceWish> {
  const top = further.map((entries, at) => step(`#STEP${at + 1}`, entriesDigest(entries)));
  return { steps: [top, ...further] };
}

/** A chain of one step below another, as of one message in a large batch. */
function deep(parts: readonly SignedPart[], depth: number): Partial<EvidenceWish> {
  const made: StepEntry[][] = [dataRefs(parts)];
  for (let at = depth - 1; at > 0; at -= 1) {
    made.unshift([step(`#STEP${at}`, entriesDigest(made[0] ?? [])), bare(digestOf(`sibling ${at}`))]);
  }
  return { steps: made };
}
