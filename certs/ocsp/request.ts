import {
  asInteger,
  asOctetString,
  asOid,
  asSequence,
  DerError,
  isContext,
  readDer,
  sequence,
} from '../der/index.ts';
import type { Certificate } from '../x509/index.ts';
import { certId } from './cert-id.ts';
import { OcspError } from './error.ts';

/** Unsigned request for one certificate, DER. @see RFC 6960 §4.1 */
export function createOcspRequest(certificate: Certificate, issuer: Certificate): Buffer {
  return sequence(sequence(sequence(sequence(certId(certificate, issuer)))));
}

export interface RequestedStatus {
  /** DER CertID as asked, to be echoed. */
  readonly certId: Buffer;
  readonly hashAlgorithm: string;
  readonly issuerNameHash: Buffer;
  readonly issuerKeyHash: Buffer;
  readonly serialNumber: bigint;
}

/** @throws OcspError malformed */
export function parseOcspRequest(bytes: Uint8Array): readonly RequestedStatus[] {
  try {
    const [tbs] = asSequence(readDer(bytes));
    const list = asSequence(tbs).find((field) => !isContext(field, 0) && !isContext(field, 1));
    return asSequence(list).map((request) => {
      const [id] = asSequence(request);
      const [algorithm, issuerNameHash, issuerKeyHash, serialNumber] = asSequence(id);
      return {
        certId: id?.raw ?? Buffer.alloc(0),
        hashAlgorithm: asOid(asSequence(algorithm)[0]),
        issuerNameHash: asOctetString(issuerNameHash),
        issuerKeyHash: asOctetString(issuerKeyHash),
        serialNumber: asInteger(serialNumber),
      };
    });
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new OcspError('malformed', `not an OCSP request: ${error.message}`, { cause: error });
  }
}
