import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { type ClientId, providerOf } from '../../gateway/identifier/index.ts';
import { isHopHeader, type RestRequest } from '../../gateway/message/index.ts';
import type { BuiltInServices, UnsignedAnswer } from '../../gateway/provider-side/index.ts';
import { baseEndpoint, type Endpoint, type ServiceRecord, type SettingsSnapshot } from '../settings/index.ts';

export interface RestMetadataSources {
  readonly settings: () => SettingsSnapshot;
  /** The OpenAPI document of a service as callers are given it. */
  readonly publishedOpenApi: (
    provider: ClientId,
    serviceCode: string,
  ) => Promise<{ readonly published: Buffer; readonly contentType: string } | undefined>;
}

/**
 * The REST services every provider has: `listMethods`, `allowedMethods` and `getOpenAPI`, for GET only.
 * Anyone may ask; the question is signed and logged as any other.
 * @see X-Road 7 service metadata protocol for REST
 */
export function createProviderServices({ settings, publishedOpenApi }: RestMetadataSources): BuiltInServices {
  return async (request, _settings, configuration, at) => {
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
          service: allowed(provider, services, request.client, snapshot, configuration, at),
        });
      case 'getOpenAPI':
        return getOpenApi(request, services, publishedOpenApi);
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
  at: Date,
): object[] {
  return services.flatMap((service) => {
    const hasRight = (endpoint: Endpoint) =>
      snapshot.hasRight(caller, provider, service.serviceCode, endpoint, configuration, at);
    const endpoints = service.endpoints.filter(hasRight);
    const whole = hasRight(baseEndpoint);
    if (!whole && endpoints.length === 0) return [];
    return [listed(provider, service, whole ? service.endpoints : endpoints)];
  });
}

/** What was accepted last: no question of a stranger makes this server fetch anything. */
async function getOpenApi(
  request: RestRequest,
  services: readonly ServiceRecord[],
  publishedOpenApi: RestMetadataSources['publishedOpenApi'],
): Promise<UnsignedAnswer> {
  const wanted = codeIn(request.query ?? '');
  if (wanted === '') {
    throw new Fault(
      'InvalidRequest',
      'getOpenAPI expects ?serviceCode=, the code of the service it describes',
    );
  }
  const service = services.find(({ serviceCode }) => serviceCode === wanted);
  if (service === undefined) throw new Fault('InternalError', `Service '${wanted}' is not known here`);
  const found = await publishedOpenApi(service.provider, wanted);
  if (found === undefined) throw new Fault('InternalError', `Service '${wanted}' has no OpenAPI description`);
  return answer(request, found.contentType, found.published);
}

/** X-Road 7 reads the name of the parameter in any case, and the last one when there are several. */
function codeIn(query: string): string {
  let code = '';
  for (const [name, value] of new URLSearchParams(query)) {
    if (name.toLowerCase() === 'servicecode') code = value;
  }
  return code;
}

function json(request: RestRequest, value: object): UnsignedAnswer {
  return answer(request, 'application/json', Buffer.from(JSON.stringify(value)));
}

/**
 * As X-Road 7 does, the request's own headers come back before those of the answer; not its type, for the answer would
 * then have two.
 */
function answer(request: RestRequest, contentType: string, body: Buffer): UnsignedAnswer {
  const kept = request.headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return !isHopHeader(lower) && lower !== 'content-type';
  });
  return { status: 200, reason: 'OK', headers: [...kept, ['content-type', contentType]], body: once(body) };
}

async function* once(body: Buffer): AsyncGenerator<Buffer> {
  yield body;
}
