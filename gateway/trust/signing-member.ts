import type { Certificate } from '../../certs/x509/index.ts';
import { Fault } from '../fault/index.ts';
import type { MemberId } from '../identifier/index.ts';
import { formOf, profiles, type SubjectAttribute, valuesOf } from './profiles.ts';

/**
 * The member a signing certificate names.
 * @param profile class name in the configuration of the authority that issued it, with or without its package
 * @param instance of whom the signer is expected to be; some profiles do not write it in the certificate
 * @throws Fault IncorrectCertificate when the profile is not known, or the subject does not follow it
 */
export function memberOfSigningCertificate(
  certificate: Certificate,
  profile: string,
  instance: string,
): MemberId {
  const { subject } = certificate;
  const forms = profiles.get(profile.slice(profile.lastIndexOf('.') + 1));
  if (forms === undefined) {
    throw new Fault('IncorrectCertificate', `Certificate profile '${profile}' is not known here`);
  }
  const refuse = (why: string) =>
    new Fault('IncorrectCertificate', `The certificate of ${subject} does not follow ${profile}: ${why}`);
  const value = (attribute: SubjectAttribute) => {
    const [text, ...more] = valuesOf(subject, attribute);
    if (text === undefined) throw refuse(`it has no ${attribute}`);
    // Which of two counts depends on who reads: a certificate must not be of one member here, of another there.
    if (more.length > 0) throw refuse(`it has more than one ${attribute}`);
    return text;
  };
  const form = formOf(subject, forms);
  if (form === undefined) throw refuse('it is written in none of its forms');
  if (form.country !== undefined && value('C') !== form.country) throw refuse(`C is not ${form.country}`);
  for (const attribute of form.needs ?? []) value(attribute);
  const member = form.read(value, instance);
  if (member === undefined) throw refuse('its serial number has another shape');
  return { kind: 'MEMBER', ...member };
}
