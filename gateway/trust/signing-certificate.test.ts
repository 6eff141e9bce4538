import { beforeAll, describe, expect, it } from 'vitest';
import { buildName, type Certificate, extendedKeyUsages } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import type { MemberId } from '../identifier/index.ts';
import { purposeOf, verifySigningCertificate } from './index.ts';
import {
  approved,
  configurationOf,
  instance,
  issueAuthentication,
  issueAuthority,
  issueSigning,
  member,
  minute,
  noon,
  otherMember,
  type Party,
  statusOf,
} from './testing/small-world.ts';

let ca: Party;
let leaf: Party;
let good: Buffer;
let configuration: GlobalConfiguration;

beforeAll(async () => {
  ca = await issueAuthority('CA');
  leaf = await issueSigning(ca);
  good = await statusOf(leaf.certificate, ca);
  configuration = configurationOf(instance('DEV', [approved(ca)], []));
});

interface Changes {
  readonly certificate?: Certificate;
  readonly extras?: readonly Certificate[];
  readonly ocspResponses?: readonly Buffer[];
  readonly signer?: MemberId;
  readonly configuration?: GlobalConfiguration;
  readonly at?: Date;
}

const verify = (changes: Changes = {}) =>
  verifySigningCertificate({
    certificate: leaf.certificate,
    extras: [],
    ocspResponses: [good],
    signer: member,
    configuration,
    at: noon,
    ...changes,
  });

function refusal(changes: Changes): string {
  try {
    verify(changes);
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return 'accepted';
}

/** The refusal of a certificate with a good status of its own. */
async function refusalOf({ certificate }: Party, issuer: Party, changes: Changes = {}): Promise<string> {
  return refusal({ certificate, ocspResponses: [await statusOf(certificate, issuer)], ...changes });
}

describe('a signing certificate', () => {
  it('signs for the member it names, as long as its status is fresh', () => {
    expect(verify().validUntil).toEqual(new Date(noon.getTime() + 59 * minute));
  });

  it('signs for nobody else', () => {
    expect(refusal({ signer: otherMember })).toBe('IncorrectCertificate');
    expect(refusal({ signer: { ...member, memberClass: 'COM' } })).toBe('IncorrectCertificate');
  });

  it('is judged no longer than it is valid itself', async () => {
    const notAfter = new Date(noon.getTime() + 10 * minute);
    const { certificate } = await issueSigning(ca, { notAfter });
    const ocspResponses = [await statusOf(certificate, ca)];
    expect(verify({ certificate, ocspResponses }).validUntil).toEqual(notAfter);
  });

  it('is refused when it is for authentication, for both, or for nothing', async () => {
    expect(await refusalOf(await issueAuthentication(ca), ca)).toBe('MalformedSignature');
    for (const more of [
      { keyUsage: ['nonRepudiation', 'digitalSignature'] },
      { keyUsage: ['nonRepudiation'], extendedKeyUsage: [extendedKeyUsages.clientAuth] },
      { keyUsage: [] },
    ] as const) {
      expect(await refusalOf(await issueSigning(ca, more), ca)).toBe('MalformedSignature');
    }
  });

  it('is refused after and before its days', () => {
    expect(refusal({ at: new Date('2027-01-01T00:00:01Z') })).toBe('InvalidCertPath');
    expect(refusal({ at: new Date('2025-12-31T23:59:59Z') })).toBe('InvalidCertPath');
  });

  it('is refused when its authority is not approved, or is a namesake of one', async () => {
    const unknown = await issueAuthority('Unknown CA');
    expect(await refusalOf(await issueSigning(unknown), unknown)).toBe('CannotCreateCertPath');
    const namesake = await issueAuthority('CA');
    const forged = await issueSigning(namesake);
    expect(await refusalOf(forged, namesake)).toBe('CannotCreateCertPath');
    expect(await refusalOf(forged, namesake, { extras: [namesake.certificate] })).toBe(
      'CannotCreateCertPath',
    );
  });

  it('is refused when only another instance approves its authority', async () => {
    const foreignCa = await issueAuthority('Foreign CA');
    const both = configurationOf(
      instance('DEV', [approved(ca)], []),
      instance('ABROAD', [approved(foreignCa)], []),
    );
    const issued = await issueSigning(foreignCa);
    expect(await refusalOf(issued, foreignCa, { configuration: both })).toBe('CannotCreateCertPath');
    const claim = { configuration: both, signer: { ...member, instance: 'ABROAD' } };
    expect(await refusalOf(issued, foreignCa, claim)).toBe('IncorrectCertificate');
    const abroad = await issueSigning(foreignCa, { subject: buildName({ C: 'ABROAD', O: 'GOV', CN: '1' }) });
    expect(await refusalOf(abroad, foreignCa, claim)).toBe('accepted');
  });

  it('is taken of either authority when two have one name, each with its own profile', async () => {
    const renewed = await issueAuthority('CA');
    const basic = 'ee.ria.xroad.common.certificateprofile.impl.BasicCertificateProfileInfoProvider';
    const subject = buildName({ businessCategory: 'GOV', serialNumber: '1' });
    const later = await issueSigning(renewed, { subject });
    for (const cas of [
      [approved(ca), approved(renewed, { profile: basic })],
      [approved(renewed, { profile: basic }), approved(ca)],
    ]) {
      const both = configurationOf(instance('DEV', cas, []));
      expect(refusal({ configuration: both })).toBe('accepted');
      expect(await refusalOf(later, renewed, { configuration: both })).toBe('accepted');
      // The profile of one does not read what the other issued.
      const mixed = await issueSigning(ca, { subject });
      expect(await refusalOf(mixed, ca, { configuration: both })).toBe('IncorrectCertificate');
      const stranger = await issueAuthority('CA');
      // By the first of the two: its profile, or its key.
      expect(['IncorrectCertificate', 'CannotCreateCertPath']).toContain(
        await refusalOf(await issueSigning(stranger), stranger, { configuration: both }),
      );
    }
  });

  it('is taken of an authority that two services list, when one of them lets it sign', () => {
    const listed = [approved(ca, { authenticationOnly: true }), approved(ca)];
    expect(refusal({ configuration: configurationOf(instance('DEV', listed, [])) })).toBe('accepted');
    const [only] = listed;
    const never = configurationOf(instance('DEV', only ? [only, only] : [], []));
    expect(refusal({ configuration: never })).toBe('InvalidCertPath');
  });

  it('names no member of another instance, also when both approve its authority', () => {
    const both = configurationOf(instance('DEV', [approved(ca)], []), instance('ABROAD', [approved(ca)], []));
    const claim = { configuration: both, signer: { ...member, instance: 'ABROAD' } };
    expect(refusal(claim)).toBe('IncorrectCertificate');
  });

  it('is refused when its authority is approved for authentication only', async () => {
    const restricted = configurationOf(instance('DEV', [approved(ca, { authenticationOnly: true })], []));
    expect(refusal({ configuration: restricted })).toBe('InvalidCertPath');
  });

  it('is taken of an intermediate authority that is approved, with its own status alone', async () => {
    const intermediate = await issueAuthority('Intermediate', ca);
    const intermediates = [{ certificate: intermediate.certificate, ocsp: [] }];
    const naming = configurationOf(instance('DEV', [approved(ca, { intermediates })], []));
    const issued = await issueSigning(intermediate);
    expect(await refusalOf(issued, intermediate, { configuration: naming })).toBe('accepted');
    // The topmost authority vouches only for what it issued itself.
    expect(await refusalOf(issued, intermediate, { extras: [intermediate.certificate] })).toBe(
      'CannotCreateCertPath',
    );
  });

  it('is refused with a profile that nobody knows, or a subject that does not follow its own', async () => {
    const profiled = (profile: string) => configurationOf(instance('DEV', [approved(ca, { profile })], []));
    const unknown = profiled('ee.ria.xroad.common.certificateprofile.impl.NoSuchProvider');
    expect(refusal({ configuration: unknown })).toBe('IncorrectCertificate');
    expect(refusal({ configuration: profiled('FoCertificateProfileInfoProvider') })).toBe(
      'IncorrectCertificate',
    );
  });
});

describe('the status of a signing certificate', () => {
  const refuseStatus = async (more: Parameters<typeof statusOf>[2]) =>
    refusal({ ocspResponses: [await statusOf(leaf.certificate, ca, more)] });

  it('must be there', () => {
    expect(refusal({ ocspResponses: [] })).toBe('MalformedSignature');
  });

  it('must be about the certificate', async () => {
    const other = await issueSigning(ca);
    expect(refusal({ ocspResponses: [await statusOf(other.certificate, ca)] })).toBe(
      'IncorrectValidationInfo',
    );
  });

  it('must be good', async () => {
    expect(await refuseStatus({ status: { kind: 'revoked', at: noon } })).toBe('CertValidation');
    expect(await refuseStatus({ status: { kind: 'unknown' } })).toBe('CertValidation');
  });

  it('must be neither stale, nor of the future, nor by a stranger', async () => {
    const before = new Date(noon.getTime() - 61 * minute);
    expect(await refuseStatus({ thisUpdate: before })).toBe('IncorrectValidationInfo');
    const ahead = new Date(noon.getTime() + 5 * minute);
    expect(await refuseStatus({ thisUpdate: ahead })).toBe('IncorrectValidationInfo');
    expect(await refuseStatus({ responder: await issueAuthority('CA') })).toBe('IncorrectValidationInfo');
  });

  it('is told stale although another is about another certificate', async () => {
    const other = await issueSigning(ca);
    const revoked = await statusOf(leaf.certificate, ca, { status: { kind: 'revoked', at: noon } });
    expect(refusal({ ocspResponses: [await statusOf(other.certificate, ca), revoked] })).toBe(
      'CertValidation',
    );
  });
});

describe('the purpose of a certificate', () => {
  it('is one, or none', async () => {
    expect(purposeOf(leaf.certificate)).toBe('signing');
    expect(purposeOf((await issueAuthentication(ca)).certificate)).toBe('authentication');
    expect(purposeOf(ca.certificate)).toBeUndefined();
  });
});
