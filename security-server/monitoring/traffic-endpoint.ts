import { providerOf } from '../../gateway/identifier/index.ts';
import { matchesPath } from '../../gateway/message/index.ts';
import type { RoadEvent } from '../../gateway/road/index.ts';
import type { SettingsSnapshot } from '../settings/index.ts';

/**
 * The endpoint of the settings that was called; the path itself may name a person. Of services elsewhere, and of
 * calls that no endpoint stands for, the method alone is known; of SOAP nothing.
 */
export function endpointOf({ trace }: RoadEvent, settings: SettingsSnapshot): string {
  const { exchange, restMethod: method, restPath = '' } = trace ?? {};
  if (exchange === undefined || method === undefined) return '';
  const { serviceCode } = exchange.service;
  const known = settings
    .servicesOf(providerOf(exchange.service))
    .find((service) => service.serviceCode === serviceCode)?.endpoints;
  const found = known?.find(
    (endpoint) => (endpoint.method === '*' || endpoint.method === method) && fits(endpoint.path, restPath),
  );
  return found === undefined ? `${method.slice(0, 20)} **` : `${found.method} ${found.path}`;
}

function fits(pattern: string, path: string): boolean {
  return pattern !== '**' && matchesPath(pattern, path);
}
