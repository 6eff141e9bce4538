import { createHash } from 'node:crypto';
import { integer, nullValue, octetString, oid, sequence } from '../der/index.ts';
import type { Certificate } from '../x509/index.ts';

const sha1Identifier = sequence(oid('1.3.14.3.2.26'), nullValue());

/**
 * CertID of a certificate. SHA-1 here names, and protects nothing: it is what X-Road peers look responses up by.
 * @see RFC 6960 §4.1.1
 */
export function certId(certificate: Pick<Certificate, 'serialNumber'>, issuer: Certificate): Buffer {
  return sequence(
    sha1Identifier,
    octetString(sha1(issuer.subject.der)),
    octetString(sha1(issuer.publicKeyBits)),
    integer(certificate.serialNumber),
  );
}

export function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}
