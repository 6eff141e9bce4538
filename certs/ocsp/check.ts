import { verifySignature } from '../key/index.ts';
import {
  type Certificate,
  CertificateError,
  extendedKeyUsages,
  isIssuedBy,
  isSameCertificate,
} from '../x509/index.ts';
import { certId, sha1 } from './cert-id.ts';
import { OcspError } from './error.ts';
import { type OcspResponse, parseOcspResponse } from './response.ts';

export interface OcspQuestion {
  /** DER. */
  readonly response: Buffer;
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  /** Responder certificates that the issuer's entry in the configuration names. */
  readonly responders: readonly Certificate[];
  readonly at: Date;
  /** Oldest `thisUpdate` that is taken, before `at`. */
  readonly freshnessMs: number;
  /** Whether a `nextUpdate` that has passed makes the response useless. */
  readonly verifyNextUpdate: boolean;
}

export interface OcspVerdict {
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  /** Last instant at which the same response will still be good. */
  readonly validUntil: Date;
}

/** How far a responder's clock may run ahead of ours. */
const clockSkewMs = 60_000;

/**
 * Whether a response shows its certificate to be good at an instant, in the order of X-Road's checks, with two
 * more: a status from the future and a responder whose own certificate is out of date are refused.
 * @throws OcspError
 * @see RFC 6960 §3.2
 */
export function checkOcsp(question: OcspQuestion): OcspVerdict {
  const { certificate, issuer, at, freshnessMs, verifyNextUpdate } = question;
  const response = parseOcspResponse(question.response);
  const [single] = response.responses;
  if (single === undefined || !single.certId.equals(certId(certificate, issuer))) {
    throw new OcspError(
      'wrong-certificate',
      `the response is not about the certificate of ${certificate.subject}`,
    );
  }
  const signer = checkSigner(response, question);
  if (single.thisUpdate.getTime() < at.getTime() - freshnessMs) {
    throw new OcspError('stale', `the status is of ${single.thisUpdate.toISOString()}, older than is taken`);
  }
  if (single.thisUpdate.getTime() > at.getTime() + clockSkewMs) {
    throw new OcspError(
      'future',
      `the status is of ${single.thisUpdate.toISOString()}, which has not come yet`,
    );
  }
  const { nextUpdate } = single;
  if (verifyNextUpdate && nextUpdate !== undefined && nextUpdate < at) {
    throw new OcspError('next-update', `a newer status was due at ${nextUpdate.toISOString()}`);
  }
  if (single.status !== 'good') {
    throw new OcspError(single.status, `the certificate of ${certificate.subject} is ${single.status}`);
  }
  const limits = [single.thisUpdate.getTime() + freshnessMs, signer.notAfter.getTime()];
  if (verifyNextUpdate && nextUpdate !== undefined) limits.push(nextUpdate.getTime());
  return {
    thisUpdate: single.thisUpdate,
    ...(nextUpdate !== undefined && { nextUpdate }),
    validUntil: new Date(Math.min(...limits)),
  };
}

/** @returns the certificate whose key signed, after making sure that it may */
function checkSigner(response: OcspResponse, { issuer, responders, at }: OcspQuestion): Certificate {
  const candidates = [...responders, issuer, ...response.certificates].filter((one) =>
    isNamed(one, response),
  );
  if (candidates.length === 0) throw new OcspError('unauthorised', 'the responder is not one that is known');
  const signer = candidates.find((one) => hasSigned(one, response));
  if (signer === undefined) throw new OcspError('signature', 'the signature of the response is not good');
  const isConfigured = responders.some((one) => isSameCertificate(one, signer));
  const isIssuer = isSameCertificate(issuer, signer);
  const isDelegated =
    signer.extendedKeyUsage?.includes(extendedKeyUsages.ocspSigning) === true && isIssuedBy(signer, issuer);
  if (!isConfigured && !isIssuer && !isDelegated) {
    throw new OcspError('unauthorised', `${signer.subject} may not speak for ${issuer.subject}`);
  }
  if (at < signer.notBefore || at > signer.notAfter) {
    throw new OcspError(
      'unauthorised',
      `the responder certificate of ${signer.subject} is not valid at this time`,
    );
  }
  return signer;
}

function hasSigned(certificate: Certificate, response: OcspResponse): boolean {
  const { signatureAlgorithm, signedBytes, signature } = response;
  if (signatureAlgorithm === undefined) return false;
  try {
    return verifySignature(signatureAlgorithm, certificate.publicKey, signedBytes, signature);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new OcspError('malformed', 'a certificate in the response has no key that can be read', {
      cause: error,
    });
  }
}

function isNamed(certificate: Certificate, { responder }: OcspResponse): boolean {
  if ('nameDer' in responder) return certificate.subject.der.equals(responder.nameDer);
  return sha1(certificate.publicKeyBits).equals(responder.keyHash);
}
