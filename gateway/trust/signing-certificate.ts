import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration, IssuingCa } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { equal, type MemberId, printFull } from '../identifier/index.ts';
import { verifyPath } from './good-path.ts';
import { requireIssuers, verifyByOneOf } from './issuing-authorities.ts';
import { purposeOf } from './purpose.ts';
import { memberOfSigningCertificate } from './signing-member.ts';

export interface SigningQuestion {
  readonly certificate: Certificate;
  /** Certificates that came along with it. */
  readonly extras: readonly Certificate[];
  /** DER. */
  readonly ocspResponses: readonly Buffer[];
  /** Who must have signed. */
  readonly signer: MemberId;
  readonly configuration: GlobalConfiguration;
  /** When it must have been good: now for a message, the time of its timestamp for a container. */
  readonly at: Date;
}

/**
 * Verifies that a certificate may sign for a member at an instant.
 * @returns the last instant at which the same evidence still suffices
 * @throws Fault MalformedSignature, IncorrectCertificate, CannotCreateCertPath, InvalidCertPath, CertValidation,
 *   IncorrectValidationInfo
 * @see X-Road 7 message transport: verification of signatures
 */
export function verifySigningCertificate(question: SigningQuestion): { readonly validUntil: Date } {
  const { certificate, extras, ocspResponses, signer, configuration, at } = question;
  if (purposeOf(certificate) !== 'signing') {
    const message = `The certificate of ${certificate.subject} is not for signing, or not for signing alone`;
    throw new Fault('MalformedSignature', message);
  }
  const { instance } = signer;
  const issuers = requireIssuers(certificate, instance, configuration);
  return verifyByOneOf(issuers, (authority) => {
    requireSigner(question, authority);
    if (ocspResponses.length === 0) {
      throw new Fault('MalformedSignature', 'The signature carries no status of its certificate');
    }
    const path = { leaf: certificate, extras, ocspResponses, instance, authority, configuration, at };
    return { validUntil: verifyPath(path) };
  });
}

/** @throws Fault InvalidCertPath, IncorrectCertificate unless the authority lets the certificate sign for the signer */
function requireSigner({ certificate, signer }: SigningQuestion, authority: IssuingCa): void {
  if (authority.authenticationOnly) {
    const message = `${certificate.issuer} is approved for authentication certificates only`;
    throw new Fault('InvalidCertPath', message);
  }
  const member = memberOfSigningCertificate(certificate, authority.profile, signer.instance);
  if (!equal(member, signer)) {
    const message = `The certificate is of ${printFull(member)}, expected one of ${printFull(signer)}`;
    throw new Fault('IncorrectCertificate', message);
  }
}
