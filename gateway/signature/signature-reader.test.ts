import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../fault/index.ts';
import { readSignature, type SignaturePieces } from './read.ts';
import type { SigningMaterial } from './sign.ts';
import { SignatureReader } from './signature-reader.ts';
import { altered, outcomeOf, questionOf } from './testing/forge.ts';
import { alice, bob, createPki, type Pki, type SignedMessage, signTexts } from './testing/pki.ts';
import { createVerifier } from './verify.ts';

let pki: Pki;
let signer: SigningMaterial;
let first: SignedMessage;
let second: SignedMessage;
let chained: SignedMessage;

beforeAll(async () => {
  pki = await createPki();
  signer = await pki.issueTo(alice);
  first = await signTexts(signer, 'the first');
  second = await signTexts(signer, 'the second');
  chained = await signTexts(signer, 'the head', 'the body');
});

/** What a reader makes of a document, or the code of its refusal. */
function read(document: Buffer, reader = new SignatureReader()): SignaturePieces | string {
  try {
    return reader.read(document, 'message');
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

function readPlainly(document: Buffer): SignaturePieces | string {
  try {
    return readSignature(document);
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

/** A reader that has read that document. */
function readerOf(...messages: readonly SignedMessage[]): SignatureReader {
  const reader = new SignatureReader();
  for (const { documents } of messages) reader.read(documents.signature, 'message');
  return reader;
}

describe('a reader that remembers shapes', () => {
  it('reads a document of a known shape without parsing it, and to the same result', async () => {
    const reader = readerOf(first, chained);
    const known = reader.read(first.documents.signature, 'message');
    for (const { documents } of [second, await signTexts(signer, 'third', 'with', 'three parts')]) {
      const pieces = reader.read(documents.signature, 'message');
      expect(pieces).toEqual(readSignature(documents.signature));
    }
    // Only what was remembered is the very same object.
    expect(reader.read(second.documents.signature, 'message').ocspResponses).toBe(known.ocspResponses);
    expect(readSignature(second.documents.signature).ocspResponses).not.toBe(known.ocspResponses);
  });

  it('does not remember what is larger than signatures are, however good it is', () => {
    const spaced = (length: number) =>
      Buffer.from(first.documents.signature.toString().replace('</ds:KeyInfo>', `${' '.repeat(length)}$&`));
    const reader = new SignatureReader();
    const isRemembered = (document: Buffer) => {
      const [once, again] = [document, document].map((one) => reader.read(one, 'message').ocspResponses);
      return once === again;
    };
    expect(isRemembered(spaced(1_000))).toBe(true);
    expect(isRemembered(spaced(40_000))).toBe(false);
  });

  it('tells signers and forms apart', async () => {
    const reader = readerOf(first);
    const others = [chained, await signTexts(await pki.issueTo(bob), 'the first')];
    for (const { documents } of others) {
      expect(reader.read(documents.signature, 'message')).toEqual(readSignature(documents.signature));
    }
  });

  it('makes of every altered document what a plain reading makes of it', () => {
    const original = second.documents.signature;
    const reader = readerOf(first, second);
    for (let index = 0; index < original.length; index += 1) {
      const document = Buffer.from(original);
      document[index] = (document[index] ?? 0) ^ (1 << (index % 7));
      const [remembered, plain] = [read(document, reader), readPlainly(document)];
      if (fingerprint(remembered) !== fingerprint(plain)) expect(remembered, `byte ${index}`).toEqual(plain);
    }
  });

  it('makes of spliced documents what a plain reading makes of them', () => {
    const texts = [first, second, chained].map(({ documents }) => documents.signature.toString('latin1'));
    const reader = readerOf(first, second, chained);
    fc.assert(
      fc.property(fc.nat(2), fc.nat(2), fc.nat(), fc.nat(), fc.nat(200), (a, b, at, from, length) => {
        const [base = '', donor = ''] = [texts[a], texts[b]];
        const place = at % base.length;
        const piece = donor.slice(from % donor.length).slice(0, length);
        const document = Buffer.from(base.slice(0, place) + piece + base.slice(place + length), 'latin1');
        expect(fingerprint(read(document, reader))).toBe(fingerprint(readPlainly(document)));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [
      'a comment that looks like a digest',
      /<ds:SignedInfo>/,
      '<ds:SignedInfo><!--<ds:DigestValue>AAAA</ds:DigestValue>-->',
    ],
    ['a section', /(<ds:DigestValue>)([^<]+)/, '$1<![CDATA[$2]]>'],
    ['a character reference', /(<ds:DigestValue>)(.)/, '$1&#65;'],
    ['white space in a digest', /(<ds:DigestValue>)(.)/, '$1 $2'],
    ['an empty digest', /(<ds:DigestValue>)[^<]+/, '$1'],
    ['a short digest', /(<ds:DigestValue>)[^<]+/, '$1AAAA'],
    ['a signing time that is none', /(<xades:SigningTime>)[^<]+/, '$1AAAA'],
    ['a digest that is a time', /(<ds:DigestValue>)[^<]+/, '$12026-01-01T00:00:00Z'],
    ['another certificate digest', /(<xades:CertDigest>.*?<ds:DigestValue>)...../, '$1AAAAA'],
  ])('makes of a document with %s what a plain reading makes of it', (_what, from, to) => {
    const { documents } = altered(second, from, to);
    const [remembered, plain] = [
      read(documents.signature, readerOf(first)),
      readPlainly(documents.signature),
    ];
    expect(remembered).toEqual(plain);
    // And from then on: what was strange once is not remembered as something else.
    const reader = readerOf(first);
    read(documents.signature, reader);
    expect(read(second.documents.signature, reader)).toEqual(readSignature(second.documents.signature));
  });

  it('lets nothing through that was not signed, however much it remembers', () => {
    const verifier = createVerifier();
    const question = questionOf(second, pki);
    expect(outcomeOf(questionOf(first, pki), verifier)).toBe('accepted');
    expect(outcomeOf(question, verifier)).toBe('accepted');
    const { signature } = second.documents;
    const unsignedFrom = signature.indexOf('<xades:UnsignedProperties>');
    // What stands before is the declaration and the container of the signature, which say nothing.
    for (let index = signature.indexOf('<ds:SignedInfo'); index < unsignedFrom; index += 1) {
      const broken = Buffer.from(signature);
      broken[index] = (broken[index] ?? 0) ^ 1;
      // White space and the id of the value are nobody's word; they are told by what they say.
      const isSaid = !/\s/.test(String.fromCharCode(signature[index] ?? 0)) && !isInValueId(signature, index);
      const outcome = outcomeOf({ ...question, documents: { signature: broken } }, verifier);
      if (isSaid) expect(outcome, `byte ${index}`).not.toBe('accepted');
    }
    // The values of one document do not do for another.
    expect(outcomeOf({ ...question, documents: first.documents }, verifier)).not.toBe('accepted');
  });
});

/** All that was read, as text: comparing thousands of buffers element by element takes minutes. */
function fingerprint(pieces: SignaturePieces | string): string {
  return JSON.stringify(pieces, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'data' in value
      ? Buffer.from(value.data as number[]).toString('base64')
      : value,
  );
}

function isInValueId(document: Buffer, index: number): boolean {
  const from = document.indexOf('<ds:SignatureValue');
  return index > from && index < document.indexOf('>', from);
}
