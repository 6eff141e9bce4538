import { parseCertificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration, SecurityServer } from '../../gateway/configuration/index.ts';
import { equal, type ServerId } from '../../gateway/identifier/index.ts';
import type { ManagementRequest } from '../../gateway/management/index.ts';
import type { ClientRecord, SettingsStore } from '../settings/index.ts';

/** Requests that an administrator of the registry decides about; the others take effect when they are answered. */
export type DecidedRequest = Extract<
  ManagementRequest,
  { readonly kind: 'authCertReg' | 'clientReg' | 'ownerChange' }
>;

export function isDecided(request: ManagementRequest): request is DecidedRequest {
  return request.kind === 'authCertReg' || request.kind === 'clientReg' || request.kind === 'ownerChange';
}

/** Whether the configuration shows what was asked for: then it was approved, whatever the registry can tell. */
export function isInForce(request: DecidedRequest, configuration: GlobalConfiguration): boolean {
  switch (request.kind) {
    case 'authCertReg': {
      const holder = configuration.serverByAuthCertificate(parseCertificate(request.authCert));
      return holder !== undefined && equal(holder.id, request.server);
    }
    case 'clientReg':
      return configuration.serverHasClient(request.server, request.client);
    case 'ownerChange':
      return configuration.serversOf(request.client).some(isServer(ownedAnew(request)));
  }
}

/** Whether peers know this server already, so that it can send messages over X-Road. */
export function isRegistered(server: ServerId, configuration: GlobalConfiguration): boolean {
  const { instance, memberClass, memberCode } = server;
  const owner = { kind: 'MEMBER', instance, memberClass, memberCode } as const;
  return configuration.serversOf(owner).some(isServer(server));
}

function isServer(server: ServerId): (one: SecurityServer) => boolean {
  return ({ id }) => equal(id, server);
}

function ownedAnew({
  server,
  client,
}: Extract<ManagementRequest, { readonly kind: 'ownerChange' }>): ServerId {
  const { memberClass, memberCode } = client;
  return { ...server, memberClass, memberCode };
}

/** Brings the settings of this server in step with a request that took effect; done again it changes nothing. */
export async function follow(request: ManagementRequest, settings: SettingsStore): Promise<void> {
  if (!equal(request.server, settings.serverId)) return;
  switch (request.kind) {
    case 'clientReg':
    case 'clientEnable':
      return setStatus(request.client, 'registered', settings);
    case 'clientDisable':
      return setStatus(request.client, 'disabled', settings);
    case 'clientDeletion':
      return setStatus(request.client, 'saved', settings);
    case 'ownerChange':
      return settings.setServerId(ownedAnew(request));
    default:
      return;
  }
}

async function setStatus(
  id: ClientRecord['id'],
  status: ClientRecord['status'],
  settings: SettingsStore,
): Promise<void> {
  const client = settings.current().content.clients.find((one) => equal(one.id, id));
  if (client !== undefined && client.status !== status) await settings.putClient({ ...client, status });
}
