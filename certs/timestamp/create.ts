import {
  asSequence,
  asSmallInteger,
  DerError,
  generalizedTime,
  implicit,
  integer,
  nullValue,
  octetString,
  oid,
  readDer,
  sequence,
  setOf,
  tlv,
  utf8String,
} from '../der/index.ts';
import { digestAlgorithms, digestOf, type SigningKey } from '../key/index.ts';
import { type Certificate, issuerAndSerial } from '../x509/index.ts';
import { TimestampError } from './error.ts';
import { type TimestampRequest, writeImprint } from './request.ts';
import { oids } from './token.ts';

export interface TokenToCreate {
  readonly request: TimestampRequest;
  readonly policy: string;
  readonly serialNumber: bigint;
  readonly at: Date;
}

/** A token over the imprint of a request, with the certificate along when it was asked for. DER. */
export async function createTimestampToken(
  { request, policy, serialNumber, at }: TokenToCreate,
  certificate: Certificate,
  key: SigningKey,
): Promise<Buffer> {
  const content = sequence(
    integer(1),
    oid(policy),
    writeImprint(request.imprint),
    integer(serialNumber),
    generalizedTime(at),
    ...(request.nonce === undefined ? [] : [integer(request.nonce)]),
  );
  const { digest } = key.algorithm;
  const attributes = setOf(
    attribute(oids.contentType, oid(oids.tstInfo)),
    attribute(oids.messageDigest, octetString(digestOf(digest, content))),
    attribute(oids.signingCertificateV2, sequence(sequence(sequence(octetString(certificate.sha256))))),
  );
  const digestIdentifier = sequence(oid(digestAlgorithms[digest].oid), nullValue());
  const signerInfo = sequence(
    integer(1),
    issuerAndSerial(certificate),
    digestIdentifier,
    Buffer.concat([Buffer.from([0xa0]), attributes.subarray(1)]),
    key.algorithm.identifierDer,
    octetString(await key.sign(attributes)),
  );
  const signedData = sequence(
    integer(3),
    setOf(digestIdentifier),
    sequence(oid(oids.tstInfo), tlv(0xa0, octetString(content))),
    ...(request.wantsCertificate ? [implicit(0, certificate.der, true)] : []),
    setOf(signerInfo),
  );
  return sequence(oid(oids.signedData), tlv(0xa0, signedData));
}

function attribute(type: string, value: Buffer): Buffer {
  return sequence(oid(type), setOf(value));
}

/** @see RFC 3161 §2.4.2 */
export function createTimestampResponse(token: Buffer): Buffer {
  return sequence(sequence(integer(0)), token);
}

/** Rejection with a reason for people. */
export function createTimestampRefusal(reason: string): Buffer {
  return sequence(sequence(integer(2), sequence(utf8String(reason))));
}

/**
 * Takes the token out of a response.
 * @throws TimestampError refused, malformed
 */
export function readTimestampResponse(bytes: Uint8Array): Buffer {
  try {
    const [statusInfo, token] = asSequence(readDer(bytes));
    const status = asSmallInteger(asSequence(statusInfo)[0]);
    // granted, grantedWithMods
    if (status !== 0 && status !== 1)
      throw new TimestampError('refused', `the authority answered with status ${status}`);
    if (token === undefined) throw new TimestampError('malformed', 'the response has no token');
    return token.raw;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new TimestampError('malformed', `not a timestamp response: ${error.message}`, { cause: error });
  }
}
