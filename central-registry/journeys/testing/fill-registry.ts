import { randomBytes } from 'node:crypto';
import { Agent, request } from 'undici';
import { generateKeyPair, softwareSigningKey } from '../../../certs/key/index.ts';
import { buildName, createCertificate } from '../../../certs/x509/index.ts';
import type { TestNetwork } from '../../../gateway/journeys/network.ts';
import { AskedRegistry } from '../../testing/asked-registry.ts';

export const password = 'four words of oil';
export const script = '<script>alert(1)</script>"><img src=x onerror=alert(2)>';
export const everyRole = ['registration-officer', 'security-officer', 'system-administrator', 'auditor'];

/** Gives the registry of a network something of everything that its console shows, with markup in every name. */
export async function fillRegistry(network: TestNetwork): Promise<void> {
  const { registryAdmin: admin } = network;
  await admin.post('/users', { name: 'anna', password, roles: everyRole });
  await admin.post('/users', { name: 'otto', password, roles: ['observer'] });
  const expiresAt = new Date(Date.now() + 90 * 86_400_000).toISOString();
  await admin.post('/api-keys', { label: script, roles: ['auditor'], expiresAt });
  await admin.post('/members', { id: 'PILOT:GOV:1002', name: script });
  await admin.post('/subsystems', { id: 'PILOT:GOV:1002:archive', name: script });
  await admin.put('/global-groups/judges', { description: script });
  await admin.post('/global-groups/judges/members', { id: 'PILOT:GOV:1002:archive' });
  const forms = await admin.get<{ forms: object }>(
    '/certificate-profiles/SkKlass3CertificateProfileInfoProvider',
  );
  await admin.put('/certificate-profiles/own', { description: script, forms: forms.forms });
  await admin.post('/keys', { source: 'internal' });
  const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
  await admin.put('/backup-settings', { recipients: [recipient], keepLast: 7, madeElsewhere: false });
  await admin.post('/backups');
  await addServer(network);
  await addTrustServices(network);
  await trustAnotherInstance(network);
  await invite(network, '2002');
  await redeem(network, await invite(network, '2003'));
  await askForClient(network, 'archive', script);
  await askForClient(network, 'tax', 'Tax office');
}

/** One that is in maintenance, and whose certificate is about to expire. */
async function addServer({ registryAdmin: admin }: TestNetwork): Promise<void> {
  const id = 'PILOT:GOV:1002:ss9';
  await admin.post('/servers', { id, address: 'ss9.example', maintenance: { message: script } });
  await admin.post(`/servers/${id}/clients`, { id: 'PILOT:GOV:1002:archive' });
  const certificate = await makeCertificate('ss9.example', 20);
  await admin.post(`/servers/${id}/authentication-certificates`, { certificate });
}

/** With all that can be said of them. */
async function addTrustServices({ registryAdmin: admin }: TestNetwork): Promise<void> {
  await admin.post('/timestamping-services', {
    ...{ name: script, url: 'http://tsa.example/', costType: 'PAID' },
    certificate: await makeCertificate('Timestamps of Rivertown', 20),
  });
  await admin.post('/certification-services', {
    ...{ name: script, profile: 'own', authenticationOnly: true, defaultCsrFormat: 'PEM' },
    acmeServer: { directoryUrl: 'https://acme.example/directory', ipAddress: '192.0.2.7' },
    top: {
      certificate: await makeCertificate('Authority of Rivertown', 25),
      ocspResponders: [
        {
          ...{ url: 'http://ocsp.example/', costType: 'FREE' },
          certificate: await makeCertificate('Responder', 10),
        },
        { url: 'http://ocsp2.example/' },
      ],
    },
    intermediates: [
      { certificate: await makeCertificate('Authority of Rivertown for servers', 900), ocspResponders: [] },
    ],
  });
}

async function trustAnotherInstance({ registryAdmin }: TestNetwork): Promise<void> {
  const abroad = await AskedRegistry.found('ABROAD');
  const { xml } = await abroad.running.anchor('external');
  await abroad.close();
  await registryAdmin.post('/trusted-anchors', { file: String(xml) });
}

/** @returns the invitation itself */
export async function invite({ registryAdmin }: TestNetwork, memberCode: string): Promise<string> {
  const { invitation } = await registryAdmin.post<{ readonly invitation: string }>('/invitations', {
    ...{ memberClass: 'GOV', memberCode, memberName: 'Port Authority', contact: 'anna@ports.example' },
  });
  return invitation;
}

/** As a joining server does it first; it gets no further. */
export async function redeem({ ports }: TestNetwork, invitation: string): Promise<void> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const { statusCode } = await request(`https://127.0.0.1:${ports.registration}/joining/redemption`, {
    method: 'POST',
    dispatcher,
    body: JSON.stringify({
      ...{ invitation, secret: randomBytes(32).toString('base64url'), address: 'ss.example' },
      subsystems: [{ code: 'portal', name: script }],
    }),
  });
  await dispatcher.close();
  if (statusCode !== 200) throw new Error(`the invitation was answered ${statusCode}`);
}

/**
 * The city asks to register a subsystem, which an officer has to decide.
 * @returns the number of the request
 */
export async function askForClient(
  { registryAdmin, cityAdmin }: TestNetwork,
  code: string,
  subsystemName: string,
): Promise<number> {
  await registryAdmin.put('/management-requests/automatic-approval', {
    ...{ authCertReg: false, clientReg: false, ownerChange: false },
  });
  const client = `PILOT:MUN:2001:${code}`;
  await cityAdmin.put(`/clients/${encodeURIComponent(client)}`, {
    ...{ status: 'saved', connectionType: 'NOSSL', certificates: [] },
  });
  const { requestId } = await cityAdmin.post<{ readonly requestId: number }>('/management-requests', {
    ...{ kind: 'clientReg', client, subsystemName },
  });
  return requestId;
}

export async function makeCertificate(name: string, days: number): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const subject = buildName({ CN: name });
  const now = Date.now();
  const [notBefore, notAfter] = [new Date(now - 2 * 86_400_000), new Date(now + days * 86_400_000)];
  const wanted = { subject, issuer: subject, publicKey, serialNumber: 1n, notBefore, notAfter };
  return (await createCertificate(wanted, softwareSigningKey(privateKey))).pem;
}
