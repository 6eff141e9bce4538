import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestOf, type KeySpec } from '../../certs/key/index.ts';
import { Fault } from '../fault/index.ts';
import { canonicalize, descendants, parseXml } from '../xml/index.ts';
import { buildHashChains } from './hash-chain-build.ts';
import { readSignature } from './read.ts';
import { type SigningMaterial, signMessage } from './sign.ts';
import { addTimestamp } from './testing/add-timestamp.ts';
import { altered, outcomeOf, questionOf, resigned } from './testing/forge.ts';
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
import { createVerifier } from './verify.ts';

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

function faultOf(message: SignedMessage): string {
  return outcomeOf(questionOf(message, pki));
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
      const verified = createVerifier().verify(questionOf(message, pki));
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

  const xmlsec = 'xmlsec1';
  const hasXmlsec = spawnSync(xmlsec, ['--version']).status === 0;
  it.skipIf(!hasXmlsec)('is accepted by xmlsec1 (needs xmlsec1)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'signature-'));
    try {
      for (const { head, documents } of [plain, chained]) {
        // xmlsec1 knows no files of a message, so each is given under the address it has there.
        writeFileSync(join(folder, 'head'), head);
        writeFileSync(join(folder, 'result'), documents.hashChainResult ?? '');
        writeFileSync(join(folder, 'signature.xml'), documents.signature);
        writeFileSync(join(folder, 'key.pem'), signer.key.publicKey.export({ type: 'spki', format: 'pem' }));
        const run = spawnSync(xmlsec, [
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

describe('a batch of messages', () => {
  it('is covered by one signature over the result of their chains', async () => {
    const heads = ['one', 'two', 'three'].map((text) => Buffer.from(text));
    const { result, chains } = buildHashChains(
      heads.map((head) => partsOf(head, [])),
      'sha512',
    );
    const reference = digestOf('sha512', result).toString('base64');
    const signed = await resigned(chained, signer, (text) =>
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
    const verified = createVerifier().verify({ ...questionOf(plain, pki), documents: { signature } });
    expect(verified.timestampToken).toEqual(token);
    expect(() => addTimestamp(signature, token)).toThrow(Fault);
  });

  it('is not put where it would not be found', () => {
    const hidden = altered(plain, '<ds:KeyInfo>', '<!--<xades:UnsignedSignatureProperties>--><ds:KeyInfo>');
    expect(() => addTimestamp(hidden.documents.signature, Buffer.from('token'))).toThrow(Fault);
  });
});
