import { createHash } from 'node:crypto';
import { digestByOid, digestOf, verifySignature } from '../key/index.ts';
import { type Certificate, issuerAndSerial } from '../x509/index.ts';
import { TimestampError } from './error.ts';
import { parseTimestampToken, type TimestampToken } from './token.ts';

export interface TimestampQuestion {
  /** DER. */
  readonly token: Buffer;
  /** The data that were stamped. */
  readonly stamped: Buffer;
  /** Of every timestamping authority that is trusted. */
  readonly certificates: readonly Certificate[];
}

/**
 * Whether a token shows that its data existed at an instant.
 * @returns that instant, and whose word it is
 * @throws TimestampError
 */
export function checkTimestamp({ token, stamped, certificates }: TimestampQuestion): {
  readonly at: Date;
  readonly certificate: Certificate;
} {
  const parsed = parseTimestampToken(token);
  const algorithm = digestByOid(parsed.imprint.digestOid);
  if (algorithm === undefined)
    throw new TimestampError('malformed', 'the imprint has a digest that is not accepted');
  if (!digestOf(algorithm.name, stamped).equals(parsed.imprint.digest)) {
    throw new TimestampError('imprint', 'the timestamp is of other data');
  }
  const named = parsed.signingCertificateSha256;
  const signers = certificates.filter((one) => isSigner(one, parsed));
  // Two authorities of one name may have given the same number to their keys: the token says which it means.
  const certificate = signers.find(({ sha256 }) => named?.equals(sha256)) ?? signers[0];
  if (certificate === undefined) {
    throw new TimestampError('signer', 'the timestamp is not of an authority that is trusted');
  }
  if (!digestOf(parsed.digest.name, parsed.content).equals(parsed.messageDigest)) {
    throw new TimestampError('signature', 'the message digest does not fit the content');
  }
  const { signatureAlgorithm, signedAttributes, signature } = parsed;
  if (!verifySignature(signatureAlgorithm, certificate.publicKey, signedAttributes, signature)) {
    throw new TimestampError('signature', 'the signature of the timestamp is not good');
  }
  if (named !== undefined && !named.equals(certificate.sha256)) {
    throw new TimestampError('signature', 'the timestamp names another certificate than that of its signer');
  }
  // What an authority stamped outside its time was not true then: its key may have been given up, or not yet kept.
  const { genTime: at } = parsed;
  if (at < certificate.notBefore || at > certificate.notAfter) {
    const valid = `${certificate.notBefore.toISOString()} to ${certificate.notAfter.toISOString()}`;
    const reason = `the certificate of the authority was valid from ${valid}, and it stamped at ${at.toISOString()}`;
    throw new TimestampError('expired', reason);
  }
  return { at, certificate };
}

function isSigner(certificate: Certificate, { signer }: TimestampToken): boolean {
  if ('issuerAndSerial' in signer) return issuerAndSerial(certificate).equals(signer.issuerAndSerial);
  return createHash('sha1').update(certificate.publicKeyBits).digest().equals(signer.keyIdentifier);
}
