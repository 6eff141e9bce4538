import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { TokenError } from './error.ts';

/** AES-256-GCM output, each part base64. */
export interface Sealed {
  readonly nonce: string;
  readonly data: string;
  readonly tag: string;
}

/** Cost of deriving a key from a PIN: about a tenth of a second and 32 MiB for every guess. */
export interface Derivation {
  readonly salt: string;
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

export function newDerivation(): Derivation {
  return { salt: randomBytes(16).toString('base64'), N: 2 ** 15, r: 8, p: 1 };
}

export function deriveKey(pin: string, { salt, N, r, p }: Derivation): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(
      pin.normalize('NFC'),
      Buffer.from(salt, 'base64'),
      32,
      { N, r, p, maxmem: 256 * N * r },
      (error, key) => {
        if (error) reject(error);
        else resolve(key);
      },
    );
  });
}

/** @param purpose bound to the seal, so that one sealed thing cannot stand in for another */
export function seal(key: Buffer, plain: Buffer, purpose: string): Sealed {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose));
  const data = Buffer.concat([cipher.update(plain), cipher.final()]);
  return {
    nonce: nonce.toString('base64'),
    data: data.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
}

/** @returns undefined when the key is not the one that sealed, or the bytes were changed */
export function unseal(key: Buffer, sealed: Sealed, purpose: string): Buffer | undefined {
  const { nonce, data, tag } = sealed;
  // The last sign of base64 has bits that no octet takes: a change of those is one, too.
  if ([nonce, data, tag].some((text) => Buffer.from(text, 'base64').toString('base64') !== text))
    return undefined;
  const tagBytes = Buffer.from(tag, 'base64');
  if (tagBytes.length !== 16) throw new TokenError('damaged', 'a seal has a tag of the wrong length');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'), { authTagLength: 16 })
    .setAAD(Buffer.from(purpose))
    .setAuthTag(tagBytes);
  const opened = decipher.update(Buffer.from(data, 'base64'));
  try {
    return Buffer.concat([opened, decipher.final()]);
  } catch {
    // The one way this cipher says that key, data and tag do not belong together.
    return undefined;
  }
}
