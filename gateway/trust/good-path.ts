import { checkOcsp, OcspError } from '../../certs/ocsp/index.ts';
import { buildPath, type Certificate, CertificateError, isSameCertificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration, IssuingCa } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';

interface PathToFind {
  readonly leaf: Certificate;
  /** Certificates that may stand between the leaf and its authority. */
  readonly extras: readonly Certificate[];
  readonly authority: IssuingCa;
  readonly at: Date;
}

interface StatusesToVerify {
  /** DER, in any order. */
  readonly ocspResponses: readonly Buffer[];
  /** Whose authorities count: one instance's never vouch for another's members. */
  readonly instance: string;
  readonly configuration: GlobalConfiguration;
  readonly at: Date;
}

type PathToVerify = PathToFind & StatusesToVerify;

/**
 * Verifies that an approved authority vouches for a certificate at an instant: a path to it, and a good status of
 * each certificate on that path but the authority's own.
 * @returns the last instant at which the same evidence still suffices
 * @throws Fault CannotCreateCertPath, InvalidCertPath, CertValidation, IncorrectValidationInfo
 */
export function verifyPath(question: PathToVerify): Date {
  return verifyStatuses(findPath(question), question);
}

/**
 * Verifies that each certificate of a path but the last has a good status.
 * @returns the last instant at which the same path and statuses still suffice
 * @throws Fault CertValidation, IncorrectValidationInfo
 */
export function verifyStatuses(path: readonly Certificate[], question: StatusesToVerify): Date {
  let validUntil = Number.POSITIVE_INFINITY;
  for (const [index, certificate] of path.entries()) {
    const issuer = path[index + 1];
    if (issuer === undefined) break;
    const statusUntil = verifyStatus(certificate, issuer, question);
    validUntil = Math.min(validUntil, statusUntil.getTime(), certificate.notAfter.getTime());
  }
  return new Date(validUntil);
}

/**
 * @returns leaf first, the authority's own certificate last
 * @throws Fault CannotCreateCertPath, InvalidCertPath
 */
export function findPath({ leaf, extras, authority, at }: PathToFind): Certificate[] {
  try {
    return buildPath({ leaf, extras, anchors: [authority.certificate], at });
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    const code = error.code === 'no-path' ? 'CannotCreateCertPath' : 'InvalidCertPath';
    throw new Fault(code, `The certificate is not trusted: ${error.message}`, { cause: error });
  }
}

/** @returns the last instant at which the status is still good */
function verifyStatus(certificate: Certificate, issuer: Certificate, question: StatusesToVerify): Date {
  const { ocspResponses, configuration, at } = question;
  const responders = respondersOf(certificate, issuer, question);
  const { ocspFreshnessMs: freshnessMs, verifyNextUpdate } = configuration;
  let failure: OcspError | undefined;
  for (const response of ocspResponses) {
    try {
      return checkOcsp({ response, certificate, issuer, responders, at, freshnessMs, verifyNextUpdate })
        .validUntil;
    } catch (error) {
      if (!(error instanceof OcspError)) throw error;
      // That a response is about another certificate says the least about this one.
      if (failure === undefined || failure.code === 'wrong-certificate') failure = error;
    }
  }
  if (failure === undefined) {
    throw new Fault(
      'CertValidation',
      `There is no status response for the certificate of ${certificate.subject}`,
    );
  }
  const isStatus = failure.code === 'revoked' || failure.code === 'unknown';
  throw new Fault(
    isStatus ? 'CertValidation' : 'IncorrectValidationInfo',
    `The status of the certificate of ${certificate.subject} is not good: ${failure.message}`,
    { cause: failure },
  );
}

/** Responders configured for the very authority that issued `certificate`, in whichever service; no namesake's. */
function respondersOf(
  certificate: Certificate,
  issuer: Certificate,
  { configuration, instance }: StatusesToVerify,
): readonly Certificate[] {
  return configuration
    .approvedCas(instance, certificate.issuer.der)
    .filter((ca) => isSameCertificate(ca.certificate, issuer))
    .flatMap((ca) => ca.ocspResponders.flatMap((responder) => responder.certificate ?? []));
}
