import { describe, expect, it } from 'vitest';
import { buildName } from '../../certs/x509/index.ts';
import { readMember, shippedProfile, shippedProfiles, writeSubject } from './index.ts';

const wanted = {
  ...{ instance: 'PILOT', memberClass: 'GOV', memberCode: '70001234', memberName: 'Ministry' },
  ...{ serverCode: 'ss1', address: 'ss1.example' },
};
const write = (profile: string, use: 'signing' | 'authentication', more: Partial<typeof wanted> = {}) =>
  writeSubject(shippedProfile(profile)?.forms ?? [], { ...wanted, use, ...more });

describe('a subject written by a profile', () => {
  it('is read as the member it was written for, by every profile that can say so', () => {
    const classes = ['GOV', 'COM', 'NEE', 'PERSON', 'X', 'NGO'];
    const written = shippedProfiles.flatMap(({ name, forms }) =>
      classes.flatMap((memberClass) => {
        const subject = writeSubject(forms, { ...wanted, memberClass, use: 'signing' });
        if (subject === undefined) return [];
        const { instance, memberCode } = wanted;
        expect(readMember({ forms }, buildName(subject), instance).member).toEqual({
          ...{ instance, memberClass, memberCode },
        });
        return [`${name} ${memberClass}`];
      }),
    );
    const all = ['Ejbca', 'Basic', 'BasicACME', 'FiVRK', 'Fo'];
    const expected = all.flatMap((name) =>
      classes.map((one) => `${name}CertificateProfileInfoProvider ${one}`),
    );
    const estonian = ['GOV', 'COM', 'NEE', 'NGO'].map(
      (one) => `SkKlass3CertificateProfileInfoProvider ${one}`,
    );
    expect(written).toEqual(
      expect.arrayContaining([...expected, ...estonian, 'SkEsteIdCertificateProfileInfoProvider PERSON']),
    );
  });

  it.each([
    ['Ejbca', 'signing', { C: 'PILOT', O: 'GOV', CN: '70001234' }],
    ['Ejbca', 'authentication', { C: 'PILOT', O: 'Ministry', CN: 'ss1' }],
    [
      'Basic',
      'signing',
      { O: 'Ministry', businessCategory: 'GOV', serialNumber: '70001234', CN: 'Ministry' },
    ],
    ['Basic', 'authentication', { O: 'Ministry', serialNumber: '70001234', CN: 'ss1.example' }],
    ['FiVRK', 'signing', { C: 'FI', O: 'Ministry', serialNumber: 'PILOT/ss1/GOV', CN: '70001234' }],
    ['FiVRK', 'authentication', { C: 'FI', O: 'Ministry', serialNumber: 'PILOT/ss1/GOV', CN: 'ss1.example' }],
  ] as const)('of %s for %s has the attributes that its authority looks for', (name, use, subject) => {
    expect(write(`${name}CertificateProfileInfoProvider`, use)).toEqual(subject);
  });

  it('is left to people where nobody here knows what it has to say', () => {
    // A serial number of the authority's own, a class that the profile never reads, a part with its separator.
    expect(write('SkEsteIdCertificateProfileInfoProvider', 'signing')).toBeUndefined();
    expect(write('SkKlass3CertificateProfileInfoProvider', 'signing', { memberClass: 'X' })).toBeUndefined();
    expect(writeSubject([], { ...wanted, use: 'signing' })).toBeUndefined();
    const forms = [
      {
        shownBy: [{ attribute: 'OU' }],
        instance: { from: 'signer' },
        memberClass: { from: 'subject', attribute: '1.2.3.4' },
        memberCode: { from: 'subject', attribute: 'CN' },
      },
    ] as const;
    expect(writeSubject([...forms] as never, { ...wanted, use: 'signing' })).toBeUndefined();
  });
});
