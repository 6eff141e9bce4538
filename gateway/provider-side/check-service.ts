import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { printFull } from '../identifier/index.ts';
import type { AppliedLimit, Exchange, ServerSettings, ServiceSettings } from '../road/index.ts';
import { checkPeerVersion } from './check-version.ts';
import type { Quotas, UsedUp } from './quotas.ts';
import type { FromPeer } from './receive-request.ts';

/** What of a service a request calls: for SOAP, the whole of it. */
export interface CalledEndpoint {
  readonly method: string;
  /** Normalised service path; '' when there is none. */
  readonly path: string;
}

/** SOAP operations are called as a whole: only a right on the service itself, its base endpoint, lets them pass. */
export const baseEndpoint: CalledEndpoint = { method: 'POST', path: '' };

/** A request for a service, with all that decides about it. */
export interface ServiceCall {
  readonly exchange: Pick<Exchange, 'protocol' | 'client' | 'service'> & FromPeer;
  readonly endpoint: CalledEndpoint;
  readonly settings: ServerSettings;
  readonly configuration: GlobalConfiguration;
  /** At which rights must hold, and in whose period the request counts. */
  readonly at: Date;
  /** Looks whether a request would be taken, and counts nothing. */
  readonly findUsedUp: (limits: readonly AppliedLimit[], at: Date) => UsedUp | undefined;
}

export type ServiceCheckId = 'service' | 'kind' | 'access' | 'version' | 'enabled' | 'quota';

type Refuse = (call: ServiceCall, service: ServiceSettings) => Fault | undefined;

/**
 * In the order of X-Road 7. What is ours, the least release and the quota, comes behind the right: strangers learn
 * nothing of it.
 */
const checks: readonly (readonly [ServiceCheckId, Refuse])[] = [
  ['kind', refuseOtherKind],
  ['access', refuseWithoutRight],
  ['version', refuseOldPeer],
  ['enabled', refuseDisabled],
  ['quota', refuseOverQuota],
];

/**
 * Whether a request may reach its service.
 * @throws Fault UnknownService, ServiceType, AccessDenied, ClientProxyVersionNotSupported, ServiceDisabled,
 *   QuotaExceeded
 */
export function checkService(call: ServiceCall): ServiceSettings {
  const service = call.settings.service(call.exchange.service);
  if (service === undefined) throw unknownService(call);
  for (const [, refuse] of checks) {
    const fault = refuse(call, service);
    if (fault !== undefined) throw fault;
  }
  return service;
}

/** The very checks of `checkService`, told one by one: those after a refusal are not made. */
export function explainService(
  call: ServiceCall,
): readonly { readonly id: ServiceCheckId; readonly fault?: Fault }[] {
  const service = call.settings.service(call.exchange.service);
  if (service === undefined) return [{ id: 'service', fault: unknownService(call) }];
  const told: { id: ServiceCheckId; fault?: Fault }[] = [{ id: 'service' }];
  for (const [id, refuse] of checks) {
    const fault = refuse(call, service);
    told.push({ id, ...(fault !== undefined && { fault }) });
    if (fault !== undefined) break;
  }
  return told;
}

function unknownService({ exchange }: ServiceCall): Fault {
  return new Fault('UnknownService', `Unknown service: ${printFull(exchange.service)}`);
}

function refuseOtherKind({ exchange }: ServiceCall, { id, kind }: ServiceSettings): Fault | undefined {
  const isSoap = kind === 'WSDL';
  if (isSoap === (exchange.protocol === 'soap')) return undefined;
  const [is, other] = isSoap ? ['SOAP', 'REST'] : ['REST', 'SOAP'];
  const message = `Service is a ${is} service and cannot be called with ${other}: ${printFull(id)}`;
  return new Fault('ServiceType', message);
}

function refuseWithoutRight({
  exchange: { client, service },
  endpoint: { method, path },
  settings,
  configuration,
  at,
}: ServiceCall): Fault | undefined {
  if (settings.isAllowed(client, service, method, path, configuration, at)) return undefined;
  return new Fault('AccessDenied', `Request is not allowed: ${printFull(service)}`);
}

function refuseOldPeer(
  { exchange }: ServiceCall,
  { minimumPeerVersion }: ServiceSettings,
): Fault | undefined {
  try {
    checkPeerVersion(exchange.peerVersion, minimumPeerVersion);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

function refuseDisabled(_call: ServiceCall, { id, disabledNotice }: ServiceSettings): Fault | undefined {
  if (disabledNotice === undefined) return undefined;
  return new Fault('ServiceDisabled', `Service ${printFull(id)} is disabled: ${disabledNotice}`);
}

function refuseOverQuota(call: ServiceCall): Fault | undefined {
  const { exchange, settings, at, findUsedUp } = call;
  const usedUp = findUsedUp(settings.limitsOf(exchange.client, exchange.service), at);
  return usedUp && overQuota(call, usedUp);
}

/**
 * Counts a request whose signature was verified: what somebody else says in a client's name counts nothing.
 * @throws Fault QuotaExceeded when others were faster
 */
export function countRequest(call: ServiceCall, quotas: Quotas): void {
  const { exchange, settings, at } = call;
  const usedUp = quotas.take(settings.limitsOf(exchange.client, exchange.service), at);
  if (usedUp !== undefined) throw overQuota(call, usedUp);
}

function overQuota({ exchange, at }: ServiceCall, usedUp: UsedUp): Fault {
  const { client, service } = exchange;
  const { limit, renewsAt } = usedUp;
  const whose = limit.scope === 'all' ? 'all consumers together' : `'${printFull(client)}'`;
  const retryAfterSeconds = Math.max(1, Math.ceil((renewsAt.getTime() - at.getTime()) / 1000));
  const message = `Service ${printFull(service)} takes ${limit.requests} requests in ${limit.periodMs / 1000} s from ${whose}, and no more until ${renewsAt.toISOString()}`;
  return new Fault('QuotaExceeded', message, { retryAfterSeconds });
}
