import type { CertificateProfile, Condition, Form, Reading } from './definition.ts';

const javaPackage = 'ee.ria.xroad.common.certificateprofile.impl';

const ofSigner = { from: 'signer' } as const;
const subject = (attribute: Reading['attribute']) => ({ from: 'subject', attribute }) as const;
const constant = (value: string) => ({ from: 'constant', value }) as const;
const present = (attribute: Condition['attribute']): Condition => ({ attribute });
const country = (equals: string): Condition => ({ attribute: 'C', equals });

const countryOrganisationName: Form = {
  shownBy: [],
  instance: subject('C'),
  memberClass: subject('O'),
  memberCode: subject('CN'),
};

const organisationUnitName = {
  instance: subject('O'),
  memberClass: subject('OU'),
  memberCode: subject('CN'),
} as const satisfies Partial<Form>;

const categoryAndSerial: Form = {
  shownBy: [],
  instance: ofSigner,
  memberClass: subject('businessCategory'),
  memberCode: subject('serialNumber'),
};

/** Part of a serial number `instance/serverCode/class`. */
const ofServerPath = (part: number): Reading => ({
  ...subject('serialNumber'),
  split: { separator: '/', parts: 3, part },
});

/** An organization identifier that begins with a scheme, which says the class. */
const schemeAndCode = (scheme: string, memberClass: string): Form => ({
  shownBy: [{ attribute: 'organizationIdentifier', startsWith: scheme }],
  instance: ofSigner,
  memberClass: constant(memberClass),
  memberCode: { ...subject('organizationIdentifier'), after: scheme },
});

/** Member class by the first digit of an Estonian registry code. */
const classByFirstDigit = [...'123456789'].map((startsWith) => ({
  startsWith,
  gives: startsWith < '7' ? 'COM' : startsWith === '7' ? 'GOV' : 'NGO',
}));

/**
 * The profiles of X-Road 7, by the names of their Java classes without the package.
 * @see X-Road 7: ee.ria.xroad.common.certificateprofile
 */
export const shippedProfiles: readonly CertificateProfile[] = [
  {
    name: 'EjbcaCertificateProfileInfoProvider',
    description: 'Instance, class and code as C, O and CN.',
    forms: [countryOrganisationName],
  },
  {
    name: 'BasicCertificateProfileInfoProvider',
    description: 'Class and code as businessCategory and serialNumber.',
    forms: [categoryAndSerial],
  },
  {
    name: 'BasicACMECertificateProfileInfoProvider',
    description: 'As Basic; server certificates name their hosts, so that they can be ordered by ACME.',
    forms: [categoryAndSerial],
  },
  {
    name: 'FiVRKCertificateProfileInfoProvider',
    description: 'Finland: instance and class in a serialNumber instance/server/class, code as CN.',
    forms: [
      {
        shownBy: [present('serialNumber')],
        needs: [country('FI'), present('O')],
        instance: ofServerPath(1),
        memberClass: ofServerPath(3),
        memberCode: subject('CN'),
      },
      { shownBy: [present('OU')], needs: [country('FI')], ...organisationUnitName },
      countryOrganisationName,
    ],
  },
  {
    name: 'IsCertificateProfileInfoProvider',
    description: 'Iceland: instance, class and code as O, OU and CN; a serialNumber must be there.',
    forms: [
      { shownBy: [present('serialNumber')], needs: [country('IS')], ...organisationUnitName },
      {
        shownBy: [present('OU')],
        needs: [country('IS'), present('serialNumber')],
        ...organisationUnitName,
      },
      countryOrganisationName,
    ],
  },
  {
    name: 'FoCertificateProfileInfoProvider',
    description: 'Faroe Islands: instance, class and code as O, OU and CN.',
    forms: [{ shownBy: [], needs: [country('FO')], ...organisationUnitName }],
  },
  {
    name: 'SkKlass3CertificateProfileInfoProvider',
    description: 'Estonia: class and code from organizationIdentifier, else from a registry code.',
    forms: [
      schemeAndCode('NTREE-', 'COM'),
      schemeAndCode('GO:EE-', 'GOV'),
      schemeAndCode('NP:EE-', 'NGO'),
      {
        shownBy: [present('organizationIdentifier')],
        instance: ofSigner,
        memberClass: constant('NEE'),
        memberCode: subject('organizationIdentifier'),
      },
      {
        shownBy: [],
        instance: ofSigner,
        memberClass: { ...subject('serialNumber'), table: classByFirstDigit },
        memberCode: {
          ...subject('serialNumber'),
          shape: { characters: 'digits', minLength: 8, maxLength: 8 },
        },
      },
    ],
  },
  {
    name: 'SkEsteIdCertificateProfileInfoProvider',
    description: 'Estonia, deprecated: persons by serialNumber.',
    forms: [
      {
        shownBy: [],
        instance: ofSigner,
        memberClass: constant('PERSON'),
        memberCode: subject('serialNumber'),
      },
    ],
  },
];

const byName = new Map(shippedProfiles.map((profile) => [profile.name, profile]));

/** @param name class name, with its package or without */
export function shippedProfile(name: string): CertificateProfile | undefined {
  return byName.get(name.slice(name.lastIndexOf('.') + 1));
}

/** The class name under which peers of other programs know a shipped profile. */
export function classNameOf(shipped: string): string {
  return `${javaPackage}.${shipped}`;
}
