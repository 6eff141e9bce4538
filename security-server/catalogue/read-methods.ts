import { z } from 'zod';
import { type ClientId, equal, providerOf, type ServiceId } from '../../gateway/identifier/index.ts';
import { parseSoapBody, readIdentifier, xroadNamespace } from '../../gateway/soap/index.ts';
import { childrenNamed } from '../../gateway/xml/index.ts';
import { CatalogueError } from './error.ts';

export interface OfferedEndpoint {
  readonly method: string;
  readonly path: string;
}

/** A service as its provider lists it. */
export interface OfferedService {
  readonly serviceCode: string;
  /** Of SOAP services alone. */
  readonly serviceVersion?: string;
  readonly kind: 'REST' | 'OPENAPI' | 'WSDL';
  readonly endpoints: readonly OfferedEndpoint[];
}

/** Of one provider: what it lists beyond is not looked at. */
const maxServices = 1_000;
/** Of one service. */
const maxEndpoints = 1_000;

/** As identifiers have them over X-Road; what could not be called is not shown. */
const code = z.string().regex(/^[^\p{Cc}\p{Cf}%:;/\\]{1,255}$/u);
const endpoint = z.object({
  method: z.string().regex(/^(\*|[A-Za-z]{1,20})$/),
  path: z
    .string()
    .max(1_000)
    .regex(/^[^\p{Cc}\p{Cf}\p{Cs}]*$/u),
});
const listed = z.object({
  xroad_instance: z.string(),
  member_class: z.string(),
  member_code: z.string(),
  subsystem_code: z.string().optional(),
  service_code: code,
  service_type: z.enum(['REST', 'OPENAPI']).default('REST'),
  endpoint_list: z.array(z.unknown()).default([]),
});

/**
 * Reads the answer of `listMethods` or `allowedMethods` over REST. A provider speaks for itself alone: services that it
 * lists of another, or under codes that nobody could call, are passed over.
 * @throws CatalogueError answer-unreadable
 */
export function readRestMethods(bytes: Buffer, provider: ClientId): OfferedService[] {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw unreadable('is not JSON', cause);
  }
  const outer = z.object({ service: z.array(z.unknown()) }).safeParse(document);
  if (!outer.success) throw unreadable('has no list of services');
  const found = new Map<string, OfferedService>();
  for (const one of outer.data.service.slice(0, maxServices)) {
    const service = listed.safeParse(one).data;
    if (service === undefined || !isOf(service, provider)) continue;
    found.set(service.service_code, {
      ...{ serviceCode: service.service_code, kind: service.service_type },
      endpoints: service.endpoint_list
        .slice(0, maxEndpoints)
        .flatMap((given) => endpoint.safeParse(given).data ?? []),
    });
  }
  return [...found.values()];
}

function isOf(service: z.infer<typeof listed>, provider: ClientId): boolean {
  return (
    service.xroad_instance === provider.instance &&
    service.member_class === provider.memberClass &&
    service.member_code === provider.memberCode &&
    service.subsystem_code === (provider.kind === 'SUBSYSTEM' ? provider.subsystemCode : undefined)
  );
}

/** The same over SOAP, whose list knows no endpoints. @throws CatalogueError answer-unreadable */
export function readSoapMethods(envelope: Buffer, charset: string, provider: ClientId): OfferedService[] {
  const found = new Map<string, OfferedService>();
  for (const element of servicesIn(envelope, charset).slice(0, maxServices)) {
    let id: ServiceId;
    try {
      const read = readIdentifier(element);
      if (read.kind !== 'SERVICE') continue;
      id = read;
    } catch {
      // An identifier that is none names no service.
      continue;
    }
    const { serviceCode, serviceVersion } = id;
    if (!equal(providerOf(id), provider) || !code.safeParse(serviceCode).success) continue;
    if (serviceVersion !== undefined && !code.safeParse(serviceVersion).success) continue;
    found.set(`${serviceCode}\n${serviceVersion ?? ''}`, {
      ...{ serviceCode, kind: 'WSDL', endpoints: [] },
      ...(serviceVersion !== undefined && { serviceVersion }),
    });
  }
  return [...found.values()];
}

function servicesIn(envelope: Buffer, charset: string) {
  try {
    return childrenNamed(parseSoapBody(envelope, charset), 'service', xroadNamespace);
  } catch (cause) {
    throw unreadable('is no SOAP message', cause);
  }
}

function unreadable(what: string, cause?: unknown): CatalogueError {
  return new CatalogueError('answer-unreadable', `The list of services ${what}`, { cause });
}
