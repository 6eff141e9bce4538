import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { findPath } from './good-path.ts';
import { requireIssuers, verifyByOneOf } from './issuing-authorities.ts';
import { purposeOf } from './purpose.ts';

export interface AuthenticationCertificateQuestion {
  readonly certificate: Certificate;
  /** Whose approved authorities count. */
  readonly instance: string;
  readonly configuration: GlobalConfiguration;
  readonly at: Date;
}

/**
 * Verifies that a certificate may become the authentication certificate of a server: for authentication alone, in
 * date, and issued by an approved authority. Its status is nobody's concern before it is in use; peers ask for it
 * at every connection.
 * @throws Fault IncorrectCertificate, CannotCreateCertPath, InvalidCertPath
 * @see X-Road management services protocol, registration of an authentication certificate
 */
export function verifyAuthenticationCertificate(question: AuthenticationCertificateQuestion): void {
  const { certificate, instance, configuration, at } = question;
  if (purposeOf(certificate) !== 'authentication') {
    const message = `The certificate of ${certificate.subject} is not for authentication, or not for that alone`;
    throw new Fault('IncorrectCertificate', message);
  }
  const issuers = requireIssuers(certificate, instance, configuration);
  verifyByOneOf(issuers, (authority) => findPath({ leaf: certificate, extras: [], authority, at }));
}
