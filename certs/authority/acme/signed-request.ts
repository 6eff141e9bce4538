import { calculateJwkThumbprint, compactVerify, flattenedVerify, importJWK, type JWK } from 'jose';
import { AcmeProblem } from './problem.ts';

/** A request whose sender holds the key it names. */
export interface SignedRequest {
  /** Public key, P-256. */
  readonly jwk: JWK;
  /** @see RFC 7638 */
  readonly thumbprint: string;
  /** Whether the key named itself, as for a new account; else an account named it. */
  readonly isByKey: boolean;
  /** Undefined for one that only reads. */
  readonly payload: Readonly<Record<string, unknown>> | undefined;
}

export interface RequestContext {
  /** At which it came: the signature is for there. */
  readonly url: string;
  readonly takeNonce: (nonce: string) => boolean;
  /** Key of an account, by its address. */
  readonly keyOf: (account: string) => JWK | undefined;
}

/** @throws AcmeProblem @see RFC 8555 §6.2 */
export async function readSigned(body: Buffer, context: RequestContext): Promise<SignedRequest> {
  const jws = objectOf(body.toString('utf8'), 'a JWS');
  const header = objectOf(Buffer.from(String(jws['protected']), 'base64url').toString('utf8'), 'a header');
  const { alg, url, nonce, kid, jwk: own } = header;
  if (alg !== 'ES256') throw new AcmeProblem('badSignatureAlgorithm', 'ES256 is expected');
  if (url !== context.url)
    throw new AcmeProblem('unauthorized', 'the request is signed for another address', 401);
  if ((kid === undefined) === (own === undefined))
    throw new AcmeProblem('malformed', 'jwk or kid is expected');
  const jwk = kid === undefined ? (own as JWK) : context.keyOf(String(kid));
  if (jwk === undefined) throw new AcmeProblem('accountDoesNotExist', 'there is no such account');
  const payload = await verified(async () => {
    const key = await importJWK(jwk, 'ES256');
    return (await flattenedVerify(jws as never, key, { algorithms: ['ES256'] })).payload;
  });
  // After the signature: who cannot sign must not use up nonces of who can.
  if (!context.takeNonce(String(nonce))) throw new AcmeProblem('badNonce', 'the nonce is not good');
  const text = Buffer.from(payload).toString('utf8');
  return {
    ...{ jwk, thumbprint: await calculateJwkThumbprint(jwk), isByKey: kid === undefined },
    payload: text === '' ? undefined : objectOf(text, 'a payload'),
  };
}

/**
 * @param binding of a new account, to be for `jwk`
 * @param macKeyOf key of an external account
 * @returns identifier of the external account
 * @throws AcmeProblem
 * @see RFC 8555 §7.3.4
 */
export async function readBinding(
  binding: unknown,
  { jwk, url }: { readonly jwk: JWK; readonly url: string },
  macKeyOf: (keyId: string) => Buffer | undefined,
): Promise<string> {
  const { protected: head, payload, signature } = objectOf(JSON.stringify(binding), 'a binding');
  const header = objectOf(Buffer.from(String(head), 'base64url').toString('utf8'), 'a header');
  const keyId = String(header['kid']);
  const macKey = macKeyOf(keyId);
  if (header['alg'] !== 'HS256' || header['url'] !== url || macKey === undefined) {
    throw new AcmeProblem('unauthorized', 'the binding is for no external account here', 401);
  }
  const bound = await verified(async () => {
    const compact = `${head}.${payload}.${signature}`;
    return (await compactVerify(compact, macKey, { algorithms: ['HS256'] })).payload;
  });
  const thumbprint = await calculateJwkThumbprint(
    objectOf(Buffer.from(bound).toString('utf8'), 'a key') as JWK,
  );
  if (thumbprint === (await calculateJwkThumbprint(jwk))) return keyId;
  throw new AcmeProblem('unauthorized', 'the binding is for another key', 401);
}

async function verified<Value>(verify: () => Promise<Value>): Promise<Value> {
  try {
    return await verify();
  } catch {
    // Whatever is wrong with a signature, its sender learns no more than that it is.
    throw new AcmeProblem('unauthorized', 'the signature is not good', 401);
  }
}

function objectOf(text: string, what: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new AcmeProblem('malformed', `${what} is expected, as a JSON object`);
}
