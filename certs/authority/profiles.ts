import { buildName, type DistinguishedName } from '../x509/index.ts';

/** What a certificate is for; never more than one thing. */
export type CertificateKind = 'signing' | 'authentication' | 'tls-server';

/** Who or what a certificate is issued to. */
export interface Applicant {
  readonly instance: string;
  readonly memberClass: string;
  readonly memberCode: string;
  /** Name of the member, for people. */
  readonly memberName: string;
  /** ISO 3166 country; XX, which is nobody's, unless told. */
  readonly country?: string;
  readonly serverCode?: string;
  readonly dnsName?: string;
}

export type ProfileName = 'ejbca' | 'basic' | 'fivrk';

/** Java class by which shared parameters name the profile. */
export const profileClasses: Readonly<Record<ProfileName, string>> = {
  ejbca: 'ee.ria.xroad.common.certificateprofile.impl.EjbcaCertificateProfileInfoProvider',
  basic: 'ee.ria.xroad.common.certificateprofile.impl.BasicCertificateProfileInfoProvider',
  fivrk: 'ee.ria.xroad.common.certificateprofile.impl.FiVRKCertificateProfileInfoProvider',
};

type SubjectWriter = (applicant: Applicant) => DistinguishedName;

/** Subjects of each profile, in the order their readers expect. @see X-Road 7 certificate profiles */
const subjects: Readonly<
  Record<ProfileName, { readonly signing: SubjectWriter; readonly authentication: SubjectWriter }>
> = {
  ejbca: {
    signing: ({ instance, memberClass, memberCode }) =>
      buildName({ C: instance, O: memberClass, CN: memberCode }),
    authentication: ({ instance, serverCode }) => buildName({ C: instance, CN: serverCode }),
  },
  basic: {
    signing: ({ country = 'XX', memberName, memberClass, memberCode }) =>
      buildName({
        C: country,
        O: memberName,
        businessCategory: memberClass,
        serialNumber: memberCode,
        CN: memberName,
      }),
    authentication: ({ country = 'XX', memberName, memberCode, dnsName }) =>
      buildName({ C: country, O: memberName, serialNumber: memberCode, CN: dnsName }),
  },
  fivrk: {
    signing: ({ instance, serverCode, memberClass, memberName, memberCode }) =>
      buildName({
        C: 'FI',
        O: memberName,
        serialNumber: `${instance}/${serverCode}/${memberClass}`,
        CN: memberCode,
      }),
    authentication: ({ instance, serverCode, memberClass, memberName, dnsName }) =>
      buildName({
        C: 'FI',
        O: memberName,
        serialNumber: `${instance}/${serverCode}/${memberClass}`,
        CN: dnsName,
      }),
  },
};

export function subjectOf(
  kind: CertificateKind,
  profile: ProfileName,
  applicant: Applicant,
): DistinguishedName {
  if (kind === 'tls-server') return buildName({ O: applicant.memberName, CN: applicant.dnsName });
  return subjects[profile][kind](applicant);
}
