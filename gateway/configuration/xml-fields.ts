import { type Certificate, CertificateError, parseCertificate } from '../../certs/x509/index.ts';
import { Fault } from '../fault/index.ts';
import {
  type ClientId,
  IdentifierError,
  identifiersNamespace,
  readXmlIdentifier,
} from '../identifier/index.ts';
import { child, elements, escapeText, parseXml, textOf, type XmlElement, XmlError } from '../xml/index.ts';

export const xroadNamespace = 'http://x-road.eu/xsd/xroad.xsd';

export function malformed(message: string, cause?: unknown): Fault {
  return new Fault('MalformedGlobalConf', message, cause === undefined ? {} : { cause });
}

/**
 * Reads a document of the configuration.
 * @throws Fault MalformedGlobalConf, whatever is wrong with it
 */
export function readDocument<Result>(
  xml: Uint8Array,
  root: { readonly name: string; readonly what: string },
  read: (element: XmlElement) => Result,
): Result {
  try {
    const element = parseXml(xml);
    if (element.localName !== root.name || element.namespace !== xroadNamespace) {
      throw malformed(`${root.what} has the root <${element.name}>, expected <${root.name}> of X-Road`);
    }
    return read(element);
  } catch (error) {
    if (!(error instanceof XmlError) && !(error instanceof CertificateError)) throw error;
    throw malformed(`${root.what} cannot be read: ${error.message}`, error);
  }
}

export function required(element: XmlElement, name: string): XmlElement {
  const found = child(element, name);
  if (found === undefined) throw malformed(`<${element.name}> lacks <${name}>`);
  return found;
}

export function requiredText(element: XmlElement, name: string): string {
  return filled(required(element, name));
}

export function optionalText(element: XmlElement, name: string): string | undefined {
  const found = child(element, name);
  return found && textOf(found).trim();
}

/** The booleans of XML Schema; whatever else a writer meant is not guessed. */
export function optionalBoolean(element: XmlElement, name: string): boolean | undefined {
  const text = optionalText(element, name);
  if (text === undefined) return undefined;
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw malformed(`<${name}> is '${text}', expected true or false`);
}

/** Trimmed text of an element, which may not be blank. */
function filled(element: XmlElement): string {
  const text = textOf(element).trim();
  if (text === '') throw malformed(`<${element.name}> is empty`);
  return text;
}

export function requiredNumber(element: XmlElement, name: string): number {
  const text = requiredText(element, name);
  if (!/^\d{1,9}$/.test(text)) throw malformed(`<${name}> is '${text}', expected a whole number`);
  return Number(text);
}

/** Refuses elements that a version of the schema does not have there. */
export function allowOnly(element: XmlElement, names: ReadonlySet<string>): void {
  const strange = elements(element).find(({ localName }) => !names.has(localName));
  if (strange !== undefined) throw malformed(`<${strange.name}> is not expected inside <${element.name}>`);
}

/** Base64 with line breaks and spaces allowed. */
export function readBase64(element: XmlElement): Buffer {
  const text = textOf(element).replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0)
    throw malformed(`<${element.name}> is not base64`);
  return Buffer.from(text, 'base64');
}

/** Base64 of DER, or of PEM text as some writers have it. */
export function readCertificate(element: XmlElement): Certificate {
  return parseCertificate(readBase64(element));
}

/** Member or subsystem in the XML form of identifiers. */
export function readClientId(element: XmlElement): ClientId {
  try {
    const id = readXmlIdentifier(element);
    if (id.kind === 'MEMBER' || id.kind === 'SUBSYSTEM') return id;
    throw malformed(`identifier <${element.name}> is a ${id.kind}, expected MEMBER or SUBSYSTEM`);
  } catch (cause) {
    if (cause instanceof IdentifierError) throw malformed(cause.message, cause);
    throw cause;
  }
}

/** Element with escaped text. */
export function tag(name: string, text: string | number | boolean): string {
  return `<${name}>${escapeText(String(text))}</${name}>`;
}

/** Element around elements. */
export function group(name: string, ...inner: readonly string[]): string {
  return `<${name}>${inner.join('')}</${name}>`;
}

/** Document of the configuration: root qualified, everything in it not. */
export function writeDocument(...inner: readonly string[]): Buffer {
  const namespaces = `xmlns:id="${identifiersNamespace}" xmlns:ns3="${xroadNamespace}"`;
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<ns3:conf ${namespaces}>${inner.join('')}</ns3:conf>\n`,
  );
}
