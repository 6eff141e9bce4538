import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildName } from '../../certs/x509/index.ts';
import { type ConfigurationSnapshot, snapshotId, verifySnapshot } from '../../gateway/configuration/index.ts';
import type { MemberId } from '../../gateway/identifier/index.ts';
import { verifySigningCertificate } from '../../gateway/trust/index.ts';
import {
  issueAuthority,
  issueSigning,
  noon,
  type Party,
  statusOf,
} from '../../gateway/trust/testing/small-world.ts';
import { ConfigurationClient } from '../../security-server/configuration-client/index.ts';
import { AskedRegistry } from '../testing/asked-registry.ts';

/** As a country may write it: the member in an organisation identifier `ORG-class:code`, the instance nowhere. */
const definition = {
  description: 'Members by organizationIdentifier ORG-class:code',
  publishedAs: 'org.example.OwnCertificateProfileInfoProvider',
  forms: [
    {
      shownBy: [{ attribute: 'organizationIdentifier', startsWith: 'ORG-' }],
      needs: [{ attribute: 'C', equals: 'ZZ' }],
      instance: { from: 'signer' },
      memberClass: {
        from: 'subject',
        attribute: 'organizationIdentifier',
        after: 'ORG-',
        split: { separator: ':', parts: 2, part: 1 },
        table: [{ equals: 'state', gives: 'GOV' }],
      },
      memberCode: {
        from: 'subject',
        attribute: 'organizationIdentifier',
        after: 'ORG-',
        split: { separator: ':', parts: 2, part: 2 },
        shape: { characters: 'digits', minLength: 4, maxLength: 10 },
      },
    },
  ],
};

let dir: string;
let home: AskedRegistry;
let abroad: AskedRegistry;
let ca: Party;
const kept: ConfigurationSnapshot[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-own-profiles-'));
  [home, abroad, ca] = await Promise.all([
    AskedRegistry.found('HOME'),
    AskedRegistry.found('ABROAD'),
    issueAuthority('Own'),
  ]);
});
afterAll(async () => {
  await client?.close();
  await Promise.all([home.close(), abroad.close()]);
  rmSync(dir, { recursive: true });
});

let client: ConfigurationClient | undefined;
async function startClient(): Promise<ConfigurationClient> {
  const { xml } = await home.running.anchor('internal');
  client = new ConfigurationClient({
    ...{ anchorFile: xml, dir: join(dir, 'globalconf'), now: () => new Date(), random: () => 0.5 },
    ...{ pollMs: 3_600_000, allowedFederations: 'all' },
    onFailure: () => undefined,
    onChange: () => undefined,
    snapshots: { save: async (snapshot) => void kept.push(snapshot), discard: async () => undefined },
  });
  await client.start();
  return client;
}

/** Polls until what a registry published has this in it. */
async function until(server: ConfigurationClient, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    await server.refresh();
    if (holds()) return;
  }
  expect.fail('it was never published');
}

async function approve(registry: AskedRegistry): Promise<void> {
  const top = { certificate: ca.certificate.pem, ocspResponders: [] };
  expect(await registry.ask('PUT', '/certificate-profiles/own', definition)).toMatchObject({ status: 204 });
  const added = await registry.ask('POST', '/certification-services', { name: 'Own', profile: 'own', top });
  expect(added.status).toBe(201);
}

/** Whether a server of HOME takes a signature with this certificate for one of the member; the fault's code if not. */
async function judge(organizationIdentifier: string, signer: Omit<MemberId, 'kind'>, country = 'ZZ') {
  const subject = buildName({ C: country, organizationIdentifier, CN: 'Seal' });
  const { certificate } = await issueSigning(ca, { subject });
  const ocspResponses = [await statusOf(certificate, ca)];
  const configuration = client?.latest();
  if (configuration === undefined) throw new Error('nothing was fetched');
  const whose: MemberId = { kind: 'MEMBER', ...signer };
  try {
    verifySigningCertificate({
      ...{ certificate, extras: [], ocspResponses, signer: whose, configuration, at: noon },
    });
    return 'taken';
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

const ministry = { instance: 'HOME', memberClass: 'GOV', memberCode: '1234' };

describe('a security server of an instance with a certificate profile of its own', () => {
  it('takes the members of certificates by it, in its own instance and in others', async () => {
    await approve(home);
    const server = await startClient();
    await until(server, () => server.current().shared('HOME')?.approvedCas.length === 1);
    // Programs of other makers are told the class name.
    expect(server.current().shared('HOME')?.approvedCas[0]?.profile).toBe(definition.publishedAs);
    expect(await judge('ORG-state:1234', ministry)).toBe('taken');
    expect(await judge('ORG-state:1235', ministry)).toBe('IncorrectCertificate');
    expect(await judge('ORG-city:1234', ministry)).toBe('IncorrectCertificate');
    expect(await judge('ORG-state:123', { ...ministry, memberCode: '123' })).toBe('IncorrectCertificate');
    expect(await judge('ORG-state:1234', ministry, 'FI')).toBe('IncorrectCertificate');
    expect(await judge('ORG-state:1234', { ...ministry, instance: 'ABROAD' })).toBe('CannotCreateCertPath');

    await approve(abroad);
    const { xml } = await abroad.running.anchor('external');
    expect((await home.ask('POST', '/trusted-anchors', { file: String(xml) })).status).toBe(201);
    await until(server, () => server.current().shared('ABROAD')?.approvedCas.length === 1);
    expect(await judge('ORG-state:1234', { ...ministry, instance: 'ABROAD' })).toBe('taken');
    expect(await judge('ORG-city:1234', { ...ministry, instance: 'ABROAD' })).toBe('IncorrectCertificate');
  });

  it('keeps it with what proves the configuration, where nobody can leave it out', () => {
    const snapshot = kept.at(-1);
    if (snapshot === undefined) throw new Error('no configuration was kept');
    expect(verifySnapshot(snapshot)).toEqual([]);
    for (const instance of ['HOME', 'ABROAD']) {
      const left = `${instance}/certificate-profiles.json`;
      const files = snapshot.files.filter(({ name }) => !name.startsWith(left));
      expect(files.length).toBe(snapshot.files.length - 2);
      const findings = verifySnapshot({ id: snapshotId(files), files });
      expect(findings).toMatchObject([{ code: 'part-missing', name: left }]);
    }
  });

  it('reads by what it was changed to, and by the class name once the service has another', async () => {
    const server = client;
    if (server === undefined) throw new Error('the server did not start');
    const [form] = definition.forms;
    const changed = { ...definition, forms: [{ ...form, needs: [] }] };
    const before = server.current().id;
    const confirmed = '/certificate-profiles/own?confirm=profile-in-use';
    expect((await home.ask('PUT', confirmed, changed)).status).toBe(204);
    await until(server, () => server.current().id !== before);
    expect(await judge('ORG-state:1234', ministry, 'FI')).toBe('taken');

    const refusal = { status: 409, json: { code: 'in-use' } };
    expect(await home.ask('DELETE', '/certificate-profiles/own')).toMatchObject(refusal);
    const { json } = await home.ask('GET', '/certification-services');
    const { entryId, ...service } = json[0];
    const basic = { ...service, profile: 'BasicCertificateProfileInfoProvider' };
    expect((await home.ask('PUT', `/certification-services/${entryId}`, basic)).status).toBe(204);
    expect((await home.ask('DELETE', '/certificate-profiles/own')).status).toBe(204);
    await until(server, () => server.current().shared('HOME')?.approvedCas[0]?.profile === basic.profile);
    expect(await judge('ORG-state:1234', ministry)).toBe('IncorrectCertificate');
    await until(
      server,
      () => !kept.at(-1)?.files.some(({ name }) => name === 'HOME/certificate-profiles.json'),
    );
  });
});
