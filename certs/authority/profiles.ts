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

export type ProfileName =
  | 'ejbca'
  | 'basic'
  | 'basic-acme'
  | 'fivrk'
  | 'is'
  | 'fo'
  | 'sk-klass3'
  | 'sk-esteid';

const javaPackage = 'ee.ria.xroad.common.certificateprofile.impl';

/** Java class by which shared parameters name the profile. */
export const profileClasses: Readonly<Record<ProfileName, string>> = {
  ejbca: `${javaPackage}.EjbcaCertificateProfileInfoProvider`,
  basic: `${javaPackage}.BasicCertificateProfileInfoProvider`,
  'basic-acme': `${javaPackage}.BasicACMECertificateProfileInfoProvider`,
  fivrk: `${javaPackage}.FiVRKCertificateProfileInfoProvider`,
  is: `${javaPackage}.IsCertificateProfileInfoProvider`,
  fo: `${javaPackage}.FoCertificateProfileInfoProvider`,
  'sk-klass3': `${javaPackage}.SkKlass3CertificateProfileInfoProvider`,
  'sk-esteid': `${javaPackage}.SkEsteIdCertificateProfileInfoProvider`,
};

type SubjectWriter = (applicant: Applicant) => DistinguishedName;

interface SubjectWriters {
  readonly signing: SubjectWriter;
  readonly authentication: SubjectWriter;
}

const basic: SubjectWriters = {
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
};

/** `instance/serverCode/class`, as the Nordic profiles put it into the serial number. */
const serverPath = ({ instance, serverCode, memberClass }: Applicant) =>
  `${instance}/${serverCode}/${memberClass}`;

/** Instance, class and code as O, OU and CN under a fixed country. */
function national(country: string, withSerialNumber: boolean): SubjectWriters {
  const serial = (applicant: Applicant) => (withSerialNumber ? { serialNumber: serverPath(applicant) } : {});
  return {
    signing: (applicant) => {
      const { instance, memberClass, memberCode } = applicant;
      return buildName({ C: country, O: instance, OU: memberClass, ...serial(applicant), CN: memberCode });
    },
    authentication: (applicant) =>
      buildName({
        C: country,
        O: applicant.memberName,
        serialNumber: serverPath(applicant),
        CN: applicant.dnsName,
      }),
  };
}

/** Subjects of each profile, in the order their readers expect. @see X-Road 7 certificate profiles */
const subjects: Readonly<Record<ProfileName, SubjectWriters>> = {
  ejbca: {
    signing: ({ instance, memberClass, memberCode }) =>
      buildName({ C: instance, O: memberClass, CN: memberCode }),
    authentication: ({ instance, serverCode }) => buildName({ C: instance, CN: serverCode }),
  },
  basic,
  'basic-acme': basic,
  fivrk: {
    signing: (applicant) =>
      buildName({
        C: 'FI',
        O: applicant.memberName,
        serialNumber: serverPath(applicant),
        CN: applicant.memberCode,
      }),
    authentication: national('FI', false).authentication,
  },
  is: national('IS', true),
  fo: national('FO', false),
  'sk-klass3': {
    signing: ({ memberName, memberCode }) =>
      buildName({ C: 'EE', O: memberName, serialNumber: memberCode, CN: memberName }),
    authentication: ({ memberName, memberCode, dnsName }) =>
      buildName({ C: 'EE', O: memberName, serialNumber: memberCode, CN: dnsName }),
  },
  'sk-esteid': {
    signing: ({ memberName, memberCode }) => buildName({ C: 'EE', serialNumber: memberCode, CN: memberName }),
    // The profile is for persons, who have no servers.
    authentication: basic.authentication,
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
