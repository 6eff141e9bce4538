import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SignatureDocuments, SigningMaterial } from './sign.ts';
import { outcomeOf, questionOf, resigned } from './testing/forge.ts';
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
import { createVerifier, type SignatureQuestion } from './verify.ts';

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

function faultOf(
  message: SignedMessage,
  changes: Partial<SignatureQuestion> = {},
  verifier = createVerifier(),
): string {
  return outcomeOf({ ...questionOf(message, pki), ...changes }, verifier);
}

/** What a document says: white space between things and the id of the value are not part of what was signed. */
function same(document: Buffer): string {
  const text = document.toString('latin1').replace(/\s+/g, ' ');
  return text.replace(/<ds:SignatureValue Id="[^"<&]*">/, '');
}

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
    const elsewhere = await resigned(plain, signer, (text) =>
      text.replace('URI="/message.xml"', 'URI="/foobar.xml"'),
    );
    expect(faultOf(elsewhere)).toBe('MalformedSignature');
  });

  it('is refused when it refers to its message twice', async () => {
    const reference = /<ds:Reference Id="signature-reference-0".*?<\/ds:Reference>/.exec(
      plain.documents.signature.toString(),
    );
    const second = reference?.[0].replace('signature-reference-0', 'signature-reference-9') ?? '';
    const twice = await resigned(plain, signer, (text) =>
      text.replace('<ds:Reference ', `${second}<ds:Reference `),
    );
    expect(faultOf(twice)).toBe('MalformedSignature');
  });

  it('is refused when it refers to one file more than there is', async () => {
    const extra = await resigned(plain, signer, (text) =>
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
    return resigned(message, signer, (text) => {
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
    expect(createVerifier().verify(questionOf(message, pki)).covered).toEqual([
      '/message.xml',
      '/attachment1',
    ]);
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
