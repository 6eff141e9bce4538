import type { Certificate } from '../../certs/x509/index.ts';
import {
  type CertificateProfile,
  describeStep,
  readMember,
  shippedProfile,
} from '../certificate-profile/index.ts';
import { Fault } from '../fault/index.ts';
import type { MemberId } from '../identifier/index.ts';

/**
 * The member a signing certificate names.
 * @param profile of the authority that issued it: class name, with its package or without, or the profile itself
 * @param instance of whom the signer is expected to be; some profiles do not write it in the certificate
 * @throws Fault IncorrectCertificate when the profile is not known, or the subject does not follow it
 */
export function memberOfSigningCertificate(
  certificate: Certificate,
  profile: string | CertificateProfile,
  instance: string,
): MemberId {
  const { subject } = certificate;
  const definition = typeof profile === 'string' ? shippedProfile(profile) : profile;
  if (definition === undefined) {
    throw new Fault('IncorrectCertificate', `Certificate profile '${profile}' is not known here`);
  }
  const { member, steps } = readMember(definition, subject, instance);
  if (member === undefined) {
    const why = steps.slice(-1).map(describeStep).join();
    const message = `The certificate of ${subject} does not follow ${definition.name}: ${why}`;
    throw new Fault('IncorrectCertificate', message);
  }
  return { kind: 'MEMBER', ...member };
}
