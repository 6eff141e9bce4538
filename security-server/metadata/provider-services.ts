import { stringify as stringifyYaml } from 'yaml';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { type ClientId, providerOf } from '../../gateway/identifier/index.ts';
import { isHopHeader, type RestRequest } from '../../gateway/message/index.ts';
import type { BuiltInServices, UnsignedAnswer } from '../../gateway/provider-side/index.ts';
import type { Endpoint, ServiceRecord, SettingsSnapshot } from '../settings/index.ts';
import { DescriptionError, fetchDescription } from './open-api.ts';

/**
 * The REST services every provider has: `listMethods`, `allowedMethods` and `getOpenAPI`, for GET only.
 * Anyone may ask; the question is signed and logged as any other.
 * @see X-Road 7 service metadata protocol for REST
 */
export function createProviderServices(settings: () => SettingsSnapshot): BuiltInServices {
  return async (request, _settings, configuration) => {
    if (request.verb !== 'GET') return undefined;
    const snapshot = settings();
    const provider = providerOf(request.service);
    const services = snapshot.servicesOf(provider).filter(({ kind }) => kind !== 'WSDL');
    switch (request.service.serviceCode) {
      case 'listMethods':
        return json(request, {
          service: services.map((service) => listed(provider, service, service.endpoints)),
        });
      case 'allowedMethods':
        return json(request, {
          service: allowed(provider, services, request.client, snapshot, configuration),
        });
      case 'getOpenAPI':
        return getOpenApi(request, services);
      default:
        return undefined;
    }
  };
}

function listed(provider: ClientId, service: ServiceRecord, endpoints: readonly Endpoint[]): object {
  return {
    object_type: 'SERVICE',
    xroad_instance: provider.instance,
    member_class: provider.memberClass,
    member_code: provider.memberCode,
    ...(provider.kind === 'SUBSYSTEM' ? { subsystem_code: provider.subsystemCode } : {}),
    service_code: service.serviceCode,
    service_type: service.kind,
    endpoint_list: endpoints.map(({ method, path }) => ({ method, path })),
  };
}

/** Services the caller has any right to, each narrowed to the endpoints it may use. */
function allowed(
  provider: ClientId,
  services: readonly ServiceRecord[],
  caller: ClientId,
  snapshot: SettingsSnapshot,
  configuration: GlobalConfiguration,
): object[] {
  return services.flatMap((service) => {
    const endpoints = service.endpoints.filter((endpoint) =>
      snapshot.hasRight(caller, provider, service.serviceCode, endpoint, configuration),
    );
    const whole = snapshot.hasRight(
      caller,
      provider,
      service.serviceCode,
      { method: '*', path: '**' },
      configuration,
    );
    if (!whole && endpoints.length === 0) return [];
    return [listed(provider, service, whole ? service.endpoints : endpoints)];
  });
}

async function getOpenApi(request: RestRequest, services: readonly ServiceRecord[]): Promise<UnsignedAnswer> {
  const wanted = new URLSearchParams(request.query ?? '').get('serviceCode');
  if (wanted === null || wanted === '') {
    throw new Fault(
      'InvalidRequest',
      'getOpenAPI expects ?serviceCode=, the code of the service it describes',
    );
  }
  const service = services.find(({ serviceCode }) => serviceCode === wanted);
  if (service === undefined) throw new Fault('InternalError', `Service '${wanted}' is not known here`);
  if (service.kind !== 'OPENAPI' || service.descriptionUrl === undefined) {
    throw new Fault('InternalError', `Service '${wanted}' has no OpenAPI description`);
  }
  const { document, isYaml, contentType } = await fetchDescription(service.descriptionUrl).catch((cause) => {
    throw cause instanceof DescriptionError ? new Fault('InternalError', cause.message, { cause }) : cause;
  });
  // Callers reach the service over the road; its own address says nothing to them and is not theirs to know.
  const path = `/r1/${request.path.split('/').slice(2, 6).join('/')}/${encodeURIComponent(wanted)}`;
  const shown = { ...document, servers: [{ url: path }] };
  const body = isYaml ? stringifyYaml(shown) : JSON.stringify(shown);
  return answer(request, contentType, Buffer.from(body));
}

function json(request: RestRequest, value: object): UnsignedAnswer {
  return answer(request, 'application/json;charset=utf-8', Buffer.from(JSON.stringify(value)));
}

/** As X-Road 7 does, the request's own headers come back before those of the answer. */
function answer(request: RestRequest, contentType: string, body: Buffer): UnsignedAnswer {
  const kept = request.headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return !isHopHeader(lower) && lower !== 'content-type' && lower !== 'accept-encoding';
  });
  return { status: 200, reason: 'OK', headers: [...kept, ['content-type', contentType]], body: once(body) };
}

async function* once(body: Buffer): AsyncGenerator<Buffer> {
  yield body;
}
