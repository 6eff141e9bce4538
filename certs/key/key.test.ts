import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  algorithmByIdentifierDer,
  algorithmByXmlUri,
  checkKeyStrength,
  defaultAlgorithm,
  digestByHeaderName,
  digestByOid,
  digestByXmlUri,
  generateKeyPair,
  KeyError,
  type KeySpec,
  signatureAlgorithms,
  softwareSigningKey,
  verifySignature,
} from './index.ts';

const data = Buffer.from('what is signed');

describe('signing keys', () => {
  const specs: KeySpec[] = [
    { type: 'ec', curve: 'P-256' },
    { type: 'ec', curve: 'P-384' },
    { type: 'rsa', bits: 2048 },
  ];

  it.each(specs)('sign with every algorithm of their type, and no other verifies: %o', async (spec) => {
    const { privateKey, publicKey } = await generateKeyPair(spec);
    for (const algorithm of signatureAlgorithms.filter((row) => row.keyType === spec.type)) {
      for (const encoding of ['der', 'ieee-p1363'] as const) {
        const signature = await softwareSigningKey(privateKey, algorithm).sign(data, encoding);
        const good = signatureAlgorithms.filter((row) =>
          verifySignature(row, publicKey, data, signature, encoding),
        );
        expect(good.map((row) => row.name)).toEqual([algorithm.name]);
        expect(verifySignature(algorithm, publicKey, Buffer.from('else'), signature, encoding)).toBe(false);
      }
    }
  });

  it('write ECDSA values for XML as r and s of equal length', async () => {
    const { privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
    for (let round = 0; round < 20; round += 1) {
      expect((await softwareSigningKey(privateKey).sign(data, 'ieee-p1363')).length).toBe(64);
    }
  });

  it('take no signature for one when the value is not a signature at all', async () => {
    const { publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
    expect(verifySignature(defaultAlgorithm(publicKey), publicKey, data, Buffer.alloc(0))).toBe(false);
    expect(verifySignature(defaultAlgorithm(publicKey), publicKey, data, Buffer.alloc(7), 'ieee-p1363')).toBe(
      false,
    );
  });

  it('refuse an algorithm of another key type', async () => {
    const { privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
    const rsa = signatureAlgorithms.find((row) => row.keyType === 'rsa');
    expect(() => softwareSigningKey(privateKey, rsa)).toThrow(expect.objectContaining({ code: 'mismatch' }));
  });
});

describe('the table of algorithms', () => {
  it('finds every row by its identifiers', () => {
    for (const row of signatureAlgorithms) {
      expect(algorithmByIdentifierDer(row.identifierDer)).toBe(row);
      expect(algorithmByXmlUri(row.xmlUri)).toBe(row);
    }
  });

  it('does not know SHA-1 or MD5', () => {
    expect(algorithmByXmlUri('http://www.w3.org/2000/09/xmldsig#rsa-sha1')).toBeUndefined();
    expect(digestByXmlUri('http://www.w3.org/2000/09/xmldsig#sha1')).toBeUndefined();
    expect(digestByHeaderName('SHA-1')).toBeUndefined();
    expect(digestByOid('1.3.14.3.2.26')).toBeUndefined();
  });

  it('reads digest names ignoring case', () => {
    expect(digestByHeaderName('sha-512')?.name).toBe('sha512');
  });
});

describe('key strength', () => {
  it.each([
    ['RSA of 1024 bits', () => generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['curve secp256k1', () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['Ed25519', () => generateKeyPairSync('ed25519')],
  ])('refuses %s', (_what, make) => {
    expect(() => checkKeyStrength(make().publicKey)).toThrow(KeyError);
  });

  it('accepts P-256 and RSA of 2048 bits', () => {
    checkKeyStrength(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
    checkKeyStrength(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);
  });
});
