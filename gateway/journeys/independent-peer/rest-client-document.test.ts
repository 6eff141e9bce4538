import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Asking, startAsking } from './asking.ts';
import { digestUris } from './chain.ts';
import { hasOpenssl } from './pki.ts';
import type { EvidenceWish } from './xades.ts';

const malformed = 'malformed_signature';
const wrongValue = 'invalid_signature_value';
const dsNamespace = 'http://www.w3.org/2000/09/xmldsig#';
const transform = (algorithm: string, inner = '') =>
  `<ds:Transforms><ds:Transform Algorithm="${algorithm}">${inner}</ds:Transform></ds:Transforms>`;
const inclusive = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';

/** Puts markup in front of the first place where a text stands. */
const inFront = (place: string, markup: string) => (document: string) =>
  document.replace(place, () => `${markup}${place}`);
const behind = (place: string, markup: string) => (document: string) =>
  document.replace(place, () => `${place}${markup}`);
const instead = (place: string | RegExp, markup: string) => (document: string) =>
  document.replace(place, () => markup);
const [objectEnd, signatureEnd, rootEnd] = ['</ds:Object>', '</ds:Signature>', '</asic:XAdESSignatures>'];
const elementOf = (document: string, name: string) =>
  new RegExp(`<${name}[ >].*?</${name}>`, 's').exec(document)?.[0] ?? '';

describe.skipIf(!hasOpenssl)('a signature document that is not the one document', () => {
  let asking: Asking;
  beforeAll(async () => {
    asking = await startAsking();
  });
  afterAll(() => asking?.close());

  it.each<[string, string, Partial<EvidenceWish>]>([
    ['signs with RSA and SHA-1', malformed, { digest: 'sha1' }],
    ['digests the message with SHA-1', malformed, withReferenceDigest('sha1')],
    ['digests its properties with SHA-1', malformed, { propertiesDigest: 'sha1' }],
    ['names an unknown method', malformed, { method: 'http://www.w3.org/2000/09/xmldsig#hmac-sha1' }],
    [
      'names another method than it used',
      wrongValue,
      { method: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256' },
    ],
    [
      'names a method of another kind of key',
      wrongValue,
      { method: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512' },
    ],
    ['is canonicalised exclusively', wrongValue, { canonicalization: exclusive }],
    ['is canonicalised with comments', malformed, { canonicalization: `${inclusive}#WithComments` }],
    ['is canonicalised by 1.1', malformed, { canonicalization: 'http://www.w3.org/2006/12/xml-c14n11' }],
    [
      'says that its properties are canonicalised exclusively',
      wrongValue,
      { propertiesTransforms: transform(exclusive) },
    ],
    [
      'transforms its properties by XSLT',
      malformed,
      { propertiesTransforms: transform('http://www.w3.org/TR/1999/REC-xslt-19991116', '<x>y</x>') },
    ],
    [
      'transforms its properties by XPath',
      malformed,
      {
        propertiesTransforms: transform(
          'http://www.w3.org/TR/1999/REC-xpath-19991116',
          '<ds:XPath>1</ds:XPath>',
        ),
      },
    ],
    [
      'transforms the message by base64',
      malformed,
      { draft: behind('URI="/message.xml">', transform(`${dsNamespace}base64`)) },
    ],
    [
      'transforms the message as enveloped',
      malformed,
      { draft: behind('URI="/message.xml">', transform(`${dsNamespace}enveloped-signature`)) },
    ],
    ['has another prefix for ds', malformed, { prefixes: { asic: 'asic', ds: 'sig', xades: 'xades' } }],
    ['has another prefix for xades', malformed, { prefixes: { asic: 'asic', ds: 'ds', xades: 'etsi' } }],
    [
      'gives the prefix ds to another namespace',
      malformed,
      { draft: instead(dsNamespace, 'http://example.com/') },
    ],
    [
      'has xml:base on its root',
      malformed,
      { draft: behind('<asic:XAdESSignatures', ' xml:base="http://127.0.0.1/"') },
    ],
    [
      'has a reference without type to its properties',
      malformed,
      { draft: instead(' Type="http://uri.etsi.org/01903#SignedProperties"', '') },
    ],
    [
      'has a reference to its properties by XPointer',
      malformed,
      { draft: instead('URI="#signed-properties"', `URI="#xpointer(id('signed-properties'))"`) },
    ],
    [
      'has a second reference to its properties',
      malformed,
      { draft: twice(/<ds:Reference [^>]*Type=.*?<\/ds:Reference>/) },
    ],
    [
      'has no reference to its properties',
      malformed,
      { draft: instead(/<ds:Reference [^>]*Type=.*?<\/ds:Reference>/, '') },
    ],
    [
      'has a manifest',
      malformed,
      { draft: inFront('<xades:QualifyingProperties', '<ds:Manifest></ds:Manifest>') },
    ],
    [
      'has no signed properties',
      malformed,
      { draft: instead(/<xades:SignedProperties.*<\/xades:SignedProperties>/, '') },
    ],
    [
      'aims its properties at another signature',
      malformed,
      { draft: instead('Target="#signature"', 'Target="#other"') },
    ],
    [
      'has a second certificate',
      malformed,
      { draft: twice(/<ds:X509Certificate>.*?<\/ds:X509Certificate>/) },
    ],
    ['has no certificate', malformed, { draft: instead(/<ds:KeyInfo>.*<\/ds:KeyInfo>/, '') }],
    [
      'has a bare key beside its certificate',
      malformed,
      { draft: inFront('<ds:X509Data>', '<ds:KeyName>other</ds:KeyName>') },
    ],
    [
      'has the signed properties in a second object',
      malformed,
      {
        draft: (document) =>
          document.replace(
            objectEnd,
            `${objectEnd}<ds:Object>${elementOf(document, 'xades:SignedProperties').replace('signed-properties', 'other')}</ds:Object>`,
          ),
      },
    ],
    ['takes an Id twice', malformed, { draft: instead('Id="signature-value"', 'Id="signed-properties"') }],
  ])('is refused when it %s', async (_name, code, evidence) => {
    expect(await asking.refusal({ evidence })).toBe(code);
  });

  it.each<[string, string, (document: string) => string]>([
    [
      'a second signature behind',
      malformed,
      (document) => behind(signatureEnd, elementOf(document, 'ds:Signature'))(document),
    ],
    [
      'a second signature before',
      malformed,
      (document) => inFront('<ds:Signature ', elementOf(document, 'ds:Signature'))(document),
    ],
    ['a second object', malformed, behind(objectEnd, '<ds:Object></ds:Object>')],
    ['the properties wrapped away, others in their place', malformed, wrapped],
    ['white space before the signature', malformed, inFront('<ds:Signature ', '\n  ')],
    ['a comment before the signature', malformed, inFront('<ds:Signature ', '<!-- x -->')],
    ['a comment in its value', malformed, behind('<ds:SignatureValue Id="signature-value">', '<!-- x -->')],
    ['a comment in a digest', malformed, behind('<ds:DigestValue>', '<!-- x -->')],
    ['a processing instruction', malformed, behind('<ds:SignedInfo>', '<?x y?>')],
    ['an element of another kind behind the signature', malformed, inFront(rootEnd, '<other></other>')],
    ['another root', malformed, (document) => document.replaceAll('asic:XAdESSignatures', 'asic:Other')],
    ['a document type', malformed, inFront('<asic:XAdESSignatures', '<!DOCTYPE x>')],
    [
      'entities that grow',
      malformed,
      (document) => inFront('<asic:XAdESSignatures', laughs)(document).replace('2001', '&c;'),
    ],
    [
      'an external entity',
      malformed,
      (document) =>
        inFront(
          '<asic:XAdESSignatures',
          '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        )(document).replace('SigningTime>', 'SigningTime>&e;'),
    ],
    ['another signed property', wrongValue, instead('OIDAsURN', 'OIDAsURI')],
    ['another signing time', wrongValue, instead(/SigningTime>\d{4}/, 'SigningTime>1999')],
    ['another digest of the message', wrongValue, instead(/<ds:DigestValue>...../, '<ds:DigestValue>AAAAA')],
    ['another value', wrongValue, instead(/"signature-value">...../, '"signature-value">AAAAA')],
    ['an empty value', malformed, instead(/"signature-value">[^<]*/, '"signature-value">')],
    ['a value that is no base64', malformed, instead(/"signature-value">...../, '"signature-value">*****')],
    ['one more namespace', wrongValue, behind('<asic:XAdESSignatures', ' xmlns:x="http://x"')],
    ['one namespace fewer', wrongValue, instead(/ xmlns:xsi="[^"]*"/, '')],
    ['no end', malformed, (document) => document.slice(0, -20)],
    ['nothing', malformed, () => ''],
    ['UTF-16', malformed, (document) => document.replace('UTF-8', 'UTF-16')],
    ['a million elements', 'service_failed.invalid_message', inFront(rootEnd, '<a/>'.repeat(1_000_000))],
    ['ten thousand levels', malformed, inFront(rootEnd, `${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}`)],
  ])('is refused with %s', async (_name, code, edit) => {
    expect(await asking.refusal({ evidence: { edit } })).toBe(code);
  });

  it('is believed when digests wrap as Java wraps them', async () => {
    const edit = (document: string) =>
      document.replace(/"signature-value">([^<]*)/, (_all, value: string) => {
        return `"signature-value">${value.replaceAll(/(.{76})/g, '$1&#13;\n')}`;
      });
    expect(await asking.outcome({ evidence: { edit } })).toBe('answered');
    const draft = (document: string) =>
      document.replace('<ds:SignedInfo>', '\n  <ds:SignedInfo>').replace('<ds:KeyInfo>', '\n<ds:KeyInfo>\n');
    expect(await asking.outcome({ evidence: { draft } })).toBe('answered');
  });
});

const laughs =
  '<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>';

function twice(pattern: RegExp): (document: string) => string {
  return (document) => document.replace(pattern, (found) => `${found}${found}`);
}

/** The digested properties move out of the object, and forged ones take their place. */
function wrapped(document: string): string {
  const honest = elementOf(document, 'xades:SignedProperties');
  const forged = honest.replace(/SigningTime>\d{4}/, 'SigningTime>1999');
  const opening = /<ds:Signature /;
  return document.replace(honest, () => forged).replace(opening, () => `<x>${honest}</x><ds:Signature `);
}

function withReferenceDigest(digest: 'sha1'): Partial<EvidenceWish> {
  const uri = digestUris[digest];
  return { draft: instead(digestUris.sha512, uri) };
}
