import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestOf, type KeySpec } from '../../certs/key/index.ts';
import { Fault } from '../fault/index.ts';
import { canonicalize, descendants, parseXml } from '../xml/index.ts';
import { buildHashChains } from './hash-chain-build.ts';
import { readSignature } from './read.ts';
import { type SignatureDocuments, type SigningMaterial, signMessage } from './sign.ts';
import {
  alice,
  bob,
  createPki,
  type Pki,
  partsOf,
  type SignedMessage,
  signedAt,
  signTexts,
} from './testing/pki.ts';
import { addTimestamp } from './timestamp.ts';
import { createVerifier, type SignatureQuestion } from './verify.ts';

const at = new Date(signedAt.getTime() + 1000);
let pki: Pki;
let signer: SigningMaterial;
let plain: SignedMessage;
let chained: SignedMessage;

beforeAll(async () => {
  pki = await createPki();
  signer = await pki.issueTo(alice);
  plain = await signTexts(signer, 'the head');
  chained = await signTexts(signer, 'the head', 'the body', 'a file');
});

function questionOf({ head, parts, documents }: SignedMessage): SignatureQuestion {
  return { head, parts, documents, signer: alice, configuration: pki.configuration, at, mode: 'message' };
}

function faultOf(
  message: SignedMessage,
  changes: Partial<SignatureQuestion> = {},
  verifier = createVerifier(),
): string {
  try {
    verifier.verify({ ...questionOf(message), ...changes });
  } catch (error) {
    if (error instanceof Fault) return [...error.within, error.code].join('.');
    throw error;
  }
  return 'accepted';
}

/** What a document says: white space between things and the id of the value are not part of what was signed. */
function same(document: Buffer): string {
  const text = document.toString('latin1').replace(/\s+/g, ' ');
  return text.replace(/<ds:SignatureValue Id="[^"<&]*">/, '');
}

/** The message with another text in its signature document. */
function altered(message: SignedMessage, from: string | RegExp, to: string): SignedMessage {
  const text = message.documents.signature.toString();
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  return { ...message, documents: { ...message.documents, signature: Buffer.from(changed) } };
}

/** Signs an altered signature document anew, as a member could who means harm. */
async function resigned(message: SignedMessage, change: (text: string) => string): Promise<SignedMessage> {
  const digest = (element: string, text: string) => {
    const found = [...descendants(parseXml(text))].find(({ name }) => name === element);
    if (found === undefined) throw new Error(`no ${element}`);
    return canonicalize(found);
  };
  let text = change(message.documents.signature.toString());
  const properties = digestOf('sha512', digest('xades:SignedProperties', text)).toString('base64');
  text = text.replace(
    /(URI="#signed-properties">.*?<ds:DigestValue>)[^<]*/,
    (_all, before: string) => before + properties,
  );
  const value = await signer.key.sign(digest('ds:SignedInfo', text), 'ieee-p1363');
  text = text.replace(
    /(<ds:SignatureValue[^>]*>)[^<]*/,
    (_all, before: string) => before + value.toString('base64'),
  );
  return { ...message, documents: { ...message.documents, signature: Buffer.from(text) } };
}

describe('a signed message', () => {
  it.each<[string, KeySpec, boolean]>([
    ['P-256', { type: 'ec', curve: 'P-256' }, false],
    ['P-384', { type: 'ec', curve: 'P-384' }, false],
    ['RSA with PKCS#1', { type: 'rsa', bits: 2048 }, false],
    ['RSA with PSS', { type: 'rsa', bits: 2048 }, true],
  ])('is verified with %s, with and without a body', async (_name, spec, pss) => {
    const material = await pki.issueTo(alice, spec, { pss });
    for (const texts of [['head'], ['head', ''], ['head', 'body', 'file', 'file']]) {
      const message = await signTexts(material, ...texts);
      const verified = createVerifier().verify(questionOf(message));
      expect(verified.certificate.der).toEqual(material.certificate.der);
      expect(verified.covered).toEqual(message.parts.map(({ name }) => name));
      expect(verified.signedAt).toEqual(signedAt);
      expect(verified.warnings).toEqual([]);
    }
  });

  it('has a hash chain exactly when it has more than a head', () => {
    expect(Object.keys(plain.documents)).toEqual(['signature']);
    expect(Object.keys(chained.documents).sort()).toEqual(['hashChain', 'hashChainResult', 'signature']);
    expect(plain.documents.signature.toString()).toContain('<xades:MimeType>text/xml<');
    expect(chained.documents.signature.toString()).toContain(
      '<xades:MimeType>application/hash-chain-result<',
    );
  });

  it('has a signature document whose parts are canonical as they were digested', () => {
    const root = parseXml(plain.documents.signature);
    const info = [...descendants(root)].find(({ name }) => name === 'ds:SignedInfo');
    expect(info && canonicalize(info).toString()).toMatch(
      /^<ds:SignedInfo xmlns:asic="[^"]*" xmlns:ds="[^"]*" xmlns:xades="[^"]*" xmlns:xsi="[^"]*">/,
    );
    expect(root.children).toHaveLength(1);
  });

  it('names intermediate certificates and carries them', async () => {
    const other = await pki.issueTo(bob);
    const message = await signTexts({ ...signer, intermediates: [other.certificate] }, 'head');
    expect(readSignature(message.documents.signature).extraCertificates).toEqual([other.certificate.der]);
    expect(faultOf(message)).toBe('accepted');
    const moved = altered(message, '"encapsulated-cert-1"', '"encapsulated-cert-2"');
    expect(faultOf(moved)).toBe('MalformedSignature');
    const swapped = altered(
      message,
      `"encapsulated-cert-1">${other.certificate.der.toString('base64')}`,
      `"encapsulated-cert-1">${signer.certificate.der.toString('base64')}`,
    );
    expect(faultOf(swapped)).toBe('MalformedSignature');
  });

  it('is not signed without an OCSP response, nor without a head', async () => {
    const message = { ...signer, parts: plain.parts, digest: 'sha512', signedAt } as const;
    await expect(signMessage({ ...message, ocspResponses: [] })).rejects.toMatchObject({
      code: 'CannotCreateSignature',
    });
    await expect(signMessage({ ...message, parts: [] })).rejects.toMatchObject({
      code: 'CannotCreateSignature',
    });
  });

  const hasXmlsec = spawnSync('xmlsec1', ['--version']).status === 0;
  it.skipIf(!hasXmlsec)('is accepted by xmlsec1 (needs xmlsec1)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'signature-'));
    try {
      for (const { head, documents } of [plain, chained]) {
        // xmlsec1 knows no files of a message, so each is given under the address it has there.
        writeFileSync(join(folder, 'head'), head);
        writeFileSync(join(folder, 'result'), documents.hashChainResult ?? '');
        writeFileSync(join(folder, 'signature.xml'), documents.signature);
        writeFileSync(join(folder, 'key.pem'), signer.key.publicKey.export({ type: 'spki', format: 'pem' }));
        const run = spawnSync('xmlsec1', [
          '--verify',
          ...['--pubkey-pem', join(folder, 'key.pem')],
          ...['--url-map:/message.xml', join(folder, 'head')],
          ...['--url-map:/sig-hashchainresult.xml', join(folder, 'result')],
          ...['--id-attr:Id', 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties'],
          join(folder, 'signature.xml'),
        ]);
        expect(run.stderr.toString() + run.stdout.toString()).toMatch(/OK|succe/i);
        expect(run.status).toBe(0);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a signature that does not cover its message', () => {
  it('is refused when a body rides along that is not signed', () => {
    const body = Buffer.from('a stowaway');
    expect(faultOf({ ...plain, parts: partsOf(plain.head, [body]) })).toBe('MalformedSignature');
  });

  it('is refused when one attachment more rides along than is signed', () => {
    const parts = partsOf(chained.head, [...chained.attachments, Buffer.from('a stowaway')]);
    expect(faultOf({ ...chained, parts })).toBe('MalformedSignature.HashChainUnusedInputs');
  });

  it('is refused when a signed attachment is missing', () => {
    expect(faultOf({ ...chained, parts: chained.parts.slice(0, 2) })).toBe(
      'MalformedSignature.InvalidReference',
    );
  });

  it('is refused when a hash chain rides along that it does not refer to', () => {
    const { hashChain, hashChainResult } = chained.documents;
    const documents = { ...plain.documents, hashChain, hashChainResult } as SignatureDocuments;
    expect(faultOf({ ...plain, documents })).toBe('MalformedSignature');
    expect(faultOf({ ...plain, parts: chained.parts, documents })).toBe('MalformedSignature');
  });

  it.each(['hashChain', 'hashChainResult'] as const)('is refused without its %s', (name) => {
    const documents = { ...chained.documents };
    delete documents[name];
    expect(faultOf({ ...chained, documents })).toBe('MalformedSignature');
  });

  it('is refused when it is over something else', async () => {
    const elsewhere = await resigned(plain, (text) =>
      text.replace('URI="/message.xml"', 'URI="/foobar.xml"'),
    );
    expect(faultOf(elsewhere)).toBe('MalformedSignature');
  });

  it('is refused when it refers to its message twice', async () => {
    const reference = /<ds:Reference Id="signature-reference-0".*?<\/ds:Reference>/.exec(
      plain.documents.signature.toString(),
    );
    const second = reference?.[0].replace('signature-reference-0', 'signature-reference-9') ?? '';
    const twice = await resigned(plain, (text) => text.replace('<ds:Reference ', `${second}<ds:Reference `));
    expect(faultOf(twice)).toBe('MalformedSignature');
  });

  it('is refused when it refers to one file more than there is', async () => {
    const extra = await resigned(plain, (text) =>
      text.replace(
        /(<ds:Reference Id="signature-reference-0")( URI="\/message.xml")(.*?<\/ds:Reference>)/,
        '$1$2$3<ds:Reference URI="/attachment1"$3',
      ),
    );
    expect(faultOf(extra)).toBe('MalformedSignature');
  });
});

describe('a signature that refers to every part by itself', () => {
  /** As releases from 7.6 may receive it: no hash chain, the signed properties first. */
  async function direct(): Promise<SignedMessage> {
    const { head, attachments, parts } = await signTexts(signer, 'the head', 'the body');
    const message = { head, attachments, parts, documents: plain.documents };
    return resigned(message, (text) => {
      const references = parts.map(
        ({ name, digest }, index) =>
          `<ds:Reference Id="r-${index}" URI="${name}"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>` +
          `<ds:DigestValue>${digest.toString('base64')}</ds:DigestValue></ds:Reference>`,
      );
      return text
        .replace(/<ds:Reference Id="signature-reference-0".*?<\/ds:Reference>/, '')
        .replace('</ds:SignedInfo>', `${references.join('')}</ds:SignedInfo>`);
    });
  }

  it('is accepted', async () => {
    const message = await direct();
    expect(createVerifier().verify(questionOf(message)).covered).toEqual(['/message.xml', '/attachment1']);
  });

  it('is refused with one part more, one less, or another', async () => {
    const message = await direct();
    const { head, attachments, parts } = message;
    expect(faultOf({ ...message, parts: partsOf(head, [...attachments, head]) })).toBe('MalformedSignature');
    expect(faultOf({ ...message, parts: parts.slice(0, 1) })).toBe('MalformedSignature');
    expect(faultOf({ ...message, parts: partsOf(head, [Buffer.from('other')]) })).toBe(
      'InvalidSignatureValue',
    );
  });
});

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
    const message = await resigned(plain, (before) => before.replace(from, to)).catch(() =>
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

describe('a signature by someone else', () => {
  it('is refused when the signer is another member', () => {
    expect(faultOf(plain, { signer: bob })).toBe('IncorrectCertificate');
  });

  it('is refused when its certificate is not for signing', async () => {
    const material = await pki.issueTo(alice, undefined, { keyUsage: ['digitalSignature'] });
    expect(faultOf(await signTexts(material, 'head'))).toBe('MalformedSignature');
  });

  it('is refused when its certificate is revoked, or its status too old', async () => {
    const revoked = await pki.issueTo(alice, undefined, { status: 'revoked' });
    expect(faultOf(await signTexts(revoked, 'head'))).toBe('CertValidation');
    const thisUpdate = new Date(signedAt.getTime() - 2 * 3600_000);
    const old = await pki.issueTo(alice, undefined, { thisUpdate });
    expect(faultOf(await signTexts(old, 'head'))).toBe('IncorrectValidationInfo');
  });

  it('is refused when nobody approved of its authority', async () => {
    const stranger = await (await createPki()).issueTo(alice);
    // Same name of the authority, other key.
    expect(faultOf(await signTexts(stranger, 'head'))).toMatch(/CertPath/);
  });

  it('is refused under another configuration although it was accepted under one before', async () => {
    const verifier = createVerifier();
    expect(faultOf(plain, {}, verifier)).toBe('accepted');
    const { configuration } = await createPki('another');
    expect(faultOf(plain, { configuration }, verifier)).toMatch(/CertPath/);
    expect(faultOf(plain, { signer: bob }, verifier)).toBe('IncorrectCertificate');
    expect(faultOf(plain, { at: new Date(signedAt.getTime() + 3600_000) }, verifier)).toBe(
      'IncorrectValidationInfo',
    );
    expect(faultOf(plain, {}, verifier)).toBe('accepted');
  });
});

describe('one changed byte', () => {
  it('anywhere in what is signed is refused', () => {
    const verifier = createVerifier();
    for (const message of [plain, chained]) {
      expect(faultOf(message, {}, verifier)).toBe('accepted');
      const { head, attachments, documents } = message;
      const { signature, hashChain, hashChainResult } = documents;
      // Unsigned properties hold the OCSP response, whose own signature is another room's to check.
      const signedFrom = signature.indexOf('<ds:SignedInfo>');
      const signedTo = signature.indexOf('<xades:UnsignedProperties>');
      type Flip = (bytes: Buffer, from?: number, to?: number) => Buffer;
      const changes: ((flip: Flip) => Partial<SignatureQuestion>)[] = [
        (flip) => ({ head: flip(head) }),
        (flip) => ({ documents: { ...documents, signature: flip(signature, signedFrom, signedTo) } }),
        ...attachments.map((_, changed) => (flip: Flip) => ({
          parts: partsOf(
            head,
            attachments.map((bytes, index) => (index === changed ? flip(bytes) : bytes)),
          ),
        })),
      ];
      if (hashChain !== undefined && hashChainResult !== undefined) {
        const from = hashChain.indexOf('<ns2:HashChain');
        changes.push(
          (flip) => ({ documents: { ...documents, hashChain: flip(hashChain, from) } }),
          (flip) => ({ documents: { ...documents, hashChainResult: flip(hashChainResult) } }),
        );
      }
      fc.assert(
        fc.property(
          fc.constantFrom(...changes),
          fc.nat(),
          fc.integer({ min: 1, max: 255 }),
          (change, place, bits) => {
            const changed = change((bytes, from = 0, to = bytes.length) => {
              const copy = Buffer.from(bytes);
              const index = from + (place % (to - from));
              copy[index] = (copy[index] ?? 0) ^ bits;
              fc.pre(same(copy) !== same(bytes));
              return copy;
            });
            expect(faultOf(message, changed, verifier)).not.toBe('accepted');
          },
        ),
        { numRuns: 600 },
      );
    }
  });

  it('or more, anywhere in the document, raises a fault and nothing else', () => {
    const { signature } = plain.documents;
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), fc.nat(), (junk, from, length) => {
        const start = from % signature.length;
        const changed = Buffer.concat([
          signature.subarray(0, start),
          junk,
          signature.subarray(start + (length % 60)),
        ]);
        faultOf({ ...plain, documents: { signature: changed } });
        faultOf({ ...plain, documents: { signature: Buffer.from(junk) } });
      }),
      { numRuns: 600 },
    );
  });
});

describe('a batch of messages', () => {
  it('is covered by one signature over the result of their chains', async () => {
    const heads = ['one', 'two', 'three'].map((text) => Buffer.from(text));
    const { result, chains } = buildHashChains(
      heads.map((head) => partsOf(head, [])),
      'sha512',
    );
    const reference = digestOf('sha512', result).toString('base64');
    const signed = await resigned(chained, (text) =>
      text.replace(/(hashchainresult.xml">.*?<ds:DigestValue>)[^<]*/, `$1${reference}`),
    );
    heads.forEach((head, index) => {
      const documents = {
        signature: signed.documents.signature,
        hashChainResult: result,
        hashChain: chains[index] ?? result,
      };
      const message = { head, attachments: [], parts: partsOf(head, []), documents };
      expect(faultOf(message)).toBe('accepted');
      expect(faultOf({ ...message, head: Buffer.from('four') })).toBe(
        'MalformedSignature.InvalidHashChainRef',
      );
    });
  });
});

describe('a timestamp in a signature', () => {
  it('becomes its first unsigned property and leaves the signature good', async () => {
    const token = await pki.stamp(readSignature(plain.documents.signature).signatureValue);
    const signature = addTimestamp(plain.documents.signature, token);
    expect(signature.toString()).toContain(
      '<xades:UnsignedSignatureProperties><xades:SignatureTimeStamp><xades:EncapsulatedTimeStamp>',
    );
    const verified = createVerifier().verify({ ...questionOf(plain), documents: { signature } });
    expect(verified.timestampToken).toEqual(token);
    expect(() => addTimestamp(signature, token)).toThrow(Fault);
  });

  it('is not put where it would not be found', () => {
    const hidden = altered(plain, '<ds:KeyInfo>', '<!--<xades:UnsignedSignatureProperties>--><ds:KeyInfo>');
    expect(() => addTimestamp(hidden.documents.signature, Buffer.from('token'))).toThrow(Fault);
  });
});
