import { request } from 'undici';
import type { CertificateKind } from '../certs/authority/index.ts';
import type { KeySpec } from '../certs/key/index.ts';
import type { AdminClient } from './admin-client.ts';
import { instance, managementSubsystem, type PilotAdministration, serverId, subsystemId } from './plan.ts';

export interface JoiningServer {
  readonly administration: PilotAdministration;
  readonly server: AdminClient;
  readonly authorityUrl: string;
  readonly issueSecret: string;
  readonly keySpec: KeySpec;
}

/**
 * Takes a new security server into the instance, as its administrator would: keys, certificates from the authority,
 * and the registration of the server by a management request.
 */
export async function registerServer(joining: JoiningServer): Promise<void> {
  const { administration, server } = joining;
  for (const kind of ['signing', 'authentication'] as const) {
    await server.post('/certificates', { certificate: await obtainCertificate(kind, joining) });
  }
  const certificates =
    await server.get<readonly { readonly sha256: string; readonly use: string }[]>('/certificates');
  const authentication = certificates.find(({ use }) => use === 'authentication');
  await sendRequest(server, {
    kind: 'authCertReg',
    certificate: authentication?.sha256,
    address: administration.host,
  });
}

/** Registers the subsystems of an administration as clients of its server, over X-Road. */
export async function registerClients(
  administration: PilotAdministration,
  server: AdminClient,
): Promise<void> {
  for (const { code, name } of administration.subsystems) {
    const client = subsystemId(administration, code);
    await server.put(`/clients/${encodeURIComponent(client)}`, {
      status: 'saved',
      connectionType: 'NOSSL',
      certificates: [],
    });
    await sendRequest(server, { kind: 'clientReg', client, subsystemName: name });
  }
}

/** Lets the registry take management requests behind a server, which is registered already. */
export async function hostManagement(
  administration: PilotAdministration,
  server: AdminClient,
  registry: AdminClient,
  url: string,
): Promise<void> {
  await registry.post('/management-service/register-provider', { server: serverId(administration) });
  await server.post('/management-services', {
    provider: subsystemId(administration, managementSubsystem.code),
    url,
  });
}

async function sendRequest(server: AdminClient, body: object): Promise<void> {
  const sent = await server.post<{ readonly kind: string; readonly status: string }>(
    '/management-requests',
    body,
  );
  // A server that is not registered yet cannot ask; what became of its request shows in the configuration.
  if (sent.status === 'approved' || sent.kind === 'authCertReg') return;
  throw new Error(`management request ${sent.kind} is ${sent.status}, it should take effect at once`);
}

/** @returns PEM */
async function obtainCertificate(kind: CertificateKind, joining: JoiningServer): Promise<string> {
  const { administration, server, authorityUrl, issueSecret, keySpec } = joining;
  const { name, memberClass, memberCode, serverCode, host } = administration;
  const key = await server.post<{ readonly id: string }>('/keys', { label: kind, spec: keySpec });
  const { request: pem } = await server.post<{ readonly request: string }>(`/keys/${key.id}/requests`, {
    subject: { O: name, CN: serverCode },
  });
  const response = await request(`${authorityUrl}/issue`, {
    method: 'POST',
    headers: { authorization: `Bearer ${issueSecret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      request: pem,
      kind,
      profile: 'basic',
      applicant: { instance, memberClass, memberCode, memberName: name, serverCode, dnsName: host },
    }),
  });
  const text = await response.body.text();
  if (response.statusCode !== 200) throw new Error(`the authority refused a ${kind} certificate: ${text}`);
  return text;
}
