/** Documents that are made to cost time or memory. None is larger than a peer may send; none is worth a long look. */
import { beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../certs/key/index.ts';
import { Fault } from '../fault/index.ts';
import { verifyHashChain } from './hash-chain-verify.ts';
import type { SigningMaterial } from './sign.ts';
import { questionOf, resigned } from './testing/forge.ts';
import { alice, createPki, type Pki, type SignedMessage, signTexts } from './testing/pki.ts';
import { createVerifier } from './verify.ts';

let pki: Pki;
let signer: SigningMaterial;
let plain: SignedMessage;
let text: string;

beforeAll(async () => {
  pki = await createPki();
  signer = await pki.issueTo(alice);
  plain = await signTexts(signer, 'the head');
  text = plain.documents.signature.toString();
});

/** Code of the refusal; what it says is short whatever was sent. */
function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(error.message.length).toBeLessThan(1000);
    return [...error.within, error.code].join('.');
  }
  return 'accepted';
}

function outcomeWith(document: string | Buffer, verifier = createVerifier()): string {
  const signature = Buffer.from(document);
  // What is larger is refused for that alone, and would show nothing here.
  expect(signature.length).toBeLessThanOrEqual(limit);
  const message = { ...plain, documents: { signature } };
  return codeOf(() => verifier.verify(questionOf(message, pki)));
}

/** The largest document that is looked into. */
const limit = 512 * 1024;
const billionLaughs = (root: string) => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
  );
  return `<!DOCTYPE ${root} [<!ENTITY l0 "ha">${levels.join('')}]>`;
};

describe('a document type', () => {
  const quadratic = `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(50_000)}">]>`;
  it.each<[string, string, string, string]>([
    ['of entities within entities', billionLaughs('x'), 'the time', '&l9;'],
    ['of one long entity, used often', quadratic, 'the time', '&a;'.repeat(50_000)],
    ['of a file', '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>', 'the time', '&f;'],
    ['of an address', '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">', '', ''],
    ['of a parameter entity', '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/"> %p;]>', '', ''],
    ['that names ids', '<!DOCTYPE x [<!ATTLIST ds:KeyInfo x ID #IMPLIED>]>', '', ''],
    ['that gives attributes', '<!DOCTYPE x [<!ATTLIST ds:Reference URI CDATA "/message.xml">]>', '', ''],
    ['that is empty', '<!DOCTYPE x>', '', ''],
  ])('%s is refused', (_what, type, place, entity) => {
    const withType = text.replace('?>', () => `?>${type}`);
    const used = place === '' ? withType : withType.replace(/(?<=<xades:SigningTime>)/, () => entity);
    expect(outcomeWith(used)).toBe('MalformedSignature');
  });

  it('is refused in a hash chain and in its result', async () => {
    const { documents } = await signTexts(signer, 'head', 'body');
    const { hashChain = Buffer.alloc(0), hashChainResult = Buffer.alloc(0) } = documents;
    const typed = (bytes: Buffer) => Buffer.from(bytes.toString().replace('?>', `?>${billionLaughs('x')}`));
    expect(chainOutcome(hashChainResult, typed(hashChain))).toBe('MalformedSignature.MalformedHashChain');
    expect(chainOutcome(typed(hashChainResult), hashChain)).toBe('MalformedSignature.MalformedHashChain');
  });

  it('is not needed for an entity to be refused', () => {
    expect(outcomeWith(text.replace(/(?<=<xades:SigningTime>)/, '&undeclared;'))).toBe('MalformedSignature');
  });
});

describe('a document in another encoding or version', () => {
  it.each([
    ['UTF-16', (all: string) => Buffer.from(`\ufeff${all}`, 'utf16le')],
    ['UTF-16, by its own word', (all: string) => Buffer.from(all.replace('UTF-8', 'UTF-16'))],
    ['UTF-7, by its own word', (all: string) => Buffer.from(all.replace('UTF-8', 'UTF-7'))],
    ['XML 1.1', (all: string) => Buffer.from(all.replace('version="1.0"', 'version="1.1"'))],
    ['octets that are not UTF-8', (all: string) => Buffer.from(all.replace('Test', 'T\xe9st'), 'latin1')],
  ])('is refused: %s', (_what, encode) => {
    expect(outcomeWith(encode(text))).toBe('MalformedSignature');
  });
});

describe('very many', () => {
  const reference = (uri: string) =>
    `<ds:Reference URI="${uri}"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>` +
    `<ds:DigestValue>${digestOf('sha512', Buffer.alloc(0)).toString('base64')}</ds:DigestValue></ds:Reference>`;
  const count = 1_500;
  const many = (make: (index: number) => string, number = count) =>
    Array.from({ length: number }, (_, index) => make(index)).join('');

  it.each([
    ['to the message', () => '/message.xml'],
    ['to attachments', (index: number) => `/attachment${index + 1}`],
    ['to anything', (index: number) => `/${index}/${'x'.repeat(20)}`],
    ['to its own properties', () => '#signed-properties'],
  ])('references %s are refused, signed or not', async (_what, uri) => {
    const change = (all: string) =>
      all.replace('</ds:SignedInfo>', `${many((index) => reference(uri(index)))}$&`);
    expect(outcomeWith(change(text))).toBe('MalformedSignature');
    const { documents } = await resigned(plain, signer, change);
    expect(outcomeWith(documents.signature)).toBe('MalformedSignature');
  });

  it.each<[string, string, (index: number) => string, number]>([
    ['elements in a place for one', '</ds:KeyInfo>', () => '<ds:X509Data></ds:X509Data>', 15_000],
    ['elements with ids', '</xades:UnsignedSignatureProperties>', (at) => `<xades:X Id="i${at}"/>`, 20_000],
    ['elements in its properties', '</xades:DataObjectFormat>', () => '<x/>', 100_000],
  ])('%s are refused', (_what, place, make, number) => {
    expect(outcomeWith(text.replace(place, () => many(make, number) + place))).toBe('MalformedSignature');
  });

  const ocsp = '<xades:EncapsulatedOCSPValue>MAo=</xades:EncapsulatedOCSPValue>';
  const stamp = '<xades:EncapsulatedTimeStamp>MAo=</xades:EncapsulatedTimeStamp>';
  it.each([
    ['OCSP responses', '</xades:OCSPValues>', ocsp, 15],
    [
      'lists of OCSP responses',
      '</xades:UnsignedSignatureProperties>',
      `<xades:RevocationValues><xades:OCSPValues>${ocsp}</xades:OCSPValues></xades:RevocationValues>`,
      15,
    ],
    [
      'timestamps',
      '</xades:UnsignedSignatureProperties>',
      `<xades:SignatureTimeStamp>${stamp}</xades:SignatureTimeStamp>`,
      16,
    ],
  ])('%s are refused, a few are not', (_what, place, piece, most) => {
    const outcomeOfMany = (number: number) =>
      outcomeWith(text.replace(place, () => piece.repeat(number) + place));
    expect([most, most + 1, 500].map(outcomeOfMany)).toEqual([
      'accepted',
      'MalformedSignature',
      'MalformedSignature',
    ]);
  });

  it('certificates of authorities between are refused', async () => {
    const { certificate } = await pki.issueTo(alice);
    const intermediates = Array.from({ length: 17 }, () => certificate);
    const { documents } = await signTexts({ ...signer, intermediates }, 'the head');
    expect(outcomeWith(documents.signature)).toBe('MalformedSignature');
  });

  it('attributes and namespace declarations are refused, or cost no more than they are long', () => {
    const attributes = many((index) => ` a${index}="x"`, 40_000);
    expect(outcomeWith(text.replace('<ds:KeyInfo', `<ds:KeyInfo${attributes}`))).toBe('MalformedSignature');
    const declarations = many((index) => ` xmlns:n${index}="urn:n"`, 8_000);
    const strange = many((index) => `<x xmlns:m${index}="urn:m"></x>`, 2_500);
    const declared = text.replace('<asic:XAdESSignatures', `<asic:XAdESSignatures${declarations}`);
    const format = declared.replace('</xades:DataObjectFormat>', `${strange}</xades:DataObjectFormat>`);
    // The namespaces that were added are part of what is digested.
    expect(outcomeWith(format)).toBe('InvalidSignatureValue');
  });

  it('steps, entries and digests of a hash chain are refused', () => {
    const digest = digestOf('sha512', Buffer.from('the head')).toString('base64');
    const value = `<DigestValue>${digest}</DigestValue>`;
    const step = (id: number, content: string) => `<n:HashStep id="S${id}">${content}</n:HashStep>`;
    const data = (name: string) => `<n:DataRef URI="${name}">${value}</n:DataRef>`;
    const chains = [
      many((index) => step(index, `<n:StepRef URI="#S${index + 1}"/>`), 4_000),
      step(
        0,
        many((index) => data(`/attachment${index}`), 1_500),
      ),
      step(
        0,
        many(() => `<n:StepRef URI="#S0"/>`, 10_000),
      ),
      step(
        0,
        many(() => `<n:HashValue>${value}</n:HashValue>`, 1_500),
      ),
      step(0, data('x'.repeat(200_000))),
      step(0, '<n:x>'.repeat(50_000)),
      // Each level names the next one twice.
      many((index) => step(index, `<n:StepRef URI="#S${index + 1}"/>`.repeat(2)), 31) +
        step(31, data('/message.xml')),
    ];
    for (const steps of chains) {
      const document =
        '<n:HashChain xmlns="http://www.w3.org/2000/09/xmldsig#" xmlns:n="http://cyber.ee/hashchain">' +
        `<n:DefaultDigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>${steps}</n:HashChain>`;
      const result =
        '<n:HashChainResult URI="/sig-hashchain.xml#S0" xmlns="http://www.w3.org/2000/09/xmldsig#" ' +
        'xmlns:n="http://cyber.ee/hashchain"><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>' +
        `${value}</n:HashChainResult>`;
      expect(chainOutcome(Buffer.from(result), Buffer.from(document))).toMatch(/^MalformedSignature\./);
    }
  });
});

describe('very deep, or very long', () => {
  it.each(['<ds:SignedInfo>', '<ds:KeyInfo>', '<xades:SigningTime>', '<xades:UnsignedSignatureProperties>'])(
    'nesting in %s is refused',
    (place) => {
      const depth = 60_000;
      const closed = '<x>'.repeat(depth) + '</x>'.repeat(depth);
      expect(outcomeWith(text.replace(place, () => place + closed))).toBe('MalformedSignature');
      expect(outcomeWith(text.replace(place, () => place + '<x>'.repeat(depth)))).toBe('MalformedSignature');
    },
  );

  const values = ['ds:DigestValue', 'ds:SignatureValue', 'ds:X509Certificate', 'xades:EncapsulatedOCSPValue'];
  const others = [
    'xades:SigningTime',
    'ds:X509SerialNumber',
    'ds:X509IssuerName',
    'xades:Identifier',
    'xades:MimeType',
  ];
  it.each([...values, ...others])('the text of %s is refused, or was all white space', (name) => {
    for (const filler of ['A', ' ', '\r\n', '=', '9', '&amp;']) {
      const long = filler.repeat(400_000 / filler.length);
      const changed = text.replace(new RegExp(`(?<=<${name}[^>]*>)`), () => long);
      const outcome = outcomeWith(changed);
      // White space is no part of base64, and only base64 stands outside of what is signed.
      const isNothing = filler.trim() === '' && values.includes(name) && name !== 'ds:DigestValue';
      if (isNothing) expect(outcome).toBe('accepted');
      else expect(outcome).toMatch(/^(MalformedSignature|InvalidSignatureValue)$/);
    }
  });

  it('documents are not read at all', () => {
    const signature = Buffer.from(text.replace('</ds:KeyInfo>', `${' '.repeat(limit)}</ds:KeyInfo>`));
    const question = questionOf({ ...plain, documents: { signature } }, pki);
    expect(codeOf(() => createVerifier().verify(question))).toBe('MalformedSignature');
    const blank = Buffer.alloc(limit, ' ');
    expect(chainOutcome(blank, blank)).toBe('MalformedSignature.MalformedHashChain');
  });
});

function chainOutcome(result: Buffer, chain: Buffer): string {
  const head = Buffer.from('the head');
  return codeOf(() =>
    verifyHashChain({
      result,
      chain,
      names: ['/message.xml'],
      digestOfFile: (_name, digest) => digestOf(digest, head),
    }),
  );
}
