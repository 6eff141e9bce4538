import type { TestNetwork } from '../../../gateway/journeys/network.ts';
import { makeSystemCertificate } from './system-certificate.ts';

/**
 * Gives the ministry's server something of everything that its console shows.
 * @returns paths of pages that no link leads to in this state of it
 */
export async function fillServer({ ministryAdmin, city }: TestNetwork): Promise<readonly string[]> {
  const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
  await ministryAdmin.put('/backup-settings', { recipients: [recipient], keepLast: 7, madeElsewhere: false });
  await ministryAdmin.post('/backups', {});
  await ministryAdmin.put('/clients/PILOT%3AGOV%3A1001%3Apopulation/services/register/limits', [
    { consumer: 'each', requests: 1_000, periodSeconds: 86_400 },
    { consumer: 'PILOT:MUN:2001:permits', requests: 60, periodSeconds: 60 },
  ]);
  const exchange = await fetch(`${city.clientUrl}/r1/PILOT/GOV/1001/population/register/persons/P-1001`, {
    headers: { 'x-road-client': 'PILOT/MUN/2001/portal', 'x-road-id': 'first-1', 'x-road-issue': 'case-1' },
  });
  if (!exchange.ok) throw new Error(`the first exchange: ${await exchange.text()}`);
  const expiresAt = new Date(Date.now() + 90 * 86_400_000).toISOString();
  await ministryAdmin.post('/api-keys', { label: 'monitoring', roles: ['auditor'], expiresAt });
  await fillClients(ministryAdmin);
  await tellSomebody(ministryAdmin);
  await fillCatalogue(ministryAdmin);
  return askForCertificate(ministryAdmin);
}

/** Of what ends: a mail server where nobody listens, and a webhook. */
async function tellSomebody(admin: TestNetwork['ministryAdmin']): Promise<void> {
  const mail = { host: '127.0.0.1', port: 1, security: 'none', sender: 'ss1@agency.example' };
  await admin.put('/notice-settings', {
    mail: { ...mail, recipients: ['operations-of-the-agency@agency.example'] },
    webhook: { url: 'https://hooks.agency.example/waygate', secret: 'a secret of the receiver' },
  });
}

/**
 * A key whose certificate is still awaited, and pages that are linked only from tokens and certificates in a state that
 * this server has not.
 * @returns the paths of those
 */
async function askForCertificate(admin: TestNetwork['ministryAdmin']): Promise<readonly string[]> {
  const [service] = await admin.get<readonly { readonly name: string }[]>('/certification-services');
  const spec = { type: 'ec', curve: 'P-256' };
  const key = await admin.post<{ readonly id: string }>('/keys', { label: 'awaited', spec });
  const asked = { service: service?.name ?? '', use: 'authentication' };
  await admin.post(`/keys/${key.id}/requests`, asked);
  const certificates =
    await admin.get<readonly { readonly sha256: string; readonly use: string }[]>('/certificates');
  const own = certificates.find(({ use }) => use === 'authentication')?.sha256;
  const query = new URLSearchParams({ ...asked, address: 'ss1.example' });
  return [
    '/tokens/software/allow-pin',
    `/certificates/${own}/register`,
    `/certificates/${own}/renew`,
    `/certificates/${own}/switch-on`,
    `/keys/${key.id}/request?${query}`,
    `/keys/${key.id}/order?${query}`,
    '/keys/new',
  ];
}

/** Clients in several states, a group, rights that have ended and are to come, and what a service may have besides. */
async function fillClients(admin: TestNetwork['ministryAdmin']): Promise<void> {
  const population = '/clients/PILOT%3AGOV%3A1001%3Apopulation';
  const group = { description: 'Cities that take part in the trial', members: ['PILOT:MUN:2001:permits'] };
  await admin.put(`${population}/local-groups/trial`, group);
  const { pem } = await makeSystemCertificate();
  const connection = { connectionType: 'SSLAUTH', certificates: [pem] };
  await admin.put('/clients/PILOT%3AGOV%3A1001%3Acadastre', connection);
  await admin.post('/management-requests', { kind: 'clientDisable', client: 'PILOT:GOV:1001:inspection' });
  await admin.put(`${population}/services/archive`, {
    ...{ kind: 'REST', url: 'https://archive.example/v1', timeoutSeconds: 30, verifyTls: true },
    ...{ certificates: [pem], minimumPeerVersion: '7.6.0' },
    ...{ disabledNotice: 'moved until Monday 8:00', endpoints: [{ method: 'GET', path: '/files/*' }] },
  });
  const file = { method: 'GET', path: '/files/*' };
  await admin.post(`${population}/services/archive/access-rights`, [
    { subject: 'LOCALGROUP:trial', ...file, validUntil: '2026-01-01T00:00:00Z' },
    { subject: 'PILOT:MUN:2001:portal', ...file, validFrom: '2099-01-01T00:00:00Z' },
  ]);
}

/** What the city offers, as it told the population register. */
async function fillCatalogue(admin: TestNetwork['ministryAdmin']): Promise<void> {
  const provider = 'PILOT:MUN:2001:permits';
  await admin.post('/catalogue/gatherings', { client: 'PILOT:GOV:1001:population', provider });
  const waiting = async () => (await admin.get<{ waiting: number }>('/catalogue/status')).waiting;
  while ((await waiting()) > 0);
}
