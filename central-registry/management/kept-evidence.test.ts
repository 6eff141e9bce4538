import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseOcspResponse } from '../../certs/ocsp/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import { readEntry } from './entries.ts';
import { envelopeOf, plain } from './testing/compose.ts';
import {
  issueTrust,
  registrationOf,
  type Services,
  signedBy,
  startServices,
  type Trust,
} from './testing/services.ts';
import { permits, population, server } from './testing/small-register.ts';

let trust: Trust;
let services: Services;
beforeAll(async () => {
  trust = await issueTrust();
});
beforeEach(async () => {
  services = await startServices(trust);
});
afterEach(() => services.close());

const of = ({ subject, issuer, serialNumber, sha256, notAfter }: Certificate) => ({
  subject: subject.describe(),
  issuer: issuer.describe(),
  serialNumber: serialNumber.toString(16),
  sha256: sha256.toString('hex'),
  notAfter: notAfter.toISOString(),
});
const kept = async () => (await services.entries())[0]?.evidence;

describe('the evidence of a management request', () => {
  it('is kept with it: whose key signed, by which certificate, and when that was vouched for', async () => {
    const { agencySigner } = trust;
    const body = await signedBy(agencySigner, { kind: 'clientReg', server, client: permits });
    expect(await services.outcome('management', body)).toBe('done 1');
    expect(await kept()).toEqual([
      {
        ...{ purpose: 'signing', member: 'DEV:GOV:2', ...of(agencySigner.certificate) },
        statusAt: parseOcspResponse(agencySigner.status).producedAt.toISOString(),
        checks: ['trusted', 'member', 'status', 'signature'],
      },
    ]);
  });

  it('has both signatures of a registration: of the new key, and of the owner', async () => {
    expect(await services.outcome('registration', await registrationOf(trust))).toBe('done 1');
    expect(await kept()).toEqual([
      {
        ...{ purpose: 'authentication', ...of(trust.authentication.certificate) },
        checks: ['same-certificate', 'trusted', 'signature'],
      },
      expect.objectContaining({ purpose: 'signing', member: 'DEV:GOV:1' }),
    ]);
  });

  it('is nothing for a kind that is sent without a signature, which is told apart from what was never kept', async () => {
    const { small } = services;
    const body = plain(envelopeOf({ kind: 'clientDeletion', server, client: population }));
    expect(await services.outcome('management', body)).toBe('done 1');
    expect(await kept()).toEqual([]);
    await small.register.change({ by: 'system' }, ({ db }) =>
      db.updateTable('managementRequest').set({ evidence: null }).execute(),
    );
    expect(await small.register.read((book) => readEntry(book, 1))).not.toHaveProperty('evidence');
  });
});
