import { createHash, X509Certificate } from 'node:crypto';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import {
  type ClientId,
  type GlobalGroupId,
  identifierKey,
  memberOf,
  printEncoded,
  providerOf,
  type ServiceId,
} from '../../gateway/identifier/index.ts';
import { matchesPath } from '../../gateway/message/index.ts';
import type {
  AppliedLimit,
  ClientSettings,
  ServerSettings,
  ServiceSettings,
} from '../../gateway/road/index.ts';
import {
  type AccessRight,
  baseEndpoint,
  type Endpoint,
  type ServiceLimit,
  type ServiceRecord,
  type SettingsContent,
} from './model.ts';
import { type Validity, validityState } from './validity.ts';

interface GrantedEndpoint extends Endpoint {
  readonly subjects: Map<string, Validity>;
  readonly globalGroups: (Validity & { readonly group: GlobalGroupId })[];
  readonly localGroups: (Validity & { readonly code: string })[];
}

export interface SettingsSnapshot extends ServerSettings {
  readonly content: SettingsContent;
  /** Services of one provider, in the order they were added. */
  servicesOf(provider: ClientId): readonly ServiceRecord[];
  /** Rights given on one service. */
  rightsOf(provider: ClientId, serviceCode: string): readonly AccessRight[];
  /** Whether `caller` is given exactly this endpoint at that instant, itself or through a group. */
  hasRight(
    caller: ClientId,
    provider: ClientId,
    serviceCode: string,
    endpoint: Endpoint,
    configuration: GlobalConfiguration,
    at: Date,
  ): boolean;
}

/**
 * One immutable view of the settings, indexed so that a decision costs the same however many there are.
 */
export function buildSnapshot(content: SettingsContent): SettingsSnapshot {
  const clients = new Map<string, ClientSettings>();
  const owner = memberOf(content.serverId);
  // The owner is a client of its server by that: it sends management requests. Until told otherwise, no information
  // system but the server itself may act for it.
  clients.set(identifierKey(owner), { id: owner, connectionType: 'SSLAUTH', certificateHashes: new Set() });
  for (const { id, status, connectionType, certificates } of content.clients) {
    if (status !== 'registered') continue;
    const certificateHashes = new Set(certificates.map(sha256Hex));
    clients.set(identifierKey(id), { id, connectionType, certificateHashes });
  }

  const services = new Map<string, ServiceSettings>();
  const byProvider = new Map<string, ServiceRecord[]>();
  const notices = new Map(
    content.descriptions.map(({ provider, id, disabledNotice }) => [
      serviceKey(provider, id),
      disabledNotice,
    ]),
  );
  const soapCodes = new Set<string>();
  for (const record of content.services) {
    const { provider, serviceCode, serviceVersion, described } = record;
    const notice = described && notices.get(serviceKey(provider, described.descriptionId));
    services.set(serviceKey(provider, serviceCode, serviceVersion), settingsOf(record, notice));
    if (record.kind === 'WSDL') soapCodes.add(serviceKey(provider, serviceCode));
    const key = identifierKey(provider);
    const list = byProvider.get(key);
    if (list === undefined) byProvider.set(key, [record]);
    else list.push(record);
  }

  const groups = new Map<string, Set<string>>();
  for (const { owner, groupCode, members } of content.localGroups) {
    groups.set(`${identifierKey(owner)}\n${groupCode}`, new Set(members.map(identifierKey)));
  }

  const granted = grantedEndpoints(content);
  const limits = limitsByService(content);
  const isSubject = (
    endpoint: GrantedEndpoint,
    caller: ClientId,
    provider: ClientId,
    configuration: GlobalConfiguration,
    at: Date,
  ) => {
    const key = identifierKey(caller);
    const holds = (validity: Validity) => validityState(validity, at) === 'in-force';
    const own = endpoint.subjects.get(key);
    return (
      (own !== undefined && holds(own)) ||
      endpoint.localGroups.some(
        (right) => holds(right) && groups.get(`${identifierKey(provider)}\n${right.code}`)?.has(key),
      ) ||
      endpoint.globalGroups.some(
        (right) => holds(right) && configuration.isInGlobalGroup(right.group, caller),
      )
    );
  };
  const internal = content.internalCertificate;
  return {
    content,
    serverId: content.serverId,
    ...(internal === undefined ? {} : { internalCertificateHash: sha256Hex(internal) }),
    client: (id) => clients.get(identifierKey(id)),
    service: (id) => services.get(serviceKey(providerOf(id), id.serviceCode, id.serviceVersion)),
    servicesOf: (provider) => byProvider.get(identifierKey(provider)) ?? [],
    rightsOf: (provider, serviceCode) => {
      const key = serviceKey(provider, serviceCode);
      return content.rights.filter((right) => serviceKey(right.provider, right.serviceCode) === key);
    },
    isAllowed: (caller, service, method, path, configuration, at) => {
      const provider = providerOf(service);
      const key = serviceKey(provider, service.serviceCode);
      const isCovered = soapCodes.has(key) ? isBase : (endpoint: Endpoint) => covers(endpoint, method, path);
      return (granted.get(key) ?? []).some(
        (endpoint) => isCovered(endpoint) && isSubject(endpoint, caller, provider, configuration, at),
      );
    },
    limitsOf: (caller, service) => {
      const key = serviceKey(providerOf(service), service.serviceCode);
      const those = limits.get(key);
      return those === undefined ? [] : applyLimits(those, service, caller);
    },
    hasRight: (caller, provider, serviceCode, { method, path }, configuration, at) => {
      const endpoints = granted.get(serviceKey(provider, serviceCode)) ?? [];
      const exact = endpoints.find((endpoint) => endpoint.method === method && endpoint.path === path);
      return exact !== undefined && isSubject(exact, caller, provider, configuration, at);
    },
  };
}

/** Whether an endpoint stands for this method and path: X-Road 7's `*` and `**`. */
function covers(endpoint: Endpoint, method: string, path: string): boolean {
  const methodFits = endpoint.method === '*' || endpoint.method.toUpperCase() === method.toUpperCase();
  return methodFits && matchesPath(endpoint.path, path);
}

/** An operation has neither method nor path: only a right on the whole service lets it be called. */
function isBase({ method, path }: Endpoint): boolean {
  return method === baseEndpoint.method && path === baseEndpoint.path;
}

function grantedEndpoints(content: SettingsContent): Map<string, GrantedEndpoint[]> {
  const granted = new Map<string, GrantedEndpoint[]>();
  for (const { provider, serviceCode, endpoint, subject, ...validity } of content.rights) {
    const key = serviceKey(provider, serviceCode);
    const list = granted.get(key) ?? [];
    granted.set(key, list);
    let entry = list.find(({ method, path }) => method === endpoint.method && path === endpoint.path);
    if (entry === undefined) {
      entry = { ...endpoint, subjects: new Map(), globalGroups: [], localGroups: [] };
      list.push(entry);
    }
    if (subject.kind === 'GLOBALGROUP') entry.globalGroups.push({ ...validity, group: subject });
    else if (subject.kind === 'LOCALGROUP') entry.localGroups.push({ ...validity, code: subject.groupCode });
    else entry.subjects.set(identifierKey(subject), validity);
  }
  return granted;
}

function limitsByService({ limits }: SettingsContent): Map<string, readonly ServiceLimit[]> {
  const byService = new Map<string, ServiceLimit[]>();
  for (const limit of limits) {
    const key = serviceKey(limit.provider, limit.serviceCode);
    byService.set(key, [...(byService.get(key) ?? []), limit]);
  }
  return byService;
}

/** A consumer with limits of its own has those in place of what is for each. */
function applyLimits(those: readonly ServiceLimit[], called: ServiceId, caller: ClientId): AppliedLimit[] {
  const service = serviceKey(providerOf(called), called.serviceCode);
  const key = identifierKey(caller);
  const isOwn = ({ consumer }: ServiceLimit) =>
    typeof consumer === 'object' && identifierKey(consumer) === key;
  const own = those.filter(isOwn);
  const applied = own.length > 0 ? own : those.filter(({ consumer }) => consumer === 'each');
  const all = those.filter(({ consumer }) => consumer === 'all');
  const apply = (limit: ServiceLimit, scope: AppliedLimit['scope']): AppliedLimit => ({
    service: limitedService(providerOf(called), called.serviceCode),
    ...(scope === 'consumer' && { consumer: printEncoded(caller) }),
    counter: `${service}\n${scope === 'all' ? '' : key}\n${limit.periodSeconds}`,
    ...{ scope, requests: limit.requests, periodMs: limit.periodSeconds * 1000 },
  });
  return [...applied.map((limit) => apply(limit, 'consumer')), ...all.map((limit) => apply(limit, 'all'))];
}

/** How counts name a service: all its versions have one. */
export function limitedService(provider: ClientId, serviceCode: string): string {
  return printEncoded(serviceIdOf(provider, serviceCode));
}

function settingsOf(record: ServiceRecord, descriptionNotice: string | undefined): ServiceSettings {
  const { provider, serviceCode, serviceVersion, kind, url, timeoutMs, verifyTls, certificates } = record;
  const disabledNotice = record.disabledNotice ?? descriptionNotice;
  const { minimumPeerVersion } = record;
  return {
    id: serviceIdOf(provider, serviceCode, serviceVersion),
    kind,
    url,
    timeoutMs,
    verifyTls,
    trustedCertificates: certificates.map((der) => new X509Certificate(der).toString()),
    ...(disabledNotice === undefined ? {} : { disabledNotice }),
    ...(minimumPeerVersion === undefined ? {} : { minimumPeerVersion }),
  };
}

export function serviceIdOf(provider: ClientId, serviceCode: string, serviceVersion?: string): ServiceId {
  return {
    ...provider,
    kind: 'SERVICE',
    serviceCode,
    ...(serviceVersion !== undefined && { serviceVersion }),
  };
}

/** Without a version: what all versions of a code share. Codes hold no line breaks. */
function serviceKey(provider: ClientId, serviceCode: string, serviceVersion = ''): string {
  return `${identifierKey(provider)}\n${serviceCode}\n${serviceVersion}`;
}

function sha256Hex(der: Buffer): string {
  return createHash('sha256').update(der).digest('hex');
}
