import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { printFull } from '../identifier/index.ts';
import type { Exchange, ServerSettings, ServiceSettings } from '../road/index.ts';
import { checkPeerVersion } from './check-version.ts';
import type { FromPeer } from './receive-request.ts';

/** What of a service a request calls: for SOAP, the whole of it. */
export interface CalledEndpoint {
  readonly method: string;
  /** Normalised service path; '' when there is none. */
  readonly path: string;
}

/** SOAP operations are called as a whole: only a right on the service itself, its base endpoint, lets them pass. */
export const baseEndpoint: CalledEndpoint = { method: 'POST', path: '' };

/**
 * Whether a request may reach its service, judged in X-Road 7's order: exists, kind fits, right, not disabled. What
 * is ours, the least release that a service takes, comes behind the right: strangers learn nothing of it.
 * @param at instant at which the right must hold
 * @throws Fault UnknownService, ServiceType, AccessDenied, ClientProxyVersionNotSupported, ServiceDisabled
 */
export function checkService(
  { protocol, client, service: id, peerVersion }: Exchange & FromPeer,
  { method, path }: CalledEndpoint,
  settings: ServerSettings,
  configuration: GlobalConfiguration,
  at: Date,
): ServiceSettings {
  const service = settings.service(id);
  if (service === undefined) throw new Fault('UnknownService', `Unknown service: ${printFull(id)}`);
  const isSoap = service.kind === 'WSDL';
  if (isSoap !== (protocol === 'soap')) {
    const [is, other] = isSoap ? ['SOAP', 'REST'] : ['REST', 'SOAP'];
    throw new Fault(
      'ServiceType',
      `Service is a ${is} service and cannot be called with ${other}: ${printFull(id)}`,
    );
  }
  if (!settings.isAllowed(client, id, method, path, configuration, at)) {
    throw new Fault('AccessDenied', `Request is not allowed: ${printFull(id)}`);
  }
  checkPeerVersion(peerVersion, service.minimumPeerVersion);
  if (service.disabledNotice !== undefined) {
    throw new Fault('ServiceDisabled', `Service ${printFull(id)} is disabled: ${service.disabledNotice}`);
  }
  return service;
}
