import {
  asBitStringOctets,
  asInteger,
  asOid,
  asSequence,
  readDer,
  tags,
} from '../../../../certs/der/index.ts';
import { answerTo, type Question, Unanswerable } from './oracle.ts';

/** As much of a public `KeyObject` of `node:crypto` as judging asks for. */
export interface BrowserKey {
  readonly type: 'public';
  readonly asymmetricKeyType: string;
  readonly asymmetricKeyDetails: {
    readonly namedCurve?: string;
    readonly modulusLength?: number;
    readonly publicExponent?: bigint;
  };
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Buffer;
}

/** Curves of both worlds, by the name that `node:crypto` gives them. */
export const curves: ReadonlyMap<string, { readonly webName: string; readonly octets: number }> = new Map([
  ['prime256v1', { webName: 'P-256', octets: 32 }],
  ['secp384r1', { webName: 'P-384', octets: 48 }],
  ['secp521r1', { webName: 'P-521', octets: 66 }],
]);

const curveNames: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10045.3.1.7', 'prime256v1'],
  ['1.3.132.0.34', 'secp384r1'],
  ['1.3.132.0.35', 'secp521r1'],
  ['1.3.132.0.10', 'secp256k1'],
]);

/** Types by the OID of SubjectPublicKeyInfo. @see RFC 5480, RFC 4055, RFC 8410 */
const keyTypes: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10045.2.1', 'ec'],
  ['1.2.840.113549.1.1.1', 'rsa'],
  ['1.2.840.113549.1.1.10', 'rsa-pss'],
  ['1.2.840.10040.4.1', 'dsa'],
  ['1.3.101.110', 'x25519'],
  ['1.3.101.111', 'x448'],
  ['1.3.101.112', 'ed25519'],
  ['1.3.101.113', 'ed448'],
]);

/**
 * Reads a public key as `createPublicKey` of `node:crypto` does.
 * @param input DER SubjectPublicKeyInfo
 * @throws DerError; Error for a key of no known type, or no point of its curve
 */
export function createPublicKey(input: {
  readonly key: Buffer;
  readonly format: 'der';
  readonly type: 'spki';
}): BrowserKey {
  const spki = input.key;
  const [algorithm, bits] = asSequence(readDer(spki));
  const [algorithmOid, parameters] = asSequence(algorithm);
  const type = keyTypes.get(asOid(algorithmOid));
  if (type === undefined) throw new Error('a public key of a type that is not known');
  const key = { type: 'public', asymmetricKeyType: type, spki } as const;
  const octets = asBitStringOctets(bits);
  if (type === 'rsa') return { ...key, asymmetricKeyDetails: rsaDetails(octets) };
  if (type !== 'ec') return { ...key, asymmetricKeyDetails: {} };
  // Explicit parameters have no name, and what has no name is refused later.
  const namedCurve = parameters?.tag === tags.oid ? curveNames.get(asOid(parameters)) : undefined;
  if (namedCurve === undefined) return { ...key, asymmetricKeyDetails: {} };
  requirePoint(spki, namedCurve, octets);
  return { ...key, asymmetricKeyDetails: { namedCurve } };
}

function rsaDetails(octets: Buffer): BrowserKey['asymmetricKeyDetails'] {
  const [modulus, exponent] = asSequence(readDer(octets));
  return {
    modulusLength: asInteger(modulus).toString(2).length,
    publicExponent: asInteger(exponent),
  };
}

/** WebCrypto imports no point that is not on its curve. */
function requirePoint(spki: Buffer, namedCurve: string, point: Buffer): void {
  const curve = curves.get(namedCurve);
  if (curve === undefined) return;
  const key = `point ${spki.toString('base64')}`;
  const ask = async (): Promise<boolean> => {
    const isCompressed = point[0] === 0x02 || point[0] === 0x03;
    if (isCompressed) throw new Unanswerable('this browser does not read compressed keys');
    return (await importKey(spki, { name: 'ECDSA', namedCurve: curve.webName })) !== undefined;
  };
  if (!answerTo({ key, ask } satisfies Question, true)) throw new Error('the point is not on its curve');
}

/**
 * @returns undefined for a key that is none
 * @throws Unanswerable for an algorithm that the browser does not have
 */
export async function importKey(
  spki: Uint8Array,
  algorithm: RsaHashedImportParams | EcKeyImportParams | Algorithm,
): Promise<CryptoKey | undefined> {
  try {
    return await globalThis.crypto.subtle.importKey('spki', copyOf(spki), algorithm, false, ['verify']);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'DataError') return undefined;
    throw new Unanswerable(`this browser cannot check signatures with ${algorithm.name}`, { cause: error });
  }
}

/** WebCrypto takes no view on memory that could be shared. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
