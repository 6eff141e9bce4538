import { beforeAll, describe, expect, it } from 'vitest';
import type { Certificate } from '../../certs/x509/index.ts';
import { Fault } from '../fault/index.ts';
import { verifyAuthenticationCertificate } from './index.ts';
import {
  approved,
  configurationOf,
  instance,
  issueAuthentication,
  issueAuthority,
  issueSigning,
  noon,
  type Party,
} from './testing/small-world.ts';

let ca: Party;
beforeAll(async () => {
  ca = await issueAuthority('CA');
});

/** Code of the refusal; undefined when there is none. */
function refusal(certificate: Certificate, at = noon, shared = instance('DEV', [approved(ca)], [])) {
  try {
    const own = shared.instance === 'DEV' ? [] : [instance('DEV', [], [])];
    const configuration = configurationOf(...own, shared);
    verifyAuthenticationCertificate({ certificate, instance: 'DEV', configuration, at });
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return undefined;
}

describe('a certificate to register for authentication', () => {
  it('is taken from an approved authority, also from one for authentication alone', async () => {
    const { certificate } = await issueAuthentication(ca);
    expect(refusal(certificate)).toBeUndefined();
    const only = instance('DEV', [approved(ca, { authenticationOnly: true })], []);
    expect(refusal(certificate, noon, only)).toBeUndefined();
  });

  it('is refused when it is for signing, or for both', async () => {
    expect(refusal((await issueSigning(ca)).certificate)).toBe('IncorrectCertificate');
    const both = await issueAuthentication(ca, { keyUsage: ['digitalSignature', 'nonRepudiation'] });
    expect(refusal(both.certificate)).toBe('IncorrectCertificate');
  });

  it('is refused outside its days', async () => {
    const { certificate } = await issueAuthentication(ca);
    expect(refusal(certificate, new Date('2027-01-02'))).toBe('InvalidCertPath');
    expect(refusal(certificate, new Date('2025-12-31'))).toBe('InvalidCertPath');
  });

  it("is refused from an authority that is not approved, that of another instance, or a namesake's", async () => {
    const unknown = await issueAuthority('Unknown');
    expect(refusal((await issueAuthentication(unknown)).certificate)).toBe('CannotCreateCertPath');
    const { certificate } = await issueAuthentication(ca);
    expect(refusal(certificate, noon, instance('ABROAD', [approved(ca)], []))).toBe('CannotCreateCertPath');
    const namesake = await issueAuthority('CA');
    expect(refusal((await issueAuthentication(namesake)).certificate)).toBe('CannotCreateCertPath');
  });
});
