import { createHash, X509Certificate } from 'node:crypto';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import {
  type ClientId,
  type GlobalGroupId,
  identifierKey,
  providerOf,
  type ServiceId,
} from '../../gateway/identifier/index.ts';
import { matchesPath } from '../../gateway/message/index.ts';
import type { ClientSettings, ServerSettings, ServiceSettings } from '../../gateway/road/index.ts';
import type { Endpoint, SettingsContent, ServiceRecord } from './model.ts';

interface GrantedEndpoint extends Endpoint {
  readonly subjects: Set<string>;
  readonly globalGroups: GlobalGroupId[];
  readonly localGroups: string[];
}

export interface SettingsSnapshot extends ServerSettings {
  readonly content: SettingsContent;
  /** Services of one provider, in the order they were added. */
  servicesOf(provider: ClientId): readonly ServiceRecord[];
}

/**
 * One immutable view of the settings, indexed so that a decision costs the same however many there are.
 */
export function buildSnapshot(content: SettingsContent): SettingsSnapshot {
  const clients = new Map<string, ClientSettings>();
  for (const { id, status, connectionType, certificates } of content.clients) {
    if (status !== 'registered') continue;
    const certificateHashes = new Set(certificates.map(sha256Hex));
    clients.set(identifierKey(id), { id, connectionType, certificateHashes });
  }

  const services = new Map<string, ServiceSettings>();
  const byProvider = new Map<string, ServiceRecord[]>();
  for (const record of content.services) {
    services.set(serviceKey(record.provider, record.serviceCode), settingsOf(record));
    const key = identifierKey(record.provider);
    byProvider.set(key, [...(byProvider.get(key) ?? []), record]);
  }

  const groups = new Map<string, Set<string>>();
  for (const { owner, groupCode, members } of content.localGroups) {
    groups.set(`${identifierKey(owner)}\n${groupCode}`, new Set(members.map(identifierKey)));
  }

  const granted = grantedEndpoints(content);
  const internal = content.internalCertificate;
  return {
    content,
    serverId: content.serverId,
    ...(internal === undefined ? {} : { internalCertificateHash: sha256Hex(internal) }),
    client: (id) => clients.get(identifierKey(id)),
    service: (id) => services.get(serviceKey(providerOf(id), id.serviceCode)),
    servicesOf: (provider) => byProvider.get(identifierKey(provider)) ?? [],
    isAllowed: (caller, service, method, path, configuration) => {
      const provider = providerOf(service);
      const callerKey = identifierKey(caller);
      const isSubject = (endpoint: GrantedEndpoint) =>
        endpoint.subjects.has(callerKey) ||
        endpoint.localGroups.some((code) => groups.get(`${identifierKey(provider)}\n${code}`)?.has(callerKey)) ||
        isInAnyGlobalGroup(endpoint.globalGroups, caller, configuration);
      return (granted.get(serviceKey(provider, service.serviceCode)) ?? []).some(
        (endpoint) => covers(endpoint, method, path) && isSubject(endpoint),
      );
    },
  };
}

/** Whether an endpoint stands for this method and path: X-Road 7's `*` and `**`. */
export function covers(endpoint: Endpoint, method: string, path: string): boolean {
  const methodFits = endpoint.method === '*' || endpoint.method.toUpperCase() === method.toUpperCase();
  return methodFits && matchesPath(endpoint.path, path);
}

function isInAnyGlobalGroup(groups: readonly GlobalGroupId[], caller: ClientId, configuration: GlobalConfiguration) {
  return groups.some((group) => configuration.isInGlobalGroup(group, caller));
}

function grantedEndpoints(content: SettingsContent): Map<string, GrantedEndpoint[]> {
  const granted = new Map<string, GrantedEndpoint[]>();
  for (const { provider, serviceCode, endpoint, subject } of content.rights) {
    const key = serviceKey(provider, serviceCode);
    const list = granted.get(key) ?? [];
    granted.set(key, list);
    let entry = list.find(({ method, path }) => method === endpoint.method && path === endpoint.path);
    if (entry === undefined) {
      entry = { ...endpoint, subjects: new Set(), globalGroups: [], localGroups: [] };
      list.push(entry);
    }
    if (subject.kind === 'GLOBALGROUP') entry.globalGroups.push(subject);
    else if (subject.kind === 'LOCALGROUP') entry.localGroups.push(subject.groupCode);
    else entry.subjects.add(identifierKey(subject));
  }
  return granted;
}

function settingsOf(record: ServiceRecord): ServiceSettings {
  const { provider, serviceCode, kind, url, timeoutMs, verifyTls, certificates, disabledNotice } = record;
  return {
    id: serviceIdOf(provider, serviceCode),
    kind,
    url,
    timeoutMs,
    verifyTls,
    trustedCertificates: certificates.map((der) => new X509Certificate(der).toString()),
    ...(disabledNotice === undefined ? {} : { disabledNotice }),
  };
}

export function serviceIdOf(provider: ClientId, serviceCode: string): ServiceId {
  return { ...provider, kind: 'SERVICE', serviceCode };
}

function serviceKey(provider: ClientId, serviceCode: string): string {
  return `${identifierKey(provider)}\n${serviceCode}`;
}

function sha256Hex(der: Buffer): string {
  return createHash('sha256').update(der).digest('hex');
}
