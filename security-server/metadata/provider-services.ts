import { request as fetchUrl } from 'undici';
import { parse as parseYaml, stringify as stringifyYaml } from 'yaml';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { type ClientId, providerOf } from '../../gateway/identifier/index.ts';
import { isHopHeader, type RestRequest } from '../../gateway/message/index.ts';
import type { BuiltInServices, UnsignedAnswer } from '../../gateway/provider-side/index.ts';
import type { Endpoint, ServiceRecord, SettingsSnapshot } from '../settings/index.ts';

const maxDescriptionBytes = 10 * 1024 * 1024;

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
  const { text, contentType } = await readDescription(service.descriptionUrl);
  const isYaml = !text.trimStart().startsWith('{');
  const document: unknown = isYaml ? parseYaml(text, { maxAliasCount: 100 }) : JSON.parse(text);
  if (typeof document !== 'object' || document === null || !('openapi' in document)) {
    throw new Fault('InternalError', `The description of '${wanted}' is not an OpenAPI 3 document`);
  }
  // Callers reach the service over the road; its own address says nothing to them and is not theirs to know.
  const path = `/r1/${request.path.split('/').slice(2, 6).join('/')}/${encodeURIComponent(wanted)}`;
  const shown = { ...document, servers: [{ url: path }] };
  const body = isYaml ? stringifyYaml(shown) : JSON.stringify(shown);
  return answer(request, contentType, Buffer.from(body));
}

async function readDescription(url: string): Promise<{ text: string; contentType: string }> {
  try {
    const response = await fetchUrl(url, { headersTimeout: 20_000, bodyTimeout: 20_000 });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > maxDescriptionBytes) throw new Error('it is larger than 10 MiB');
      chunks.push(chunk);
    }
    if (response.statusCode !== 200) throw new Error(`HTTP status ${response.statusCode}`);
    const contentType = String(response.headers['content-type'] ?? 'application/json');
    return { text: Buffer.concat(chunks).toString('utf8'), contentType };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('InternalError', `The OpenAPI description could not be read: ${reason}`, { cause });
  }
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
