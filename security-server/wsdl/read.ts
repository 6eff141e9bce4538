import {
  attribute,
  child,
  childrenNamed,
  descendants,
  textOf,
  type XmlElement,
  XmlError,
} from '../../gateway/xml/index.ts';
import { WsdlError } from './error.ts';
import type { WsdlDocuments } from './load.ts';
import { wsdlNamespace } from './source.ts';

/** A service as its WSDL describes it. */
export interface WsdlService {
  readonly serviceCode: string;
  /** Absent without a `version` element. */
  readonly serviceVersion?: string;
  /** `soap:address/@location` of its port. */
  readonly url: string;
  /** `title` in the documentation of its operation. */
  readonly title?: string;
}

const soapNamespace = 'http://schemas.xmlsoap.org/wsdl/soap/';
const httpTransport = 'http://schemas.xmlsoap.org/soap/http';

/**
 * The services a WSDL describes: each operation of each SOAP 1.1 binding over HTTP that a port gives an address.
 * Other bindings, SOAP 1.2 among them, are passed over.
 * @throws WsdlError no-soap-binding, unusable-style, duplicate-operation, invalid-service, invalid-address, not-a-wsdl
 * @see WSDL 1.1 §2.4–2.7, §3; X-Road message protocol 4.0, annex on service descriptions
 */
export function readServices(documents: WsdlDocuments): WsdlService[] {
  const services = new Map<string, WsdlService>();
  const definitions = indexDefinitions(documents);
  for (const { root } of documents) {
    for (const port of childrenNamed(root, 'service', wsdlNamespace).flatMap(portsOf)) {
      const address = child(port, 'address', soapNamespace);
      if (address === undefined) continue;
      const binding = definitions.find('binding', port, 'binding');
      if (binding === undefined || !isSoapOverHttp(binding)) continue;
      const url = readAddress(address, port);
      for (const service of servicesOf(binding, url, definitions)) {
        const key = `${service.serviceCode}\n${service.serviceVersion ?? ''}`;
        if (services.has(key)) {
          throw new WsdlError(
            'duplicate-operation',
            `Operation ${nameOf(service)} stands twice; give one of them another name or version, or remove the second port of its binding`,
          );
        }
        services.set(key, service);
      }
    }
  }
  if (services.size === 0) {
    throw new WsdlError(
      'no-soap-binding',
      'No operation of a SOAP 1.1 binding over HTTP has a port with soap:address; add a wsdl:service with such a port',
    );
  }
  return [...services.values()];
}

function nameOf({ serviceCode, serviceVersion }: WsdlService): string {
  return serviceVersion === undefined ? serviceCode : `${serviceCode}, version ${serviceVersion},`;
}

function portsOf(service: XmlElement): XmlElement[] {
  return childrenNamed(service, 'port', wsdlNamespace);
}

function readAddress(address: XmlElement, port: XmlElement): string {
  const location = attribute(address, 'location')?.trim() ?? '';
  const url = URL.canParse(location) ? new URL(location) : undefined;
  const isPlain =
    (url?.protocol === 'http:' || url?.protocol === 'https:') && url.username === '' && url.hash === '';
  if (isPlain) return location;
  throw new WsdlError(
    'invalid-address',
    `Port ${attribute(port, 'name') ?? ''} has soap:address '${location.slice(0, 200)}'; an absolute http or https address without user name or fragment is expected`,
  );
}

function soapBindingOf(binding: XmlElement): XmlElement | undefined {
  return child(binding, 'binding', soapNamespace);
}

function isSoapOverHttp(binding: XmlElement): boolean {
  const soap = soapBindingOf(binding);
  return soap !== undefined && attribute(soap, 'transport')?.trim() === httpTransport;
}

function servicesOf(binding: XmlElement, url: string, definitions: Definitions): WsdlService[] {
  const portType = definitions.find('portType', binding, 'type');
  const titles = new Map(
    (portType === undefined ? [] : childrenNamed(portType, 'operation', wsdlNamespace)).map((operation) => [
      attribute(operation, 'name') ?? '',
      titleOf(operation),
    ]),
  );
  const soap = soapBindingOf(binding);
  const outerStyle = (soap && attribute(soap, 'style')) ?? 'document';
  return childrenNamed(binding, 'operation', wsdlNamespace).map((operation) => {
    const serviceCode = attribute(operation, 'name') ?? '';
    checkStyle(operation, outerStyle);
    const serviceVersion = versionOf(operation);
    checkName(serviceCode, `The name of operation '${serviceCode.slice(0, 80)}'`);
    if (serviceVersion !== undefined) checkName(serviceVersion, `The version of operation ${serviceCode}`);
    const title = titles.get(serviceCode);
    return {
      serviceCode,
      url,
      ...(serviceVersion !== undefined && { serviceVersion }),
      ...(title !== undefined && { title }),
    };
  });
}

/** A message of the road has one element in its body, and it is not encoded. */
function checkStyle(operation: XmlElement, outerStyle: string): void {
  const own = child(operation, 'operation', soapNamespace);
  const style = (own && attribute(own, 'style')) ?? outerStyle;
  const uses = ['input', 'output']
    .flatMap((name) => childrenNamed(operation, name, wsdlNamespace))
    // In a message with attachments the body stands within mime:part.
    .flatMap((direction) => [...descendants(direction)])
    .filter(({ localName, namespace }) => localName === 'body' && namespace === soapNamespace)
    .map((body) => attribute(body, 'use') ?? 'literal');
  const isUsable = (style === 'document' || style === 'rpc') && uses.every((use) => use === 'literal');
  if (isUsable) return;
  throw new WsdlError(
    'unusable-style',
    `Operation ${attribute(operation, 'name') ?? ''} is ${style.slice(0, 40)} with use ${uses.join(', ').slice(0, 80)}; describe it as document/literal`,
  );
}

/**
 * The version that an operation carries. As X-Road 7 reads it: `version` of any namespace but WSDL's own, for
 * descriptions in service use that of the identifiers as often as that of the message protocol.
 */
function versionOf(operation: XmlElement): string | undefined {
  const versions = extensionsNamed(operation, 'version');
  if (versions.length > 1) {
    throw new WsdlError(
      'invalid-service',
      `Operation ${attribute(operation, 'name') ?? ''} has more than one version element; leave one`,
    );
  }
  return versions[0] && textIn(versions[0]);
}

const maxTitleLength = 255;

function titleOf(operation: XmlElement): string | undefined {
  const documentation = child(operation, 'documentation', wsdlNamespace);
  const [title] = documentation === undefined ? [] : extensionsNamed(documentation, 'title');
  return title && textIn(title)?.slice(0, maxTitleLength);
}

function extensionsNamed(element: XmlElement, localName: string): XmlElement[] {
  return childrenNamed(element, localName).filter(({ namespace }) => namespace !== wsdlNamespace);
}

/** Undefined when there is none to speak of. */
function textIn(element: XmlElement): string | undefined {
  const text = plainText(element).trim();
  return text === '' ? undefined : text;
}

function plainText(element: XmlElement): string {
  try {
    return textOf(element);
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw new WsdlError('not-a-wsdl', `${cause.message}; leave text alone in it`, { cause });
  }
}

/**
 * What X-Road 7 takes for a service code or version. Not the documented set alone: operations with `_` in their names
 * have been served for years.
 */
function checkName(value: string, what: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/^[^\u0000-\u001f\u007f-\u009f%:;/\\\u200b\ufeff]{1,255}$/u.test(value)) return;
  throw new WsdlError(
    'invalid-service',
    `${what} cannot be used over X-Road; 1 to 255 characters without control characters and %:;/\\ are expected`,
  );
}

/** Bindings and port types of all documents, by what they are called from elsewhere. */
interface Definitions {
  /** The definition that an attribute of `from` refers to, by a qualified name. */
  find(kind: 'binding' | 'portType', from: XmlElement, attributeName: string): XmlElement | undefined;
}

function indexDefinitions(documents: WsdlDocuments): Definitions {
  const found = new Map<string, XmlElement>();
  const keyOf = (kind: string, namespace: string, name: string) => `${kind}\n${namespace}\n${name}`;
  for (const { root } of documents) {
    const namespace = attribute(root, 'targetNamespace') ?? '';
    for (const kind of ['binding', 'portType'] as const) {
      for (const element of childrenNamed(root, kind, wsdlNamespace)) {
        const key = keyOf(kind, namespace, attribute(element, 'name') ?? '');
        // The same definition from two documents would leave open which one is meant.
        if (found.has(key)) {
          throw new WsdlError(
            'not-a-wsdl',
            `wsdl:${kind} ${attribute(element, 'name') ?? ''} is defined twice; remove one of them`,
          );
        }
        found.set(key, element);
      }
    }
  }
  return {
    find: (kind, from, attributeName) => {
      const [local = '', prefix = ''] = (attribute(from, attributeName)?.trim() ?? '').split(':').reverse();
      return found.get(keyOf(kind, namespaceAt(from, prefix) ?? '', local));
    },
  };
}

function namespaceAt(element: XmlElement, prefix: string): string | undefined {
  for (let at: XmlElement | undefined = element; at !== undefined; at = at.parent) {
    const namespace = at.declarations.get(prefix);
    if (namespace !== undefined) return namespace;
  }
  return undefined;
}
