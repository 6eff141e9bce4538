import { asInteger, asSequence, DerError, readDer } from '../../../../certs/der/index.ts';
import { sha256Hex } from './hashes.ts';
import { type BrowserKey, copyOf, curves, importKey } from './keys.ts';
import { answerTo, Unanswerable } from './oracle.ts';

export const constants = { RSA_PKCS1_PADDING: 1, RSA_PKCS1_PSS_PADDING: 6 };

interface VerifyInput {
  readonly key: BrowserKey;
  readonly dsaEncoding?: 'der' | 'ieee-p1363';
  readonly padding?: number;
  readonly saltLength?: number;
}

/** How WebCrypto is to be asked; undefined for a signature that cannot be one. */
interface WebQuestion {
  readonly importAs: RsaHashedImportParams | EcKeyImportParams | Algorithm;
  readonly verifyAs: RsaPssParams | EcdsaParams | Algorithm;
  readonly signature: Uint8Array;
}

const webDigests: ReadonlyMap<string, string> = new Map([
  ['sha256', 'SHA-256'],
  ['sha384', 'SHA-384'],
  ['sha512', 'SHA-512'],
]);

/**
 * `verify` of `node:crypto`, decided by WebCrypto: never by arithmetic of ours.
 * @param digest null for Ed25519
 */
export function verify(
  digest: string | null,
  data: Uint8Array,
  operand: VerifyInput | BrowserKey,
  signature: Uint8Array,
): boolean {
  const input = 'key' in operand ? operand : { key: operand };
  const question = questionOf(digest, input, signature);
  if (question === undefined) return false;
  const { importAs, verifyAs } = question;
  const parts = [input.key.spki, data, question.signature];
  const key = JSON.stringify([importAs, verifyAs, ...parts.map(sha256Hex)]);
  const ask = async (): Promise<boolean> => {
    const imported = await importKey(input.key.spki, importAs);
    if (imported === undefined) throw new Unanswerable('this browser does not take a key that signed');
    return globalThis.crypto.subtle.verify(verifyAs, imported, copyOf(question.signature), copyOf(data));
  };
  return answerTo({ key, ask }, true);
}

function questionOf(
  digest: string | null,
  { key, dsaEncoding = 'der', padding, saltLength }: VerifyInput,
  signature: Uint8Array,
): WebQuestion | undefined {
  const type = key.asymmetricKeyType;
  if (type === 'ed25519') {
    const ed25519 = { name: 'Ed25519' };
    return { importAs: ed25519, verifyAs: ed25519, signature };
  }
  const hash = webDigests.get(digest ?? '');
  if (hash === undefined) throw new Error(`no signature is checked with ${digest}`);
  if (type === 'rsa') {
    const name = padding === constants.RSA_PKCS1_PSS_PADDING ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5';
    const verifyAs = { name, ...(name === 'RSA-PSS' && { saltLength: saltLength ?? 0 }) };
    return { importAs: { name, hash }, verifyAs, signature };
  }
  if (type !== 'ec') throw new Error(`no signature is checked with a key of type ${type}`);
  return ecQuestion(key, hash, dsaEncoding === 'der' ? signature : undefined, signature);
}

function ecQuestion(
  key: BrowserKey,
  hash: string,
  der: Uint8Array | undefined,
  signature: Uint8Array,
): WebQuestion | undefined {
  const curve = curves.get(key.asymmetricKeyDetails.namedCurve ?? '');
  // A curve that browsers lack: asked all the same, so that the answer is "cannot tell" and not "wrong".
  const { webName, octets } = curve ?? { webName: 'unknown', octets: 0 };
  const plain = der === undefined || curve === undefined ? signature : plainSignature(der, octets);
  if (plain === undefined) return undefined;
  return {
    importAs: { name: 'ECDSA', namedCurve: webName },
    verifyAs: { name: 'ECDSA', hash },
    signature: plain,
  };
}

/**
 * r and s side by side, as WebCrypto has them, of a DER ECDSA-Sig-Value.
 * @returns undefined for what is none
 * @see RFC 3279 §2.2.3
 */
export function plainSignature(der: Uint8Array, octets: number): Buffer | undefined {
  try {
    const [r, s, ...more] = asSequence(readDer(der)).map(asInteger);
    if (r === undefined || s === undefined || more.length > 0) return undefined;
    const limit = 1n << BigInt(8 * octets);
    if (r < 0n || s < 0n || r >= limit || s >= limit) return undefined;
    return Buffer.from([r, s].map((value) => value.toString(16).padStart(2 * octets, '0')).join(''), 'hex');
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return undefined;
  }
}
