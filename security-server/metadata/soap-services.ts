import { randomUUID } from 'node:crypto';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { type ClientId, providerOf } from '../../gateway/identifier/index.ts';
import type { BuiltInSoapServices, SoapServiceAnswer } from '../../gateway/provider-side/index.ts';
import { identifiersNamespace, writeIdentifier, xroadNamespace } from '../../gateway/soap/index.ts';
import { child, escapeText, textOf, type XmlElement, XmlError } from '../../gateway/xml/index.ts';
import { baseEndpoint, type ServiceRecord, type SettingsSnapshot, serviceIdOf } from '../settings/index.ts';

export interface SoapMetadataSources {
  readonly settings: () => SettingsSnapshot;
  /** The document of a WSDL as callers are given it. */
  readonly publishedDescription: (provider: ClientId, id: string) => Promise<Buffer | undefined>;
}

/**
 * The SOAP services every provider has: `listMethods`, `allowedMethods` and `getWsdl`. Anyone may ask; the question is
 * signed and logged as any other.
 * @see X-Road 7 service metadata protocol
 */
export function createSoapServices({
  settings,
  publishedDescription,
}: SoapMetadataSources): BuiltInSoapServices {
  return async (call, _settings, configuration, at) => {
    const { header } = call;
    const { serviceCode } = header.service;
    const snapshot = settings();
    const provider = providerOf(header.service);
    const services = snapshot.servicesOf(provider).filter(({ kind }) => kind === 'WSDL');
    switch (serviceCode) {
      case 'listMethods':
        return listOf(services, serviceCode);
      case 'allowedMethods':
        return listOf(
          services.filter((service) => isAllowed(service, header.client, snapshot, configuration, at)),
          serviceCode,
        );
      case 'getWsdl':
        // Bodies of other services are not looked at, and so not even parsed.
        return getWsdl(call.body, provider, snapshot, publishedDescription);
      default:
        return undefined;
    }
  };
}

const namespaces = `xmlns:xr="${xroadNamespace}" xmlns:id="${identifiersNamespace}"`;

function isAllowed(
  { provider, serviceCode }: ServiceRecord,
  caller: ClientId,
  snapshot: SettingsSnapshot,
  configuration: GlobalConfiguration,
  at: Date,
): boolean {
  return snapshot.hasRight(caller, provider, serviceCode, baseEndpoint, configuration, at);
}

function listOf(services: readonly ServiceRecord[], question: string): SoapServiceAnswer {
  const name = `xr:${question}Response`;
  const list = services.map(({ provider, serviceCode, serviceVersion }) =>
    writeIdentifier('xr:service', serviceIdOf(provider, serviceCode, serviceVersion)),
  );
  return { body: `<${name} ${namespaces}>${list.join('')}</${name}>` };
}

async function getWsdl(
  body: XmlElement,
  provider: ClientId,
  snapshot: SettingsSnapshot,
  publishedDescription: SoapMetadataSources['publishedDescription'],
): Promise<SoapServiceAnswer> {
  const serviceCode = fieldOf(body, 'serviceCode');
  const serviceVersion = fieldOf(body, 'serviceVersion');
  if (serviceCode === undefined) {
    throw new Fault('InvalidRequest', 'getWsdl expects serviceCode, the code of the service it describes');
  }
  const shown = serviceVersion === undefined ? serviceCode : `${serviceCode}, version ${serviceVersion}`;
  const service = snapshot
    .servicesOf(provider)
    .find((one) => one.serviceCode === serviceCode && one.serviceVersion === serviceVersion);
  if (service === undefined) throw new Fault('UnknownService', `Unknown service: ${shown}`);
  if (service.kind !== 'WSDL') {
    throw new Fault('ServiceType', `Service is a REST service and has no WSDL: ${shown}`);
  }
  const { described } = service;
  const bytes = described && (await publishedDescription(provider, described.descriptionId));
  if (bytes === undefined) throw new Fault('UnknownService', `Service has no WSDL: ${shown}`);
  const version =
    serviceVersion === undefined
      ? ''
      : `<xr:serviceVersion>${escapeText(serviceVersion)}</xr:serviceVersion>`;
  return {
    body: `<xr:getWsdlResponse ${namespaces}><xr:serviceCode>${escapeText(serviceCode)}</xr:serviceCode>${version}</xr:getWsdlResponse>`,
    attachments: [
      {
        headers: [
          ['Content-Type', 'text/xml'],
          ['Content-ID', `<wsdl=${randomUUID()}@x-road.eu>`],
          ['Content-Transfer-Encoding', 'binary'],
        ],
        bytes,
      },
    ],
  };
}

/** Longer codes do not exist. */
const maxFieldLength = 255;

/** Text of a field of the question; undefined when it is absent or blank. */
function fieldOf(body: XmlElement, name: string): string | undefined {
  const element = child(body, name, xroadNamespace);
  if (element === undefined) return undefined;
  try {
    const text = textOf(element).trim();
    if (text.length > maxFieldLength) throw new XmlError(`<${name}> is longer than ${maxFieldLength}`);
    return text === '' ? undefined : text;
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw new Fault('InvalidXml', cause.message, { cause });
  }
}
