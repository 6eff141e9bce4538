import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DigestName, digestOf } from '../../certs/key/index.ts';
import { Fault } from '../fault/index.ts';
import { buildHashChains, type HashedFile } from './hash-chain-build.ts';
import { verifyHashChain } from './hash-chain-verify.ts';

const vectors = existsSync('../shared/vectors/hash-chains');
const vector = (path: string) => readFileSync(`../shared/vectors/${path}`);
const sha512 = (text: string | Uint8Array) =>
  digestOf('sha512', typeof text === 'string' ? Buffer.from(text) : text);

const head = Buffer.from(
  [
    'POST',
    '/r1/DEV/COM/222/Sub2/echo/items?x=1',
    'accept:application/json',
    'X-Road-Client:DEV/COM/111/Sub1',
    'Content-Type:application/json',
    'x-road-request-id:7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e01',
    'x-road-id:DEV-2b1d8c90-55f2-4d0b-8a44-6f2d8f1f7a10',
    '',
  ].join('\r\n'),
);

/** Verifies against files whose SHA-512 is at hand. */
function verify(
  result: Uint8Array,
  chain: Uint8Array,
  files: readonly HashedFile[],
  options: { allowMissing?: boolean; chainName?: string } = {},
) {
  return verifyHashChain({
    result,
    chain,
    names: files.map(({ name }) => name),
    digestOfFile: (name) => files.find((file) => file.name === name)?.digest ?? Buffer.alloc(0),
    ...options,
  });
}

function faultOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return [...error.within, error.code].join('.');
    throw error;
  }
  return 'accepted';
}

function rootOf(result: Buffer): string | undefined {
  return /<DigestValue>([^<]*)</.exec(result.toString())?.[1];
}

const parts: readonly HashedFile[] = [
  { name: '/message.xml', digest: sha512(head) },
  { name: '/attachment1', digest: sha512('{"a":1}') },
];

describe('a hash chain', () => {
  it('of a REST message with a body is the one X-Road makes', () => {
    expect(head).toHaveLength(239);
    const { result, chains } = buildHashChains([parts], 'sha512');
    const root = 'RUCMkYME1oUctuTskRwW8EPsDIrxtBZJj4+nwtIV4kmgs4nHvskSgs1/HX0WeyJACWvUOD/C1dHvG+SBM4hmNw==';
    expect(result.toString()).toBe(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<ns2:HashChainResult URI="/sig-hashchain.xml#STEP0" xmlns="http://www.w3.org/2000/09/xmldsig#" xmlns:ns2="http://cyber.ee/hashchain">
    <DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>
    <DigestValue>${root}</DigestValue>
</ns2:HashChainResult>
`);
    expect(chains.map(String)).toEqual([
      `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<ns2:HashChain xmlns="http://www.w3.org/2000/09/xmldsig#" xmlns:ns2="http://cyber.ee/hashchain">
    <ns2:DefaultDigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>
    <ns2:HashStep id="STEP0">
        <ns2:DataRef URI="/message.xml">
            <DigestValue>iVeAMj1BNsFKLA+DocDAZCdDaChM94dP9yLqQtJGOCos/aexsyDJMGQ0p2IDfNVbzfwgV8ZI1MO/LEv521JqCw==</DigestValue>
        </ns2:DataRef>
        <ns2:DataRef URI="/attachment1">
            <DigestValue>77eoKY+QWudD2+IVLhYkFfYqFtLVrFx4gW3NVxFOeldHKbgTmI8dCYTPbzjE/Mmjfqn+w9o1GYNTb3J4XXq3Bw==</DigestValue>
        </ns2:DataRef>
    </ns2:HashStep>
</ns2:HashChain>
`,
    ]);
  });

  it('of a batch of three is the one X-Road makes', () => {
    const batch = ['alpha', 'beta', 'gamma'].map((text) => [{ name: '/message.xml', digest: sha512(text) }]);
    const { result, chains } = buildHashChains(batch, 'sha512');
    expect(rootOf(result)).toBe(
      '2lO4Jx3814VBy5zU4QFZYfNBgZqdP82V3PtCShcvOxfReGnY0UMptf7j7XXacOLibLV6s9Z830GlAEHz6VsPzw==',
    );
    const node = 'Un5lxdwzx2EEYrcWfe21Jgje56uWDNVtI9NypLwd4VHVrCBaMyGGhSV35+4Ft5sXPl0LMScnm+DTe+6TAiq0lQ==';
    const shape = (chain: Buffer | undefined) =>
      chain
        ?.toString()
        .replace(/^[\s\S]*?DefaultDigestMethod[^>]*>/, '')
        .replaceAll(sha512('alpha').toString('base64'), 'alpha')
        .replaceAll(sha512('beta').toString('base64'), 'beta')
        .replaceAll(sha512('gamma').toString('base64'), 'gamma')
        .replaceAll(node, 'node')
        .replace(/<\/?DigestValue>|\s+(?=<|$)|<\/ns2:HashChain>|ns2:/g, '')
        .replace(/(>)\s+/g, '$1');
    expect(shape(chains[2])).toBe(
      '<HashStep id="STEP0"><HashValue>node</HashValue><DataRef URI="/message.xml">gamma</DataRef></HashStep>',
    );
    expect(shape(chains[0])).toBe(
      '<HashStep id="STEP0"><StepRef URI="#STEP1"/><HashValue>gamma</HashValue></HashStep>' +
        '<HashStep id="STEP1"><DataRef URI="/message.xml">alpha</DataRef><HashValue>beta</HashValue></HashStep>',
    );
  });

  it('leads every message of a batch of any shape to the result', () => {
    const batch = fc.array(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 70,
    });
    fc.assert(
      fc.property(batch, fc.constantFrom<DigestName>('sha256', 'sha384', 'sha512'), (texts, digest) => {
        const messages = texts.map((message) =>
          message.map((text, index) => ({
            name: index === 0 ? '/message.xml' : `/attachment${index}`,
            digest: digestOf(digest, Buffer.from(text)),
          })),
        );
        const { result, chains } = buildHashChains(messages, digest);
        messages.forEach((files, index) => {
          expect(verify(result, chains[index] ?? result, files).missing).toEqual([]);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('is refused when any one of its digests or bytes of text differs', () => {
    const { result, chains } = buildHashChains([parts], 'sha512');
    const chain = chains[0] ?? result;
    expect(
      faultOf(() =>
        verify(result, chain, [parts[0], { name: '/attachment1', digest: sha512('x') }] as HashedFile[]),
      ),
    ).toBe('MalformedSignature.InvalidHashChainRef');
    const digits = [...chain.toString().matchAll(/<DigestValue>([^<]+)/g)].map(({ index, 0: all }) => [
      index + '<DigestValue>'.length,
      index + all.length - 3,
    ]);
    fc.assert(
      fc.property(
        fc.constantFrom(...digits),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        ([from = 0, to = 0], at, bits) => {
          const altered = Buffer.from(chain);
          const place = from + (at % (to - from));
          altered[place] = (altered[place] ?? 0) ^ bits;
          expect(faultOf(() => verify(result, altered, parts))).not.toBe('accepted');
        },
      ),
    );
  });
});

const method = '<ns2:DefaultDigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>';
const declarations = 'xmlns="http://www.w3.org/2000/09/xmldsig#" xmlns:ns2="http://cyber.ee/hashchain"';
const chainOf = (steps: string) =>
  Buffer.from(`<ns2:HashChain ${declarations}>${method}${steps}</ns2:HashChain>`);
const step = (id: number, content: string) => `<ns2:HashStep id="STEP${id}">${content}</ns2:HashStep>`;
const dataRef = ({ name, digest }: HashedFile, extra = '') =>
  `<ns2:DataRef URI="${name}">${extra}<DigestValue>${digest.toString('base64')}</DigestValue></ns2:DataRef>`;
const hashValue = (digest: Buffer) =>
  `<ns2:HashValue><DigestValue>${digest.toString('base64')}</DigestValue></ns2:HashValue>`;
const stepRef = (id: number) => `<ns2:StepRef URI="#STEP${id}"/>`;
const [message, attachment] = parts as [HashedFile, HashedFile];
const second = { name: '/attachment2', digest: sha512('second') };
const goodResult = buildHashChains([parts], 'sha512').result;

describe('a hash chain from a stranger', () => {
  it.each<[string, string, readonly HashedFile[], string]>([
    [
      'whose step contains itself',
      step(0, stepRef(0) + hashValue(message.digest)),
      parts,
      'MalformedHashChain',
    ],
    [
      'with a circle of steps',
      step(0, stepRef(1) + stepRef(2)) + step(1, stepRef(2)) + step(2, stepRef(1)),
      parts,
      'MalformedHashChain',
    ],
    [
      'with a step used twice',
      step(0, stepRef(1) + stepRef(1)) + step(1, dataRef(message)),
      [message],
      'MalformedHashChain',
    ],
    ['with a part used twice', step(0, dataRef(message) + dataRef(message)), [message], 'MalformedHashChain'],
    [
      'with more steps than any batch needs',
      Array.from({ length: 33 }, (_, id) => step(id, stepRef(id + 1) + hashValue(message.digest))).join(''),
      parts,
      'MalformedHashChain',
    ],
    ['without the step the result names', step(1, dataRef(message)), [message], 'MalformedHashChain'],
    [
      'with two steps of one id',
      step(0, dataRef(message)) + step(0, dataRef(message)),
      [message],
      'MalformedHashChain',
    ],
    ['with an empty step', step(0, ''), [message], 'MalformedHashChain'],
    [
      'with a transform',
      step(
        0,
        dataRef(message, '<Transforms><Transform Algorithm="urn:x"/></Transforms>') + dataRef(attachment),
      ),
      parts,
      'MalformedHashChain',
    ],
    [
      'with an empty list of transforms',
      step(0, dataRef(message, '<Transforms/>') + dataRef(attachment)),
      parts,
      'MalformedHashChain',
    ],
    [
      'with SHA-1',
      step(0, dataRef(message, '<DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>')),
      [message],
      'MalformedHashChain',
    ],
    [
      'that names a step of another document',
      step(0, '<ns2:StepRef URI="/other.xml#STEP1"/>'),
      [message],
      'MalformedHashChain',
    ],
    [
      'that names a part the message does not have',
      step(0, dataRef(message) + dataRef(attachment)),
      [message],
      'InvalidReference',
    ],
    [
      'that withholds one of several attachments',
      step(0, dataRef(message) + dataRef(attachment) + hashValue(second.digest)),
      parts,
      'MalformedHashChain',
    ],
  ])('%s is refused', (_what, steps, files, code) => {
    expect(faultOf(() => verify(goodResult, chainOf(steps), files))).toBe(`MalformedSignature.${code}`);
  });

  it('that puts an attachment in the place of the head is refused', () => {
    // The step is the one that was signed; only what its digests are called has changed.
    const posing = [
      { name: '/attachment1', digest: message.digest },
      { name: '/message.xml', digest: attachment.digest },
    ];
    const chain = chainOf(step(0, posing.map((one) => dataRef(one)).join('')));
    expect(faultOf(() => verify(goodResult, chain, posing))).toBe('MalformedSignature.MalformedHashChain');
  });

  it('that leaves a part of the message out is refused', () => {
    const { result, chains } = buildHashChains([parts], 'sha512');
    expect(faultOf(() => verify(result, chains[0] ?? result, [...parts, second]))).toBe(
      'MalformedSignature.HashChainUnusedInputs',
    );
  });

  it('that leads elsewhere than its result is refused', () => {
    const other = buildHashChains([[message, second]], 'sha512').chains[0] ?? goodResult;
    expect(faultOf(() => verify(goodResult, other, [message, second]))).toBe(
      'MalformedSignature.InvalidHashChain',
    );
  });

  it.each([
    ['names another document', '/other.xml#STEP0'],
    ['names no step', '/sig-hashchain.xml#'],
    ['has no fragment', '/sig-hashchain.xml'],
    ['names nothing', ''],
  ])('is refused when its result %s', (_what, uri) => {
    const result = Buffer.from(goodResult.toString().replace('/sig-hashchain.xml#STEP0', uri));
    const chain = buildHashChains([parts], 'sha512').chains[0] ?? result;
    expect(faultOf(() => verify(result, chain, parts))).toBe('MalformedSignature.MalformedHashChain');
  });

  it('that is no chain at all raises a fault and nothing else', () => {
    const { result, chains } = buildHashChains([parts], 'sha512');
    const chain = chains[0] ?? result;
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), fc.nat(), (junk, from, length) => {
        const at = from % chain.length;
        const altered = Buffer.concat([chain.subarray(0, at), junk, chain.subarray(at + (length % 40))]);
        faultOf(() => verify(result, altered, parts));
        faultOf(() => verify(junk, altered, parts));
      }),
    );
  });

  it('may name parts that a container lacks, and these are reported', () => {
    const { result, chains } = buildHashChains([parts], 'sha512');
    const { missing } = verify(result, chains[0] ?? result, [message], { allowMissing: true });
    expect(missing).toEqual([attachment]);
  });
});

describe('hash chains of X-Road', () => {
  const check = (chain: string, messageName: string) => {
    const bytes = vector(messageName);
    return faultOf(() =>
      verifyHashChain({
        result: vector(`hash-chains/hc-verifier${chain[0]}-hashchainresult.xml`),
        chain: vector(`hash-chains/hc-verifier${chain}.xml`),
        chainName: '/hashchain.xml',
        names: ['/message.xml'],
        digestOfFile: (_name, digest) => digestOf(digest, bytes),
      }),
    );
  };

  it.skipIf(!vectors)('are accepted when good (needs ../shared/vectors)', () => {
    expect(check('1-hashchain', 'hash-chains/hc-verifier1-message.xml')).toBe('accepted');
  });

  it.skipIf(!vectors)(
    'are refused with a wrong digest, and with a transform (needs ../shared/vectors)',
    () => {
      const name = 'hash-chains/hc-verifier3-message.xml';
      expect(check('3-hashchain-invalid', name)).toBe('MalformedSignature.InvalidHashChainRef');
      expect(check('3-hashchain', name)).toBe('MalformedSignature.MalformedHashChain');
    },
  );

  it.skipIf(!vectors)('of a batch lead each message to the signed result (needs ../shared/vectors)', () => {
    const files = [
      { name: '/message.xml', digest: sha512(vector('signatures/message-1.xml')) },
      {
        name: '/attachment1',
        digest: Buffer.from(
          'ylyfi1WldaJ+fsUy5+h5Hfep7cM4z0f0Cua3zrCn8+rLrCRPuYym+9pMequYW0ZnQMqNUnZp0RFNqLEWnUWq2w==',
          'base64',
        ),
      },
    ];
    const result = vector('signatures/hash-chain-result.xml');
    expect(faultOf(() => verify(result, vector('signatures/hash-chain-1.xml'), files))).toBe('accepted');
  });

  it.skipIf(!vectors)('of a batch of three fit a result that is made here (needs ../shared/vectors)', () => {
    const chain = vector('signatures/hash-chain-2.xml');
    // Its three messages are one and the same; the bytes are not among the vectors, the digest is.
    const written = /<DigestValue>([^<]*)/.exec(chain.toString())?.[1] ?? '';
    const file = { name: '/message.xml', digest: Buffer.from(written, 'base64') };
    const { result, chains } = buildHashChains([[file], [file], [file]], 'sha512');
    expect(faultOf(() => verify(result, chain, [file]))).toBe('accepted');
    expect(chain.toString().replace(/\s+/g, '')).toBe(chains[0]?.toString().replace(/\s+/g, ''));
    const another = vector('signatures/hash-chain-result.xml');
    expect(faultOf(() => verify(another, chain, [file]))).toBe('MalformedSignature.InvalidHashChain');
  });
});
