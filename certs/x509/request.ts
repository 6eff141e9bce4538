import type { KeyObject } from 'node:crypto';
import {
  asBitStringOctets,
  asOid,
  asSequence,
  asSet,
  asSmallInteger,
  bitString,
  DerError,
  type DerNode,
  implicit,
  integer,
  isContext,
  oid,
  readDer,
  sequence,
  setOf,
} from '../der/index.ts';
import { algorithmByIdentifierDer, type SigningKey, verifySignature } from '../key/index.ts';
import { publicKeyInfoOf, readPublicKey } from './certificate.ts';
import { CertificateError } from './error.ts';
import { readExtensions, writeExtensions } from './extensions.ts';
import { type DistinguishedName, readName } from './name.ts';
import { pemToDer } from './pem.ts';

const extensionRequest = '1.2.840.113549.1.9.14';

/** Certificate signing request, DER. @see RFC 2986 */
export async function createRequest(
  wanted: { readonly subject: DistinguishedName; readonly subjectAltNames?: readonly string[] },
  key: SigningKey,
): Promise<Buffer> {
  const { subjectAltNames = [] } = wanted;
  const attributes =
    subjectAltNames.length === 0
      ? Buffer.alloc(0)
      : sequence(oid(extensionRequest), setOf(writeExtensions({ subjectAltNames })));
  const info = sequence(
    integer(0),
    wanted.subject.der,
    publicKeyInfoOf(key.publicKey),
    implicit(0, attributes, true),
  );
  return sequence(info, key.algorithm.identifierDer, bitString(await key.sign(info)));
}

export interface CertificateRequest {
  readonly subject: DistinguishedName;
  readonly publicKey: KeyObject;
  readonly publicKeyInfo: Buffer;
  readonly subjectAltNames: readonly string[];
}

/**
 * Reads a request whose sender holds the private key: the request's own signature is checked.
 * @param bytes DER or PEM
 * @throws CertificateError malformed, weak, signature
 */
export function parseRequest(bytes: Uint8Array): CertificateRequest {
  try {
    return readRequest(pemToDer(bytes, 'CERTIFICATE REQUEST'));
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new CertificateError('malformed', `not a certificate request: ${error.message}`, { cause: error });
  }
}

function readRequest(der: Buffer): CertificateRequest {
  const [info, algorithm, signature] = asSequence(readDer(der));
  const [version, subject, publicKeyInfo, attributes] = asSequence(info);
  if (info === undefined || algorithm === undefined || subject === undefined || publicKeyInfo === undefined) {
    throw new CertificateError('malformed', 'a request has a subject, a public key and a signature');
  }
  if (asSmallInteger(version) !== 0) throw new CertificateError('malformed', 'request version is unknown');
  const known = algorithmByIdentifierDer(algorithm.raw);
  if (known === undefined)
    throw new CertificateError('weak', 'the request is signed with an algorithm not accepted');
  const publicKey = readPublicKey(publicKeyInfo.raw);
  if (!verifySignature(known, publicKey, info.raw, asBitStringOctets(signature))) {
    throw new CertificateError(
      'signature',
      'the request is not signed with the key it asks a certificate for',
    );
  }
  return {
    subject: readName(subject),
    publicKey,
    publicKeyInfo: publicKeyInfo.raw,
    subjectAltNames: requestedAltNames(attributes),
  };
}

function requestedAltNames(attributes: DerNode | undefined): readonly string[] {
  if (!isContext(attributes, 0)) return [];
  for (const attribute of asSet({ ...attributes, tag: 0x31 })) {
    const [type, values] = asSequence(attribute);
    const [extensions] = asOid(type) === extensionRequest ? asSet(values) : [];
    if (extensions !== undefined) return readExtensions(extensions).subjectAltNames;
  }
  return [];
}
