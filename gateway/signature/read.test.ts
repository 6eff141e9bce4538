import { beforeAll, describe, expect, it } from 'vitest';
import type { SigningMaterial } from './sign.ts';
import { altered, outcomeOf, questionOf, resigned } from './testing/forge.ts';
import { alice, createPki, type Pki, type SignedMessage, signTexts } from './testing/pki.ts';
import type { SignatureQuestion } from './verify.ts';

let pki: Pki;
let signer: SigningMaterial;
let plain: SignedMessage;

beforeAll(async () => {
  pki = await createPki();
  signer = await pki.issueTo(alice);
  plain = await signTexts(signer, 'the head');
});

function faultOf(message: SignedMessage, changes: Partial<SignatureQuestion> = {}): string {
  return outcomeOf({ ...questionOf(message, pki), ...changes });
}

describe('a signature document that could be read in two ways', () => {
  it.each<[string, string | RegExp, string]>([
    ['has two signatures', /(<ds:Signature .*<\/ds:Signature>)/, '$1$1'],
    ['has a signature elsewhere', '</ds:Object>', '<x><ds:Signature></ds:Signature></x></ds:Object>'],
    ['has two objects', '</ds:Signature>', '<ds:Object></ds:Object></ds:Signature>'],
    ['has an object before its own', '<ds:Object>', '<ds:Object></ds:Object><ds:Object>'],
    ['has white space in front of its signature', /(<asic:[^>]*>)/, '$1 '],
    ['has an element behind its signature', '</asic:', '<x></x></asic:'],
    ['has an element in front of its signature', /(<asic:[^>]*>)/, '$1<x></x>'],
    ['has two elements of one id', 'Id="ocsp-response-1"', 'Id="signed-properties"'],
    ['spells the attribute of an id differently', 'Id="ocsp-response-1"', 'ID="signed-properties"'],
    ['has other prefixes', /ds:KeyInfo/g, 'dsig:KeyInfo'],
    ['is for another signature', 'Target="#signature"', 'Target="#other"'],
    ['has two certificates', /(<ds:X509Certificate>.*<\/ds:X509Certificate>)/, '$1$1'],
    [
      'has parts in another order',
      /(<ds:SignatureValue.*<\/ds:SignatureValue>)(<ds:KeyInfo>.*<\/ds:KeyInfo>)/,
      '$2$1',
    ],
    ['has text between its elements', '<ds:KeyInfo>', 'x<ds:KeyInfo>'],
    ['has no OCSP response', /<xades:EncapsulatedOCSPValue.*<\/xades:EncapsulatedOCSPValue>/, ''],
    ['has no certificate', /<ds:X509Certificate>.*<\/ds:X509Certificate>/, ''],
    ['has no object', /<ds:Object>.*<\/ds:Object>/, ''],
    ['has no signed properties', /<xades:SignedProperties .*<\/xades:SignedProperties>/, ''],
    ['has base64 that is none', /<ds:X509Certificate>/, '<ds:X509Certificate>*'],
    ['has a document type', '<asic:XAdESSignatures', '<!DOCTYPE x><asic:XAdESSignatures'],
    ['has a comment in front of its signature', /(<asic:[^>]*>)/, '$1<!-- x -->'],
    ['has a comment in what is signed', '<ds:SignedInfo>', '<ds:SignedInfo><!-- x -->'],
    ['has an instruction in what is signed', '<ds:SignedInfo>', '<ds:SignedInfo><?x y?>'],
    ['is not XML', '</asic:XAdESSignatures>', ''],
    ['has no root of its own', /asic:XAdESSignatures/g, 'asic:Other'],
  ])('is refused when it %s', (_what, from, to) => {
    expect(faultOf(altered(plain, from, to))).toBe('MalformedSignature');
  });

  it('may have white space around its signature when it is old and in a container', () => {
    const spaced = altered(plain, /(<asic:[^>]*>)(.*)(<\/asic:)/, '$1\n$2\n$3');
    expect(faultOf(spaced)).toBe('MalformedSignature');
    expect(faultOf(spaced, { mode: 'container' })).toBe('accepted');
  });

  it.each<[string, string | RegExp, string]>([
    [
      'a transform of the message',
      /(URI="\/message.xml">)/,
      '$1<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms>',
    ],
    ['an empty list of transforms', /(URI="\/message.xml">)/, '$1<ds:Transforms></ds:Transforms>'],
    [
      'a transform of the properties that is not canonical XML',
      /(URI="#signed-properties">)/,
      '$1<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"></ds:Transform></ds:Transforms>',
    ],
    [
      'canonical XML with comments',
      'Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"',
      'Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"',
    ],
    ['SHA-1 digests', 'xmlenc#sha512"></ds:DigestMethod>', '09/xmldsig#sha1"></ds:DigestMethod>'],
    ['a SHA-1 signature', /xmldsig-more#ecdsa-sha512/, 'xmldsig-more#ecdsa-sha1'],
    ['a reference to the properties that is not called one', / Type="[^"]*"/, ''],
    ['no reference to the properties', /<ds:Reference Id="signature-reference-1".*?<\/ds:Reference>/, ''],
    [
      'two references to the properties',
      /(<ds:Reference) Id="signature-reference-1"(.*?<\/ds:Reference>)/,
      '$1$2$1$2',
    ],
    ['a reference to other properties', 'URI="#signed-properties"', 'URI="#ocsp-response-1"'],
    ['an address on the network', 'URI="/message.xml"', 'URI="http://example.invalid/"'],
    ['no name of its certificate', /<xades:SigningCertificate>.*<\/xades:SigningCertificate>/, ''],
  ])('is refused with %s, though its member signed that', async (_what, from, to) => {
    const text = plain.documents.signature.toString();
    expect(text.replace(from, to)).not.toBe(text);
    const message = await resigned(plain, signer, (before) => before.replace(from, to)).catch(() =>
      altered(plain, from, to),
    );
    expect(faultOf(message)).toBe('MalformedSignature');
  });

  it('is refused when it names another certificate than it has', async () => {
    const other = await pki.issueTo(alice);
    const message = altered(
      plain,
      signer.certificate.der.toString('base64'),
      other.certificate.der.toString('base64'),
    );
    expect(faultOf(message)).toBe('MalformedSignature');
  });
});
