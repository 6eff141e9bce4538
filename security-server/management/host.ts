import type { GlobalGroupId, SubsystemId } from '../../gateway/identifier/index.ts';
import { equal } from '../../gateway/identifier/index.ts';
import { carriageOf, managementKinds } from '../../gateway/management/index.ts';
import { baseEndpoint, type SettingsStore } from '../settings/index.ts';
import { statusService } from './request-status.ts';

/** Everybody who owns a security server; the registry keeps it. */
const ownersGroup = 'security-server-owners';

const timeoutMs = 60_000;

/** What goes over X-Road; certificates are registered at the registry itself. */
const services = [...managementKinds.filter((kind) => carriageOf(kind) !== 'registration'), statusService];

/**
 * Makes this server the one behind which the registry takes management requests: its provider a client, each request
 * a service that owners of servers may call. Done again it sets the address anew.
 * @param url of the registry's management service
 * @throws SettingsConflict service-described when the services come from a WSDL
 */
export async function hostManagementService(
  settings: SettingsStore,
  provider: SubsystemId,
  url: string,
): Promise<void> {
  const known = settings.current().content.clients.find(({ id }) => equal(id, provider));
  const { connectionType = 'SSLAUTH', certificates = [] } = known ?? {};
  await settings.putClient({ id: provider, status: 'registered', connectionType, certificates });
  const owners: GlobalGroupId = {
    kind: 'GLOBALGROUP',
    instance: provider.instance,
    groupCode: ownersGroup,
  };
  for (const serviceCode of services) {
    await settings.putService({
      provider,
      serviceCode,
      kind: 'WSDL',
      url,
      timeoutMs,
      verifyTls: true,
      certificates: [],
      endpoints: [],
    });
    await settings.setRights(provider, serviceCode, owners, [baseEndpoint]);
  }
}
