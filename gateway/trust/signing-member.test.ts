import { beforeAll, describe, expect, it } from 'vitest';
import { asSequence, readDer, sequence } from '../../certs/der/index.ts';
import { type AttributeName, buildName, type DistinguishedName } from '../../certs/x509/index.ts';
import { Fault } from '../fault/index.ts';
import { memberOfSigningCertificate } from './index.ts';
import { issueAuthority, issueSigning, type Party } from './testing/small-world.ts';

type Subject = Readonly<Partial<Record<AttributeName, string>>>;

let ca: Party;
beforeAll(async () => {
  ca = await issueAuthority('CA');
});

/** The member as `instance/class/code`, or the code of the refusal. */
async function read(profile: string, subject: Subject): Promise<string> {
  const { certificate } = await issueSigning(ca, { subject: buildName(subject) });
  try {
    const member = memberOfSigningCertificate(certificate, profile, 'CTX');
    return `${member.instance}/${member.memberClass}/${member.memberCode}`;
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

const refused = 'IncorrectCertificate';

const rows: readonly (readonly [profile: string, subject: Subject, expected: string])[] = [
  ['Ejbca', { C: 'EE', O: 'BUSINESS', CN: 'producer' }, 'EE/BUSINESS/producer'],
  ['Ejbca', { C: 'EE', CN: 'producer' }, refused],
  ['Ejbca', { O: 'BUSINESS', CN: 'producer' }, refused],
  ['Basic', { CN: 'Name', O: 'Name', businessCategory: 'GOV', serialNumber: '1' }, 'CTX/GOV/1'],
  ['Basic', { CN: 'Name', O: 'Name', serialNumber: '1' }, refused],
  ['Basic', { CN: 'Name', O: 'Name', businessCategory: 'GOV' }, refused],
  ['BasicACME', { CN: 'Name', businessCategory: 'COM', serialNumber: '2-3' }, 'CTX/COM/2-3'],
  ['FiVRK', { C: 'FI', O: 'Org', serialNumber: 'FI-TEST/ss1/GOV', CN: '0245437-2' }, 'FI-TEST/GOV/0245437-2'],
  ['FiVRK', { C: 'EE', O: 'Org', serialNumber: 'FI-TEST/ss1/GOV', CN: '1' }, refused],
  ['FiVRK', { C: 'FI', serialNumber: 'FI-TEST/ss1/GOV', CN: '1' }, refused],
  ['FiVRK', { C: 'FI', O: 'Org', serialNumber: 'FI-TEST/GOV', CN: '1' }, refused],
  ['FiVRK', { C: 'FI', O: 'Org', serialNumber: 'FI-TEST/ss1/GOV/more', CN: '1' }, refused],
  ['FiVRK', { C: 'FI', O: 'Org', serialNumber: 'FI-TEST//GOV', CN: '1' }, refused],
  ['FiVRK', { C: 'FI', O: 'Org', serialNumber: 'FI-TEST/ss1/GOV' }, refused],
  ['FiVRK', { C: 'FI', O: 'FI-TEST', OU: 'GOV', CN: '1' }, 'FI-TEST/GOV/1'],
  ['FiVRK', { C: 'SE', O: 'FI-TEST', OU: 'GOV', CN: '1' }, refused],
  ['FiVRK', { C: 'XX', O: 'GOV', CN: '1' }, 'XX/GOV/1'],
  ['Is', { C: 'IS', O: 'IS-TEST', OU: 'GOV', CN: '1', serialNumber: 'IS-TEST/ss1' }, 'IS-TEST/GOV/1'],
  ['Is', { C: 'IS', O: 'IS-TEST', OU: 'GOV', CN: '1' }, refused],
  ['Is', { C: 'IS', O: 'IS-TEST', CN: '1', serialNumber: 'IS-TEST/ss1' }, refused],
  ['Is', { C: 'FO', O: 'IS-TEST', OU: 'GOV', CN: '1', serialNumber: 'IS-TEST/ss1' }, refused],
  ['Is', { C: 'XX', O: 'GOV', CN: '1' }, 'XX/GOV/1'],
  ['Fo', { C: 'FO', O: 'FO-TEST', OU: 'GOV', CN: '1' }, 'FO-TEST/GOV/1'],
  ['Fo', { C: 'FI', O: 'FO-TEST', OU: 'GOV', CN: '1' }, refused],
  ['Fo', { C: 'FO', O: 'GOV', CN: '1' }, refused],
  ['SkKlass3', { organizationIdentifier: 'NTREE-12345678' }, 'CTX/COM/12345678'],
  ['SkKlass3', { organizationIdentifier: 'GO:EE-00000001' }, 'CTX/GOV/00000001'],
  ['SkKlass3', { organizationIdentifier: 'NP:EE-00000002' }, 'CTX/NGO/00000002'],
  ['SkKlass3', { organizationIdentifier: 'NP:FI-00000002' }, 'CTX/NEE/NP:FI-00000002'],
  ['SkKlass3', { organizationIdentifier: 'NTREE-' }, refused],
  ['SkKlass3', { organizationIdentifier: 'NTREE-1', serialNumber: '70000001' }, 'CTX/COM/1'],
  ['SkKlass3', { serialNumber: '10000001' }, 'CTX/COM/10000001'],
  ['SkKlass3', { serialNumber: '60000001' }, 'CTX/COM/60000001'],
  ['SkKlass3', { serialNumber: '70000001' }, 'CTX/GOV/70000001'],
  ['SkKlass3', { serialNumber: '80000001' }, 'CTX/NGO/80000001'],
  ['SkKlass3', { serialNumber: '90000001' }, 'CTX/NGO/90000001'],
  ['SkKlass3', { serialNumber: '00000001' }, refused],
  ['SkKlass3', { serialNumber: '7000001' }, refused],
  ['SkKlass3', { serialNumber: '7000000a' }, refused],
  ['SkKlass3', { CN: 'Name' }, refused],
  ['SkEsteId', { serialNumber: '47101010033', CN: 'MÄNNIK,MARI-LIIS' }, 'CTX/PERSON/47101010033'],
  ['SkEsteId', { CN: 'MÄNNIK,MARI-LIIS' }, refused],
  ['Test', { C: 'EE', O: 'BUSINESS', CN: 'producer' }, refused],
];

/** A name with `attributes` first and `more` behind them. */
function nameOf(attributes: Subject, more: Subject): DistinguishedName {
  const rdns = [attributes, more].flatMap((part) => asSequence(readDer(buildName(part).der)));
  return { ...buildName(attributes), der: sequence(...rdns.map(({ raw }) => raw)) };
}

describe('the member of a signing certificate', () => {
  it('is not read from a subject that says one thing twice', async () => {
    const read = async (more: Subject) => {
      const subject = nameOf({ C: 'EE', O: 'BUSINESS', CN: 'producer' }, more);
      const { certificate } = await issueSigning(ca, { subject });
      return memberOfSigningCertificate(certificate, 'EjbcaCertificateProfileInfoProvider', 'CTX').memberCode;
    };
    await expect(read({ CN: 'consumer' })).rejects.toMatchObject({ code: refused });
    await expect(read({ CN: 'producer' })).rejects.toMatchObject({ code: refused });
    await expect(read({ O: 'GOV' })).rejects.toMatchObject({ code: refused });
    // What the profile does not look at may be there as often as it likes.
    expect(await read({ OU: 'Sales' })).toBe('producer');
  });

  it.each(rows)('is read by %s from %o as %s', async (profile, subject, expected) => {
    const name = `${profile}CertificateProfileInfoProvider`;
    expect(await read(name, subject)).toBe(expected);
    expect(await read(`ee.ria.xroad.common.certificateprofile.impl.${name}`, subject)).toBe(expected);
  });
});
