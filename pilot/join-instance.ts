import { request } from 'undici';
import type { CertificateKind } from '../certs/authority/index.ts';
import type { KeySpec } from '../certs/key/index.ts';
import type { AdminClient } from './admin-client.ts';
import { instance, type PilotAdministration, serverId, subsystemId } from './plan.ts';

export interface JoiningServer {
  readonly administration: PilotAdministration;
  readonly server: AdminClient;
  readonly registry: AdminClient;
  readonly authorityUrl: string;
  readonly issueSecret: string;
  readonly keySpec: KeySpec;
}

/**
 * Takes a new security server into the instance, as its administrator and the registry's would: keys, certificates
 * from the authority, registration of the server and its clients.
 */
export async function joinInstance(joining: JoiningServer): Promise<void> {
  const { administration, server, registry } = joining;
  const authentication = await obtainCertificate('authentication', joining);
  await registry.post('/servers', { id: serverId(administration), address: administration.host });
  const path = `/servers/${encodeURIComponent(serverId(administration))}`;
  await registry.post(`${path}/authentication-certificates`, { certificate: authentication });
  for (const { code } of administration.subsystems) {
    await registry.post(`${path}/clients`, { id: subsystemId(administration, code) });
  }
  await server.post('/configuration/refresh');
  await server.post('/certificates', { certificate: authentication });
  await server.post('/certificates', { certificate: await obtainCertificate('signing', joining) });
  for (const { code } of administration.subsystems) {
    await server.put(`/clients/${encodeURIComponent(subsystemId(administration, code))}`, {
      status: 'registered',
      connectionType: 'NOSSL',
      certificates: [],
    });
  }
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
