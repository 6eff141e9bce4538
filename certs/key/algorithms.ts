import { constants, type KeyObject, type SignKeyObjectInput, sign, verify } from 'node:crypto';
import { explicit, integer, nullValue, oid, sequence } from '../der/index.ts';
import { type DigestName, digestAlgorithms } from './digests.ts';
import { KeyError } from './error.ts';

export type KeyType = 'ec' | 'rsa';

/** How an ECDSA value is written: a DER sequence, or r and s side by side as XML signatures have it. */
export type SignatureEncoding = 'der' | 'ieee-p1363';

/** All that is known of one signature algorithm. */
export interface SignatureAlgorithm {
  readonly name: string;
  readonly keyType: KeyType;
  readonly digest: DigestName;
  readonly padding?: 'pkcs1' | 'pss';
  /** DER AlgorithmIdentifier as it stands in certificates, OCSP responses and CMS. */
  readonly identifierDer: Buffer;
  /** W3C SignatureMethod identifier. */
  readonly xmlUri: string;
  /** JCA name, used by X-Road in `signature-algorithm-id`. */
  readonly javaName: string;
}

const digestNames: readonly DigestName[] = ['sha512', 'sha384', 'sha256'];

function ecdsa(digest: DigestName, oidText: string): SignatureAlgorithm {
  return {
    name: `ecdsa-${digest}`,
    keyType: 'ec',
    digest,
    identifierDer: sequence(oid(oidText)),
    xmlUri: `http://www.w3.org/2001/04/xmldsig-more#ecdsa-${digest}`,
    javaName: `${digest.toUpperCase()}withECDSA`,
  };
}

function rsa(digest: DigestName, oidText: string): SignatureAlgorithm {
  return {
    name: `rsa-${digest}`,
    keyType: 'rsa',
    digest,
    padding: 'pkcs1',
    identifierDer: sequence(oid(oidText), nullValue()),
    xmlUri: `http://www.w3.org/2001/04/xmldsig-more#rsa-${digest}`,
    javaName: `${digest.toUpperCase()}withRSA`,
  };
}

/** MGF1 with the same hash and a salt as long as it. @see RFC 4055 §3.1 */
function rsaPss(digest: DigestName): SignatureAlgorithm {
  const { oid: digestOid, byteLength } = digestAlgorithms[digest];
  const hash = sequence(oid(digestOid), nullValue());
  return {
    name: `rsa-pss-${digest}`,
    keyType: 'rsa',
    digest,
    padding: 'pss',
    identifierDer: sequence(
      oid('1.2.840.113549.1.1.10'),
      sequence(
        explicit(0, hash),
        explicit(1, sequence(oid('1.2.840.113549.1.1.8'), hash)),
        explicit(2, integer(byteLength)),
      ),
    ),
    xmlUri: `http://www.w3.org/2007/05/xmldsig-more#${digest}-rsa-MGF1`,
    javaName: `${digest.toUpperCase()}withRSAandMGF1`,
  };
}

/** The one table of algorithms; what is not here is refused. */
export const signatureAlgorithms: readonly SignatureAlgorithm[] = [
  ecdsa('sha512', '1.2.840.10045.4.3.4'),
  ecdsa('sha384', '1.2.840.10045.4.3.3'),
  ecdsa('sha256', '1.2.840.10045.4.3.2'),
  rsa('sha512', '1.2.840.113549.1.1.13'),
  rsa('sha384', '1.2.840.113549.1.1.12'),
  rsa('sha256', '1.2.840.113549.1.1.11'),
  ...digestNames.map(rsaPss),
];

/** @returns undefined when unknown, as everything with SHA-1 or MD5 is */
export function algorithmByXmlUri(xmlUri: string): SignatureAlgorithm | undefined {
  return signatureAlgorithms.find((row) => row.xmlUri === xmlUri);
}

const pkcs1WithoutNull: ReadonlyMap<string, SignatureAlgorithm> = new Map(
  signatureAlgorithms
    .filter((row) => row.padding === 'pkcs1')
    // RFC 4055 §5 wants the NULL parameter; some writers leave it out.
    .map((row) => [sequence(row.identifierDer.subarray(2, -2)).toString('latin1'), row]),
);

/** @param identifierDer whole AlgorithmIdentifier */
export function algorithmByIdentifierDer(identifierDer: Buffer): SignatureAlgorithm | undefined {
  return (
    signatureAlgorithms.find((row) => row.identifierDer.equals(identifierDer)) ??
    pkcs1WithoutNull.get(identifierDer.toString('latin1'))
  );
}

/** The algorithm a key signs with: SHA-512 unless told, PKCS#1 v1.5 for RSA unless PSS is asked for. */
export function defaultAlgorithm(
  publicKey: KeyObject,
  digest: DigestName = 'sha512',
  pss = false,
): SignatureAlgorithm {
  const keyType = keyTypeOf(publicKey);
  const padding = keyType === 'ec' ? undefined : pss ? 'pss' : 'pkcs1';
  const found = signatureAlgorithms.find(
    (row) => row.keyType === keyType && row.digest === digest && row.padding === padding,
  );
  if (found === undefined)
    throw new KeyError('unsupported', `no signature algorithm for ${keyType} with ${digest}`);
  return found;
}

/** @throws KeyError unsupported for a key that is neither RSA nor elliptic curve */
export function keyTypeOf(key: KeyObject): KeyType {
  const type = key.asymmetricKeyType;
  if (type === 'ec' || type === 'rsa') return type;
  throw new KeyError('unsupported', `keys of type ${type ?? key.type} are not supported`);
}

/**
 * Whether `signature` is that of `publicKey` over `data`. A key of another type than the algorithm's, or a
 * value that is no signature at all, is simply not a good signature.
 */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  publicKey: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
  encoding: SignatureEncoding = 'der',
): boolean {
  if (publicKey.asymmetricKeyType !== algorithm.keyType) return false;
  return verify(algorithm.digest, data, operand(algorithm, publicKey, encoding), signature);
}

/** What `node:crypto` needs beside the data. */
function operand(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  encoding: SignatureEncoding,
): SignKeyObjectInput {
  if (algorithm.keyType === 'ec') return { key, dsaEncoding: encoding };
  if (algorithm.padding === 'pss') {
    const saltLength = digestAlgorithms[algorithm.digest].byteLength;
    return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  }
  return { key, padding: constants.RSA_PKCS1_PADDING };
}

/**
 * Signs on this thread when that is quicker than the way to another (P-256: some 30 µs), else in the pool,
 * so that RSA and P-384 do not hold up other exchanges.
 */
export function signWith(
  algorithm: SignatureAlgorithm,
  privateKey: KeyObject,
  data: Uint8Array,
  encoding: SignatureEncoding,
): Promise<Buffer> {
  const input = operand(algorithm, privateKey, encoding);
  if (privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
    return Promise.resolve(sign(algorithm.digest, data, input));
  }
  return new Promise((resolve, reject) => {
    sign(algorithm.digest, data, input, (error, signature) => {
      if (error) reject(error);
      else resolve(signature);
    });
  });
}
