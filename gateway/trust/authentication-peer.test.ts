import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildName, type Certificate, extendedKeyUsages } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import type { ClientId } from '../identifier/index.ts';
import { isKnownAuthenticationCertificate, verifyAuthenticationPeer } from './index.ts';
import {
  approved,
  authenticationSubject,
  configurationOf,
  instance,
  issueAuthentication,
  issueAuthority,
  issueResponder,
  member,
  minute,
  noon,
  otherMember,
  type Party,
  server,
  statusOf,
  subsystem,
} from './testing/small-world.ts';

let ca: Party;
let leaf: Party;
let good: Buffer;
let configuration: GlobalConfiguration;

beforeAll(async () => {
  ca = await issueAuthority('CA');
  leaf = await issueAuthentication(ca);
  good = await statusOf(leaf.certificate, ca);
  configuration = configurationOf(instance('DEV', [approved(ca)], [leaf.certificate]));
});

interface Changes {
  readonly chain?: readonly Certificate[];
  readonly ocspResponses?: readonly Buffer[];
  readonly party?: ClientId;
  readonly configuration?: GlobalConfiguration;
  readonly at?: Date;
  readonly anchorBy?: 'leaf' | 'last';
}

const verify = (changes: Changes = {}) =>
  verifyAuthenticationPeer({
    chain: [leaf.certificate],
    ocspResponses: [good],
    party: subsystem,
    configuration,
    at: noon,
    anchorBy: 'leaf',
    ...changes,
  });

/** Codes of the refusal, outermost first. */
function refusal(changes: Changes): readonly string[] {
  try {
    verify(changes);
  } catch (error) {
    if (error instanceof Fault) return [...error.within, error.code];
    throw error;
  }
  return [];
}

/** A configuration where the given certificate is that of the server. */
const registering = (certificate: Certificate) =>
  configurationOf(instance('DEV', [approved(ca)], [certificate]));

describe('a peer', () => {
  it('is the server that its certificate is registered for', () => {
    expect(verify().server).toEqual(server);
    expect(verify({ party: member }).server).toEqual(server);
    expect(verify({ anchorBy: 'last' }).server).toEqual(server);
  });

  it('is trusted as long as its status is fresh', () => {
    expect(verify().validUntil).toEqual(new Date(noon.getTime() + 59 * minute));
    expect(verify({ at: new Date(noon.getTime() + 59 * minute) }).server).toEqual(server);
    expect(refusal({ at: new Date(noon.getTime() + 59 * minute + 1000) })).toEqual([
      'SslAuthenticationFailed',
      'IncorrectValidationInfo',
    ]);
  });

  it('is refused when it shows no certificate', () => {
    expect(refusal({ chain: [] })).toEqual(['SslAuthenticationFailed']);
  });

  it('is refused when its certificate is registered nowhere', async () => {
    const stranger = await issueAuthentication(ca);
    const ocspResponses = [await statusOf(stranger.certificate, ca)];
    expect(refusal({ chain: [stranger.certificate], ocspResponses })).toEqual(['SslAuthenticationFailed']);
    expect(isKnownAuthenticationCertificate(stranger.certificate, configuration)).toBe(false);
    expect(isKnownAuthenticationCertificate(leaf.certificate, configuration)).toBe(true);
  });

  it('is refused when its server does not serve the party', () => {
    expect(refusal({ party: otherMember })).toEqual(['SslAuthenticationFailed']);
    expect(refusal({ party: { ...subsystem, subsystemCode: 'other' } })).toEqual(['SslAuthenticationFailed']);
    expect(refusal({ party: { ...subsystem, memberCode: '2' } })).toEqual(['SslAuthenticationFailed']);
  });

  it('is known by the SHA-1 hash that configurations of version 2 carry', () => {
    const shared = instance('DEV', [approved(ca)], []);
    const [only] = shared.securityServers;
    const securityServers = only && [{ ...only, authCertHashes: [leaf.certificate.sha1] }];
    const older = configurationOf({ ...shared, securityServers: securityServers ?? [] });
    expect(verify({ configuration: older }).server).toEqual(server);
  });
});

describe('the certificate of a peer', () => {
  const refuseUsage = async (more: Parameters<typeof issueAuthentication>[1]) => {
    const { certificate } = await issueAuthentication(ca, more);
    const ocspResponses = [await statusOf(certificate, ca)];
    return refusal({ chain: [certificate], ocspResponses, configuration: registering(certificate) });
  };

  it('is refused when it is for signing', async () => {
    expect(await refuseUsage({ keyUsage: ['nonRepudiation'], extendedKeyUsage: [] })).toEqual([
      'SslAuthenticationFailed',
    ]);
  });

  it('is refused when it is for authentication and for signing', async () => {
    const both = { keyUsage: ['digitalSignature', 'nonRepudiation'] } as const;
    expect(await refuseUsage(both)).toEqual(['SslAuthenticationFailed']);
    expect(await refuseUsage({ keyUsage: ['nonRepudiation'] })).toEqual(['SslAuthenticationFailed']);
  });

  it('is refused when it says nothing of its use', async () => {
    expect(await refuseUsage({ keyUsage: [], extendedKeyUsage: [] })).toEqual(['SslAuthenticationFailed']);
  });

  it.each([
    { keyUsage: ['digitalSignature'], extendedKeyUsage: [] },
    { keyUsage: ['keyEncipherment'], extendedKeyUsage: [] },
    { keyUsage: ['dataEncipherment'], extendedKeyUsage: [] },
    { keyUsage: [], extendedKeyUsage: [extendedKeyUsages.clientAuth] },
  ] as const)('is taken with usage $keyUsage $extendedKeyUsage', async (usage) => {
    expect(await refuseUsage(usage)).toEqual([]);
  });

  it('is refused after and before its days', () => {
    const later = new Date('2027-01-01T00:00:01Z');
    expect(refusal({ at: later })).toEqual(['SslAuthenticationFailed', 'InvalidCertPath']);
    expect(refusal({ at: new Date('2025-12-31T23:59:59Z') })).toEqual([
      'SslAuthenticationFailed',
      'InvalidCertPath',
    ]);
  });

  it('is refused when its authority is not approved', async () => {
    const unknown = await issueAuthority('Unknown CA');
    const { certificate } = await issueAuthentication(unknown);
    const ocspResponses = [await statusOf(certificate, unknown)];
    expect(refusal({ chain: [certificate], ocspResponses, configuration: registering(certificate) })).toEqual(
      ['SslAuthenticationFailed', 'CannotCreateCertPath'],
    );
  });

  it('is refused when its authority only has the name of an approved one', async () => {
    const namesake = await issueAuthority('CA');
    const { certificate } = await issueAuthentication(namesake);
    const ocspResponses = [await statusOf(certificate, namesake)];
    for (const chain of [[certificate], [certificate, namesake.certificate]]) {
      expect(refusal({ chain, ocspResponses, configuration: registering(certificate) })).toEqual([
        'SslAuthenticationFailed',
        'CannotCreateCertPath',
      ]);
    }
  });

  it('is refused when only another instance approves its authority', async () => {
    const foreignCa = await issueAuthority('Foreign CA');
    const { certificate } = await issueAuthentication(foreignCa);
    const both = configurationOf(
      instance('DEV', [approved(ca)], [certificate]),
      instance('ABROAD', [approved(foreignCa)], []),
    );
    const ocspResponses = [await statusOf(certificate, foreignCa)];
    expect(refusal({ chain: [certificate], ocspResponses, configuration: both })).toEqual([
      'SslAuthenticationFailed',
      'CannotCreateCertPath',
    ]);
  });

  it('is taken of either authority when two of one instance have one name, in whatever order', async () => {
    const renewed = await issueAuthority('CA');
    const later = await issueAuthentication(renewed);
    const certificates = [leaf.certificate, later.certificate];
    for (const cas of [
      [approved(ca), approved(renewed)],
      [approved(renewed), approved(ca)],
    ]) {
      const both = configurationOf(instance('DEV', cas, certificates));
      const ocspResponses = [good, await statusOf(later.certificate, renewed)];
      for (const anchorBy of ['leaf', 'last'] as const) {
        for (const certificate of certificates) {
          expect(refusal({ chain: [certificate], ocspResponses, configuration: both, anchorBy })).toEqual([]);
        }
      }
      // One may not answer for what the other issued.
      expect(
        refusal({
          configuration: both,
          ocspResponses: [await statusOf(leaf.certificate, ca, { responder: renewed })],
        }),
      ).toEqual(['SslAuthenticationFailed', 'IncorrectValidationInfo']);
    }
  });

  it('is of the server of the right instance, when another instance lists the same certificate', () => {
    const both = configurationOf(
      instance('DEV', [approved(ca)], [leaf.certificate]),
      instance('ABROAD', [], [leaf.certificate]),
    );
    expect(verify({ configuration: both }).server).toEqual(server);
    const theirs = { ...subsystem, instance: 'ABROAD' };
    expect(refusal({ configuration: both, party: theirs })).toEqual([
      'SslAuthenticationFailed',
      'CannotCreateCertPath',
    ]);
  });

  it('is refused for a member of another instance, although that approves its authority too', () => {
    const both = configurationOf(
      instance('DEV', [approved(ca)], [leaf.certificate]),
      instance('ABROAD', [approved(ca)], []),
    );
    const theirs = { ...subsystem, instance: 'ABROAD' };
    expect(refusal({ configuration: both, party: theirs })).toEqual(['SslAuthenticationFailed']);
  });

  it('is taken below an authority that came along, when the last in the chain is of an approved one', async () => {
    const intermediate = await issueAuthority('Intermediate', ca);
    const { certificate } = await issueAuthentication(intermediate);
    const chain = [certificate, intermediate.certificate];
    const ocspResponses = [
      await statusOf(certificate, intermediate),
      await statusOf(intermediate.certificate, ca),
    ];
    const registered = { chain, ocspResponses, configuration: registering(certificate) };
    expect(refusal({ ...registered, anchorBy: 'last' })).toEqual([]);
    expect(refusal({ ...registered, anchorBy: 'leaf' })).toEqual([
      'SslAuthenticationFailed',
      'CannotCreateCertPath',
    ]);
    expect(refusal({ ...registered, anchorBy: 'last', ocspResponses: ocspResponses.slice(0, 1) })).toEqual([
      'SslAuthenticationFailed',
      'IncorrectValidationInfo',
    ]);
  });

  it('is refused below a certificate that is no authority', async () => {
    const server = await issueAuthentication(ca, { subject: buildName({ C: 'DEV', CN: 'ss2' }) });
    const { certificate } = await issueAuthentication(server, { subject: authenticationSubject });
    const ocspResponses = [await statusOf(certificate, server), await statusOf(server.certificate, ca)];
    const chain = [certificate, server.certificate];
    expect(
      refusal({ chain, ocspResponses, anchorBy: 'last', configuration: registering(certificate) }),
    ).toEqual(['SslAuthenticationFailed', 'InvalidCertPath']);
  });
});

describe('the status of a peer', () => {
  const refuseStatus = async (...more: Parameters<typeof statusOf>[2][]) =>
    refusal({ ocspResponses: await Promise.all(more.map((one) => statusOf(leaf.certificate, ca, one))) });
  const incorrect = ['SslAuthenticationFailed', 'IncorrectValidationInfo'];

  it('must be there', () => {
    expect(refusal({ ocspResponses: [] })).toEqual(['SslAuthenticationFailed', 'CertValidation']);
  });

  it('must be about the certificate', async () => {
    const other = await issueAuthentication(ca);
    expect(refusal({ ocspResponses: [await statusOf(other.certificate, ca)] })).toEqual(incorrect);
    expect(refusal({ ocspResponses: [await statusOf(other.certificate, ca), good] })).toEqual([]);
  });

  it('must be good', async () => {
    const revoked = { status: { kind: 'revoked', at: noon } } as const;
    expect(await refuseStatus(revoked)).toEqual(['SslAuthenticationFailed', 'CertValidation']);
    expect(await refuseStatus({ status: { kind: 'unknown' } })).toEqual([
      'SslAuthenticationFailed',
      'CertValidation',
    ]);
  });

  it('must be neither stale, nor overdue, nor of the future', async () => {
    expect(await refuseStatus({ thisUpdate: new Date(noon.getTime() - 61 * minute) })).toEqual(incorrect);
    expect(await refuseStatus({ nextUpdate: new Date(noon.getTime() - 1000) })).toEqual(incorrect);
    expect(await refuseStatus({ thisUpdate: new Date(noon.getTime() + 5 * minute) })).toEqual(incorrect);
  });

  it('may be overdue while the configuration has nobody look at that, and never stale', async () => {
    const lenient = { ...configuration, verifyNextUpdate: false };
    const take = async (more: Parameters<typeof statusOf>[2]) =>
      refusal({ configuration: lenient, ocspResponses: [await statusOf(leaf.certificate, ca, more)] });
    const nextUpdate = new Date(noon.getTime() - 1000);
    expect(await take({ nextUpdate })).toEqual([]);
    expect(await take({ nextUpdate, thisUpdate: new Date(noon.getTime() - 61 * minute) })).toEqual(incorrect);
  });

  it('must be readable', () => {
    expect(refusal({ ocspResponses: [Buffer.from('no response')] })).toEqual(incorrect);
  });

  it('must not be from a stranger, even of the right name', async () => {
    const stranger = await issueAuthority('CA');
    expect(await refuseStatus({ responder: stranger })).toEqual(incorrect);
    expect(await refuseStatus({ responder: await issueResponder() })).toEqual(incorrect);
    // Without the extended key usage a certificate of the authority is no responder.
    expect(await refuseStatus({ responder: await issueAuthentication(ca) })).toEqual(incorrect);
  });

  it('may be from a responder that the authority certified, or the configuration names', async () => {
    expect(await refuseStatus({ responder: await issueResponder(ca) })).toEqual([]);
    const named = await issueResponder();
    const ocspResponses = [await statusOf(leaf.certificate, ca, { responder: named })];
    const naming = configurationOf(instance('DEV', [approved(ca, {}, named)], [leaf.certificate]));
    expect(refusal({ ocspResponses, configuration: naming })).toEqual([]);
  });

  it('may not be from a responder named for another authority', async () => {
    const named = await issueResponder();
    const other = await issueAuthority('Other CA');
    const ocspResponses = [await statusOf(leaf.certificate, ca, { responder: named })];
    const naming = configurationOf(
      instance('DEV', [approved(ca), approved(other, {}, named)], [leaf.certificate]),
    );
    expect(refusal({ ocspResponses, configuration: naming })).toEqual(incorrect);
  });

  it('is refused with a fault, whatever its bytes are', async () => {
    const delegated = await statusOf(leaf.certificate, ca, { responder: await issueResponder(ca) });
    const flipped = fc
      .tuple(fc.constantFrom(good, delegated), fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([response, at, bits]) => {
        const changed = Buffer.from(response);
        changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ bits;
        return changed;
      });
    const random = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(flipped, random), (response) => {
        // What changes nothing that is judged may pass, such as a digit in the name of a certificate that came along.
        expect(['', 'SslAuthenticationFailed']).toContain(refusal({ ocspResponses: [response] })[0] ?? '');
      }),
      { numRuns: 1000 },
    );
  });
});
