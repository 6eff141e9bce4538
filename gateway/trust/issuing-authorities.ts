import { type Certificate, isIssuedBy } from '../../certs/x509/index.ts';
import type { GlobalConfiguration, IssuingCa } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';

/**
 * The approved authorities of one instance that may have issued a certificate: those that bear its issuer's name,
 * and of several namesakes those whose key signed it. An authority that renewed its key keeps its name, and some
 * list one authority in two services, so there may be several.
 * @param instance whose authorities count: one instance's never vouch for another's members
 * @returns none when no authority of that name is approved
 */
export function issuersOf(
  certificate: Certificate,
  instance: string,
  configuration: GlobalConfiguration,
): readonly IssuingCa[] {
  const namesakes = configuration.approvedCas(instance, certificate.issuer.der);
  if (namesakes.length < 2) return namesakes;
  const signers = namesakes.filter((ca) => isIssuedBy(certificate, ca.certificate));
  // When none of them signed it, looking for a path to each says better than this what is wrong.
  return signers.length > 0 ? signers : namesakes;
}

/**
 * Verifies by one authority after the other, until one suffices.
 * @param issuers at least one
 * @throws Fault of the first authority when none suffices
 */
export function verifyByOneOf<Result>(
  [first, ...others]: readonly [IssuingCa, ...IssuingCa[]],
  verify: (issuer: IssuingCa) => Result,
): Result {
  try {
    return verify(first);
  } catch (failure) {
    if (!(failure instanceof Fault)) throw failure;
    for (const issuer of others) {
      try {
        return verify(issuer);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
      }
    }
    throw failure;
  }
}

/**
 * As {@link issuersOf}, for whoever cannot go on without one.
 * @throws Fault CannotCreateCertPath
 */
export function requireIssuers(
  certificate: Certificate,
  instance: string,
  configuration: GlobalConfiguration,
): readonly [IssuingCa, ...IssuingCa[]] {
  const [first, ...others] = issuersOf(certificate, instance, configuration);
  if (first === undefined) {
    const message = `${certificate.issuer} is not an approved authority of instance ${instance}`;
    throw new Fault('CannotCreateCertPath', message);
  }
  return [first, ...others];
}
