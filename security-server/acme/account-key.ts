import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, FlattenedSign, type JWK } from 'jose';

/** The key by which an ACME server knows us: P-256, used for nothing else. */
export interface AccountKey {
  readonly privateKey: KeyObject;
  /** Public part. */
  readonly jwk: JWK;
  /** SHA-256 of the public part, base64url. @see RFC 7638 */
  readonly thumbprint: string;
}

/** A key of an account that the authority knows us by outside ACME, in base64url. @see RFC 8555 §7.3.4 */
export interface ExternalAccount {
  readonly keyId: string;
  /** Octets of the HMAC key. */
  readonly macKey: Buffer;
}

/** @returns PKCS#8, DER */
export function generateAccountKey(): Buffer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'der', type: 'pkcs8' });
}

/** @param pkcs8 DER, as `generateAccountKey` made it */
export async function readAccountKey(pkcs8: Buffer): Promise<AccountKey> {
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const jwk = await exportJWK(createPublicKey(privateKey));
  return { privateKey, jwk, thumbprint: await calculateJwkThumbprint(jwk) };
}

/** Binds a request to its address and to one use. */
interface Target {
  readonly url: string;
  readonly nonce: string;
}

/**
 * A request to an ACME server, signed.
 * @param payload undefined: one that only reads (POST-as-GET)
 * @param account its address; undefined: the server does not know the key yet
 * @see RFC 8555 §6.2
 */
export async function signRequest(
  key: AccountKey,
  { url, nonce }: Target,
  payload: object | undefined,
  account: string | undefined,
): Promise<string> {
  const octets = payload === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(payload));
  const who = account === undefined ? { jwk: key.jwk } : { kid: account };
  const jws = await new FlattenedSign(octets)
    .setProtectedHeader({ alg: 'ES256', nonce, url, ...who })
    .sign(key.privateKey);
  return JSON.stringify(jws);
}

/** Proof that the holder of an external account wants this key for it. @param url of newAccount */
export async function bindExternalAccount(
  key: AccountKey,
  { keyId, macKey }: ExternalAccount,
  url: string,
): Promise<object> {
  return new FlattenedSign(Buffer.from(JSON.stringify(key.jwk)))
    .setProtectedHeader({ alg: 'HS256', kid: keyId, url })
    .sign(macKey);
}

/** What the responder answers for a token. @see RFC 8555 §8.1 */
export function keyAuthorization({ thumbprint }: AccountKey, token: string): string {
  return `${token}.${thumbprint}`;
}
