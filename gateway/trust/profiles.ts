import type { DistinguishedName } from '../../certs/x509/index.ts';

/** Attributes of a subject that profiles look at. */
const attributeOids = {
  CN: '2.5.4.3',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  businessCategory: '2.5.4.15',
  organizationIdentifier: '2.5.4.97',
} as const;

export type SubjectAttribute = keyof typeof attributeOids;

/** The values a subject has for an attribute, in encoded order; empty ones are as good as none. */
export function valuesOf(subject: DistinguishedName, attribute: SubjectAttribute): string[] {
  const wanted = attributeOids[attribute];
  return subject.attributes.flatMap(({ oid, value }) => (oid === wanted && value !== '' ? [value] : []));
}

/** The part of a subject that names a member. */
interface NamedMember {
  readonly instance: string;
  readonly memberClass: string;
  readonly memberCode: string;
}

/** Gives the one value of an attribute that has to be there. */
type ReadAttribute = (attribute: SubjectAttribute) => string;

/** One way a subject may be written. */
interface SubjectForm {
  /** Attributes whose presence shows that the subject is written this way; none means any subject. */
  readonly shownBy: readonly SubjectAttribute[];
  /** Attributes that must be there besides those the member is read from. */
  readonly needs?: readonly SubjectAttribute[];
  /** Country the subject must name. */
  readonly country?: string;
  /** @returns undefined when an attribute has not the expected shape */
  readonly read: (value: ReadAttribute, instance: string) => NamedMember | undefined;
}

/** Instance, class and code as country, organisation and common name. */
const countryOrganisationName: SubjectForm = {
  shownBy: [],
  read: (value) => ({ instance: value('C'), memberClass: value('O'), memberCode: value('CN') }),
};

const organisationUnitName = (value: ReadAttribute): NamedMember => ({
  instance: value('O'),
  memberClass: value('OU'),
  memberCode: value('CN'),
});

const categoryAndSerial: readonly SubjectForm[] = [
  {
    shownBy: [],
    read: (value, instance) => ({
      instance,
      memberClass: value('businessCategory'),
      memberCode: value('serialNumber'),
    }),
  },
];

/** Member class by the first digit of an Estonian registry code. */
const classByFirstDigit = ['', 'COM', 'COM', 'COM', 'COM', 'COM', 'COM', 'GOV', 'NGO', 'NGO'];

/**
 * How each profile lets the subject of a signing certificate name a member: the first form whose `shownBy` fits is
 * the one that is read, also when it then turns out to be incomplete.
 * @see X-Road 7: ee.ria.xroad.common.certificateprofile
 */
export const profiles: ReadonlyMap<string, readonly SubjectForm[]> = new Map<string, readonly SubjectForm[]>([
  ['EjbcaCertificateProfileInfoProvider', [countryOrganisationName]],
  ['BasicCertificateProfileInfoProvider', categoryAndSerial],
  ['BasicACMECertificateProfileInfoProvider', categoryAndSerial],
  [
    'FiVRKCertificateProfileInfoProvider',
    [
      {
        shownBy: ['serialNumber'],
        needs: ['O'],
        country: 'FI',
        read: (value) => {
          const [instance, serverCode, memberClass, ...more] = value('serialNumber').split('/');
          if (!instance || !serverCode || !memberClass || more.length > 0) return undefined;
          return { instance, memberClass, memberCode: value('CN') };
        },
      },
      { shownBy: ['OU'], country: 'FI', read: organisationUnitName },
      countryOrganisationName,
    ],
  ],
  [
    'IsCertificateProfileInfoProvider',
    [
      { shownBy: ['serialNumber'], country: 'IS', read: organisationUnitName },
      { shownBy: ['OU'], needs: ['serialNumber'], country: 'IS', read: organisationUnitName },
      countryOrganisationName,
    ],
  ],
  ['FoCertificateProfileInfoProvider', [{ shownBy: [], country: 'FO', read: organisationUnitName }]],
  [
    'SkKlass3CertificateProfileInfoProvider',
    [
      {
        shownBy: ['organizationIdentifier'],
        read: (value, instance) => {
          const whole = value('organizationIdentifier');
          const [, scheme, code] = /^(NTREE|GO:EE|NP:EE)-(.*)$/.exec(whole) ?? [];
          if (code === undefined) return { instance, memberClass: 'NEE', memberCode: whole };
          if (code === '') return undefined;
          const memberClass = scheme === 'NTREE' ? 'COM' : scheme === 'GO:EE' ? 'GOV' : 'NGO';
          return { instance, memberClass, memberCode: code };
        },
      },
      {
        shownBy: [],
        read: (value, instance) => {
          const memberCode = value('serialNumber');
          const memberClass = /^\d{8}$/.test(memberCode) && classByFirstDigit[Number(memberCode[0])];
          return memberClass ? { instance, memberClass, memberCode } : undefined;
        },
      },
    ],
  ],
  [
    'SkEsteIdCertificateProfileInfoProvider',
    [
      {
        shownBy: [],
        read: (value, instance) => ({ instance, memberClass: 'PERSON', memberCode: value('serialNumber') }),
      },
    ],
  ],
]);

/** The form a subject is written in: of those its profile knows, the first that shows. */
export function formOf(subject: DistinguishedName, forms: readonly SubjectForm[]): SubjectForm | undefined {
  return forms.find(({ shownBy }) => shownBy.every((attribute) => valuesOf(subject, attribute).length > 0));
}
