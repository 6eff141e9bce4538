import { constants, generateKeyPairSync, type KeyObject, sign, verify as verifyInNode } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createPublicKey } from './keys.ts';
import { runUntilAnswered, Unanswerable } from './oracle.ts';
import { plainSignature, verify } from './signatures.ts';

const data = Buffer.from('what is signed');

type Options = {
  readonly dsaEncoding?: 'der' | 'ieee-p1363';
  readonly padding?: number;
  readonly saltLength?: number;
};

interface Algorithm {
  readonly name: string;
  readonly keys: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  readonly digest: string | null;
  readonly options: Options;
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const pss = (saltLength: number) => ({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });

const algorithms: readonly Algorithm[] = [
  { name: 'P-256, DER', keys: p256, digest: 'sha256', options: { dsaEncoding: 'der' } },
  { name: 'P-256, plain', keys: p256, digest: 'sha512', options: { dsaEncoding: 'ieee-p1363' } },
  { name: 'P-384, DER', keys: p384, digest: 'sha384', options: { dsaEncoding: 'der' } },
  { name: 'RSA, PKCS#1', keys: rsa, digest: 'sha512', options: { padding: constants.RSA_PKCS1_PADDING } },
  { name: 'RSA, PSS', keys: rsa, digest: 'sha256', options: pss(32) },
  { name: 'RSA, PSS of SHA-512', keys: rsa, digest: 'sha512', options: pss(64) },
  { name: 'Ed25519', keys: generateKeyPairSync('ed25519'), digest: null, options: {} },
];

function spkiOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' });
}

function inBrowser(
  { digest, options }: Algorithm,
  publicKey: KeyObject,
  signed: Buffer,
  signature: Buffer,
): Promise<boolean> {
  return runUntilAnswered(async () => {
    const key = createPublicKey({ key: spkiOf(publicKey), format: 'der', type: 'spki' });
    return verify(digest, signed, digest === null ? key : { key, ...options }, signature);
  });
}

describe('signatures checked by WebCrypto', () => {
  it.each(algorithms)('are good or not as they are in Node: $name', async (algorithm) => {
    const { keys, digest, options } = algorithm;
    const signature = sign(digest, data, { key: keys.privateKey, ...options });
    const other = generateKeyPairLike(algorithm);
    const cases: [signed: Buffer, signature: Buffer, publicKey: KeyObject][] = [
      [data, signature, keys.publicKey],
      [Buffer.from('else'), signature, keys.publicKey],
      [data, signature, other],
      [data, Buffer.alloc(0), keys.publicKey],
      [data, signature.subarray(1), keys.publicKey],
      [data, Buffer.concat([signature, Buffer.of(0)]), keys.publicKey],
      ...[0, 1, 2, 3, 4, 8, 35, 40, signature.length - 1].map((at): [Buffer, Buffer, KeyObject] => {
        const changed = Buffer.from(signature);
        changed[at] = (changed[at] ?? 0) ^ 1;
        return [data, changed, keys.publicKey];
      }),
    ];
    for (const [signed, value, publicKey] of cases) {
      const inNode = verifyInNode(digest, signed, { key: publicKey, ...options }, value);
      expect(await inBrowser(algorithm, publicKey, signed, value)).toBe(inNode);
    }
    expect(await inBrowser(algorithm, keys.publicKey, data, signature)).toBe(true);
  });

  it('have no answer on a curve that browsers lack', async () => {
    const keys = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const algorithm = { name: 'secp256k1', keys, digest: 'sha256', options: {} };
    const signature = sign('sha256', data, keys.privateKey);
    await expect(inBrowser(algorithm, keys.publicKey, data, signature)).rejects.toThrow(Unanswerable);
  });
});

function generateKeyPairLike({ keys }: Algorithm): KeyObject {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = keys.publicKey;
  if (type === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  if (type === 'ed25519') return generateKeyPairSync('ed25519').publicKey;
  return generateKeyPairSync('ec', { namedCurve: details?.namedCurve ?? '' }).publicKey;
}

describe('public keys', () => {
  it.each([
    ['P-256', p256.publicKey],
    ['P-384', p384.publicKey],
    ['RSA', rsa.publicKey],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey],
    ['X25519', generateKeyPairSync('x25519').publicKey],
  ])('have the type and details that Node tells: %s', async (_name, publicKey) => {
    const key = await runUntilAnswered(async () =>
      createPublicKey({ key: spkiOf(publicKey), format: 'der', type: 'spki' }),
    );
    expect(key.asymmetricKeyType).toBe(publicKey.asymmetricKeyType);
    expect(key.asymmetricKeyDetails).toEqual(publicKey.asymmetricKeyDetails);
  });

  it('off their curve, of no type or cut short are none', async () => {
    const spki = spkiOf(p256.publicKey);
    const off = Buffer.from(spki);
    off[spki.length - 1] = (off[spki.length - 1] ?? 0) ^ 1;
    const unknown = Buffer.from(spki);
    unknown[12] = 0x7f;
    for (const key of [off, unknown, spki.subarray(0, -1), Buffer.alloc(0)]) {
      const reading = runUntilAnswered(async () => createPublicKey({ key, format: 'der', type: 'spki' }));
      await expect(reading).rejects.toThrow(Error);
      await expect(reading).rejects.not.toThrow(Unanswerable);
    }
  });
});

describe('a DER signature value', () => {
  it.each([
    ['that is longer than it says', '3006020101020101ff'],
    ['with a negative number', '3006020181020101'],
    ['with a number that is not minimal', '300702020001020101'],
    ['with three numbers', '3009020101020101020101'],
    ['with a number that is too large', `302702211${'0'.repeat(63)}01020101`],
    ['of another kind', '0400'],
  ])('%s is none', (_what, hex) => {
    expect(plainSignature(Buffer.from(hex, 'hex'), 32)).toBeUndefined();
  });

  it('becomes two numbers of equal length', () => {
    expect(plainSignature(Buffer.from('3006020101020102', 'hex'), 2)?.toString('hex')).toBe('00010002');
  });
});
