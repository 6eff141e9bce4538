/**
 * What the literature of attacks on XML signatures has, tried on ours. Each document is tried as a stranger could
 * send it, with the signature it had, and, where that matters, as a member could who signs what it likes.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { SigningMaterial } from './sign.ts';
import { outcomeOf, questionOf, resigned } from './testing/forge.ts';
import { alice, bob, createPki, type Pki, type SignedMessage, signTexts } from './testing/pki.ts';
import { createVerifier } from './verify.ts';

let pki: Pki;
let signer: SigningMaterial;
let plain: SignedMessage;
let text: string;
/** Has accepted the message before, and remembers the shape of its signature. */
const verifier = createVerifier();

beforeAll(async () => {
  pki = await createPki();
  signer = await pki.issueTo(alice);
  plain = await signTexts(signer, 'the head');
  text = plain.documents.signature.toString();
  expect(outcomeOf(questionOf(plain, pki), verifier)).toBe('accepted');
});

/** Code with which the message is refused when that is its signature document. */
function outcomeWith(document: string | Buffer): string {
  const message = { ...plain, documents: { signature: Buffer.from(document) } };
  return outcomeOf(questionOf(message, pki), verifier);
}

/** The same for what a member makes of its own document, signed anew as far as it can be. */
async function outcomesOf(change: (text: string) => string): Promise<string[]> {
  const changed = change(text);
  if (changed === text) throw new Error('nothing was changed');
  const unsigned = outcomeWith(changed);
  const anew = await resigned(plain, signer, change).catch(() => undefined);
  return anew === undefined ? [unsigned] : [unsigned, outcomeWith(anew.documents.signature)];
}

async function expectRefused(from: string | RegExp, to: string): Promise<void> {
  for (const outcome of await outcomesOf((before) => before.replace(from, () => expand(before, from, to)))) {
    expect(outcome).toMatch(/^(MalformedSignature|InvalidSignatureValue)$/);
  }
}

/** `$1` and so on in `to`, of the first match. */
function expand(before: string, from: string | RegExp, to: string): string {
  const groups = typeof from === 'string' ? [from] : (from.exec(before) ?? []);
  return to.replace(/\$(\d)/g, (_all, digit: string) => groups[Number(digit)] ?? '');
}

const elementOf = (name: string, document = text) =>
  new RegExp(`<${name}[ >][\\s\\S]*</${name}>`).exec(document)?.[0] ?? '';
const withoutIds = (piece: string) => piece.replace(/ Id="[^"]*"/g, '');
const withOtherIds = (piece: string) => piece.replace(/ Id="/g, ' Id="other-');

/** Places behind every tag of the document. */
function places(): number[] {
  return [...text.matchAll(/<[^?][^>]*>/g)].map(({ index, 0: tag }) => index + tag.length);
}

describe('a signature wrapped in another, or around one', () => {
  const names = [
    'ds:Signature',
    'ds:Object',
    'ds:SignedInfo',
    'ds:SignatureValue',
    'ds:KeyInfo',
    'ds:X509Data',
    'ds:X509Certificate',
    'xades:QualifyingProperties',
    'xades:SignedProperties',
    'xades:SignedSignatureProperties',
    'xades:UnsignedProperties',
    'xades:UnsignedSignatureProperties',
  ];

  it.each(names)('is refused with a second %s, wherever it stands', async (name) => {
    const piece = elementOf(name);
    expect(piece).not.toBe('');
    const stranger = (await signTexts(await pki.issueTo(bob), 'the head')).documents.signature.toString();
    const pieces = [
      piece,
      withoutIds(piece),
      withOtherIds(piece),
      withoutIds(elementOf(name, stranger)),
      `<${name}></${name}>`,
      // Java servers look for the name as it is written, whatever its prefix stands for.
      `<${name} xmlns:${name.split(':')[0]}="urn:other"></${name}>`,
      // Others look for the name in its namespace, whatever its prefix.
      `<x:${name.split(':')[1]} xmlns:x="${name.startsWith('ds') ? 'http://www.w3.org/2000/09/xmldsig#' : 'http://uri.etsi.org/01903/v1.3.2#'}"/>`,
    ];
    for (const at of places()) {
      for (const one of pieces) {
        const outcome = outcomeWith(text.slice(0, at) + one + text.slice(at));
        expect([at, one, outcome]).toEqual([at, one, 'MalformedSignature']);
      }
    }
  });

  it.each<[string, string]>([
    ['the root', '</asic:XAdESSignatures>'],
    ['the signature', '</ds:Signature>'],
    ['the key information', '</ds:KeyInfo>'],
    ['the object, outside of its properties', '</ds:Object>'],
    ['the unsigned properties', '</xades:UnsignedSignatureProperties>'],
    ['the signed information', '</ds:SignedInfo>'],
    ['the properties themselves', '<xades:SignedSignatureProperties>'],
  ])('is refused when its signed properties moved into %s', async (_what, place) => {
    const properties = elementOf('xades:SignedProperties');
    const forged = withOtherIds(properties).replace(/SigningTime>2026/, 'SigningTime>2020');
    // With nothing left in their place, with others there, and with others of the same id.
    for (const left of ['', forged, properties.replace(/SigningTime>2026/, 'SigningTime>2020')]) {
      const moved = text.replace(properties, left).replace(place, properties + place);
      expect(outcomeWith(moved)).toBe('MalformedSignature');
      const wrapped = text
        .replace(properties, left)
        .replace(place, `<ds:Object>${properties}</ds:Object>${place}`);
      expect(outcomeWith(wrapped)).toBe('MalformedSignature');
    }
  });

  it.each([
    ['Id', ''],
    ['ID', ''],
    ['id', ''],
    ['xml:id', ''],
    ['x:Id', ' xmlns:x="urn:x"'],
    ['ds:Id', ''],
    [
      'wsu:Id',
      ' xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"',
    ],
  ])('is refused when something else has the id of its properties, as %s', (name, declaration) => {
    const other = `<xades:Other${declaration} ${name}="signed-properties"></xades:Other>`;
    for (const place of [
      '<xades:RevocationValues>',
      '</xades:UnsignedSignatureProperties>',
      '<ds:KeyInfo>',
    ]) {
      expect(outcomeWith(text.replace(place, `${other}${place}`))).toBe('MalformedSignature');
    }
    const again = text.replace(' Id="signed-properties"', `$&${declaration} ${name}="signature"`);
    expect(outcomeWith(again)).toBe('MalformedSignature');
  });
});

describe('a comment or a processing instruction', () => {
  it.each(['<!-- -->', '<?x y?>', '<!---->'])('%s anywhere in the signature is refused', (noise) => {
    // What stands outside of the root is nobody's.
    for (const at of places().filter((place) => place < text.length)) {
      expect([at, outcomeWith(text.slice(0, at) + noise + text.slice(at))]).toEqual([
        at,
        'MalformedSignature',
      ]);
    }
  });

  it.each([
    'ds:DigestValue',
    'ds:SignatureValue',
    'ds:X509Certificate',
    'xades:SigningTime',
    'ds:X509IssuerName',
    'ds:X509SerialNumber',
    'xades:Identifier',
    'xades:SPURI',
    'xades:MimeType',
    'xades:EncapsulatedOCSPValue',
  ])('inside the text of %s is refused', async (name) => {
    for (const noise of ['<!-- -->', '<?x y?>', '<!--</ds:Signature>-->']) {
      await expectRefused(new RegExp(`(<${name}[^>]*>[^<]{1,3})`), `$1${noise}`);
    }
  });

  it('inside an address is not XML', async () => {
    await expectRefused('URI="/message.xml"', 'URI="/message.xml<!-- -->"');
  });
});

const c14n = {
  withComments: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments',
  eleven: 'http://www.w3.org/2006/12/xml-c14n11',
  elevenWithComments: 'http://www.w3.org/2006/12/xml-c14n11#WithComments',
  exclusiveWithComments: 'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
  two: 'http://www.w3.org/2010/xml-c14n2',
  physical: 'http://santuario.apache.org/c14n/physical',
  unknown: 'urn:x',
  none: '',
};
const transforms = {
  ...c14n,
  xslt: 'http://www.w3.org/TR/1999/REC-xslt-19991116',
  xpath: 'http://www.w3.org/TR/1999/REC-xpath-19991116',
  xpathFilter: 'http://www.w3.org/2002/06/xmldsig-filter2',
  base64: 'http://www.w3.org/2000/09/xmldsig#base64',
  enveloped: 'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
  decrypt: 'http://www.w3.org/2002/07/decrypt#XML',
};
const inclusive = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';

describe('what is digested otherwise than byte for byte', () => {
  it.each(Object.entries(c14n))('is refused: signed information in canonical form %s', async (_name, uri) => {
    await expectRefused(/(<ds:CanonicalizationMethod Algorithm=")[^"]*/, `$1${uri}`);
  });

  const transform = (uri: string, content = '') =>
    `<ds:Transforms><ds:Transform Algorithm="${uri}">${content}</ds:Transform></ds:Transforms>`;

  it.each(Object.entries(transforms))('is refused: properties transformed by %s', async (_name, uri) => {
    for (const content of ['', '<ds:XPath>true()</ds:XPath>', '<x/>', 'true()']) {
      await expectRefused(/(URI="#signed-properties">)/, `$1${transform(uri, content)}`);
    }
  });

  it.each(Object.entries({ ...transforms, inclusive, exclusive }))(
    'is refused: a file transformed by %s',
    async (_name, uri) => {
      await expectRefused(/(URI="\/message.xml">)/, `$1${transform(uri)}`);
    },
  );

  it.each([
    [
      'a second transform',
      `<ds:Transform Algorithm="${inclusive}"/><ds:Transform Algorithm="${exclusive}"/>`,
    ],
    [
      'a list of prefixes',
      `<ds:Transform Algorithm="${exclusive}"><ec:InclusiveNamespaces xmlns:ec="${exclusive}" PrefixList="x"/></ds:Transform>`,
    ],
    ['no transform in the list', ''],
    ['an attribute nobody knows', `<ds:Transform Algorithm="${inclusive}" x="y"/>`],
  ])('is refused: properties with %s', async (_what, list) => {
    await expectRefused(/(URI="#signed-properties">)/, `$1<ds:Transforms>${list}</ds:Transforms>`);
  });

  it.each([
    'asic:XAdESSignatures',
    'ds:Signature',
    'ds:SignedInfo',
    'ds:CanonicalizationMethod',
    'ds:SignatureMethod',
    'ds:Reference',
    'ds:DigestMethod',
    'ds:Object',
    'xades:QualifyingProperties',
    'xades:SignedProperties',
    'xades:SigningTime',
    'xades:EncapsulatedOCSPValue',
  ])('is refused: xml:base and attributes like it on %s', async (name) => {
    for (const extra of ['xml:base="http://example.invalid/"', 'xml:space="preserve"', 'xml:lang="en"']) {
      await expectRefused(`<${name}`, `<${name} ${extra}`);
    }
  });
});

describe('a reference to something else than a file of the message', () => {
  it.each([
    '',
    '#',
    '#signature',
    '#xpointer(/)',
    "#xpointer(id('signed-properties'))",
    'message.xml',
    './message.xml',
    '/./message.xml',
    '/../message.xml',
    '//message.xml',
    '/message.xml#',
    '/message.xml?',
    '/message%2exml',
    '/MESSAGE.XML',
    ' /message.xml',
    '/message.xml ',
    '/message.xml&#0;',
    '/attachment1',
    '/sig-hashchain.xml',
    'file:///etc/passwd',
    'file:/message.xml',
    '//example.invalid/message.xml',
    'http://127.0.0.1/message.xml',
    'https://example.invalid/message.xml',
    'ftp://example.invalid/message.xml',
    'jar:file:///a.zip!/message.xml',
    'data:text/xml;base64,AAAA',
    'urn:x',
    'a'.repeat(100_000),
  ])('such as "%.40s" is refused', async (uri) => {
    await expectRefused('URI="/message.xml"', `URI="${uri}"`);
  });

  it('or without any address is refused', async () => {
    await expectRefused(' URI="/message.xml"', '');
    await expectRefused(' URI="#signed-properties"', '');
    await expectRefused('URI="#signed-properties"', 'URI=""');
  });
});
