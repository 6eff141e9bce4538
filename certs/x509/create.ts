import { createHash, type KeyObject } from 'node:crypto';
import { bitString, explicit, integer, sequence, time } from '../der/index.ts';
import type { SigningKey } from '../key/index.ts';
import { type Certificate, parseCertificate, publicKeyBitsOf, publicKeyInfoOf } from './certificate.ts';
import { type ExtensionsToWrite, writeExtensions } from './extensions.ts';
import type { DistinguishedName } from './name.ts';

export interface CertificateToCreate
  extends Omit<ExtensionsToWrite, 'subjectKeyIdentifier' | 'authorityKeyIdentifier'> {
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly publicKey: KeyObject;
  /** Positive; RFC 5280 §4.1.2.2 allows 20 octets. */
  readonly serialNumber: bigint;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** @param issuerKey signs; for a self-signed certificate the key of `publicKey` itself */
export async function createCertificate(
  wanted: CertificateToCreate,
  issuerKey: SigningKey,
): Promise<Certificate> {
  const publicKeyInfo = publicKeyInfoOf(wanted.publicKey);
  const { identifierDer } = issuerKey.algorithm;
  const extensions = writeExtensions({
    ...wanted,
    subjectKeyIdentifier: keyIdentifier(publicKeyInfo),
    authorityKeyIdentifier: keyIdentifier(publicKeyInfoOf(issuerKey.publicKey)),
  });
  const tbs = sequence(
    explicit(0, integer(2)),
    integer(wanted.serialNumber),
    identifierDer,
    wanted.issuer.der,
    sequence(time(wanted.notBefore), time(wanted.notAfter)),
    wanted.subject.der,
    publicKeyInfo,
    explicit(3, extensions),
  );
  return parseCertificate(sequence(tbs, identifierDer, bitString(await issuerKey.sign(tbs))));
}

/** RFC 5280 §4.2.1.2, method 1. */
function keyIdentifier(publicKeyInfo: Buffer): Buffer {
  return createHash('sha1').update(publicKeyBitsOf(publicKeyInfo)).digest();
}
