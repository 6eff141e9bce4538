import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { printFull } from '../identifier/index.ts';
import { normaliseServicePath, type RestRequest } from '../message/index.ts';
import type { ServerSettings, ServiceSettings } from '../road/index.ts';

/**
 * Whether this request may reach its service, judged in X-Road 7's order: exists, kind fits, right, not disabled.
 * @throws Fault UnknownService, ServiceType, AccessDenied, ServiceDisabled; BadRequest for a path with two readings
 */
export function checkService(
  request: RestRequest,
  settings: ServerSettings,
  configuration: GlobalConfiguration,
): ServiceSettings {
  const path = normaliseServicePath(request.servicePath);
  const service = settings.service(request.service);
  if (service === undefined) {
    throw new Fault('UnknownService', `Unknown service: ${printFull(request.service)}`);
  }
  if (service.kind === 'WSDL') {
    throw new Fault(
      'ServiceType',
      `Service is a SOAP service and cannot be called with REST: ${printFull(request.service)}`,
    );
  }
  if (!settings.isAllowed(request.client, request.service, request.verb, path, configuration)) {
    throw new Fault('AccessDenied', `Request is not allowed: ${printFull(request.service)}`);
  }
  if (service.disabledNotice !== undefined) {
    throw new Fault(
      'ServiceDisabled',
      `Service ${printFull(request.service)} is disabled: ${service.disabledNotice}`,
    );
  }
  return service;
}
