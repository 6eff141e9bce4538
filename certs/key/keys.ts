import { createPublicKey, generateKeyPair as generate, type KeyObject } from 'node:crypto';
import {
  defaultAlgorithm,
  keyTypeOf,
  type SignatureAlgorithm,
  type SignatureEncoding,
  signWith,
} from './algorithms.ts';
import { KeyError } from './error.ts';

export type KeySpec =
  | { readonly type: 'ec'; readonly curve: 'P-256' | 'P-384' }
  | { readonly type: 'rsa'; readonly bits: 2048 | 3072 | 4096 };

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** What signs; the private key stays behind it, in memory, a file or a device. */
export interface SigningKey {
  readonly publicKey: KeyObject;
  readonly algorithm: SignatureAlgorithm;
  /** @param encoding of an ECDSA value; DER unless told */
  sign(data: Uint8Array, encoding?: SignatureEncoding): Promise<Buffer>;
}

export function generateKeyPair(spec: KeySpec): Promise<KeyPair> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null, publicKey: KeyObject, privateKey: KeyObject) => {
      if (error === null) resolve({ publicKey, privateKey });
      else reject(error);
    };
    if (spec.type === 'ec') generate('ec', { namedCurve: spec.curve }, settle);
    else generate('rsa', { modulusLength: spec.bits }, settle);
  });
}

const curves: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
]);

/**
 * Refuses keys that are too weak to trust, or so large that checking them is an attack.
 * @throws KeyError weak, unsupported
 */
export function checkKeyStrength(publicKey: KeyObject): void {
  const details = publicKey.asymmetricKeyDetails;
  if (keyTypeOf(publicKey) === 'ec') {
    if (!curves.has(details?.namedCurve ?? '')) {
      throw new KeyError('unsupported', `curve ${details?.namedCurve} is not P-256 or P-384`);
    }
    return;
  }
  const bits = details?.modulusLength ?? 0;
  if (bits < 2048 || bits > 8192)
    throw new KeyError('weak', `RSA key of ${bits} bits, expected 2048 to 8192`);
  const exponent = details?.publicExponent ?? 0n;
  if (exponent < 3n || exponent % 2n === 0n || exponent >= 1n << 33n) {
    throw new KeyError('weak', 'RSA key with an unusual public exponent');
  }
}

/** A key held in this process's memory. */
export function softwareSigningKey(privateKey: KeyObject, algorithm?: SignatureAlgorithm): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const chosen = algorithm ?? defaultAlgorithm(publicKey);
  if (chosen.keyType !== keyTypeOf(publicKey)) {
    throw new KeyError(
      'mismatch',
      `${chosen.name} does not fit a key of type ${publicKey.asymmetricKeyType}`,
    );
  }
  return {
    publicKey,
    algorithm: chosen,
    sign: (data, encoding = 'der') => signWith(chosen, privateKey, data, encoding),
  };
}
