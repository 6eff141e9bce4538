import { Fault } from '../fault/index.ts';
import { elements, parseXml, parseXmlInTurns, type XmlElement } from '../xml/index.ts';
import { decodeText } from './charset.ts';
import { inXmlFaults, readSoapHeader, type SoapHeader, writeSoapHeader } from './header.ts';
import {
  identifiersNamespace,
  representationNamespace,
  soapNamespace,
  xroadNamespace,
} from './namespaces.ts';

/** What the road needs to know of an envelope; the rest stays bytes. */
export interface SoapEnvelope {
  readonly header: SoapHeader;
  /** Local name of the body's one child. */
  readonly bodyName: string;
}

/** An envelope as text, with the places of what may have to be changed in it. */
export interface LocatedEnvelope extends SoapEnvelope {
  readonly text: string;
  readonly headerElement: XmlElement;
}

/**
 * Reads an envelope's header block. The content of the body is checked to be well-formed and otherwise left alone.
 * @param charset lower-case, of the content type it came with
 * @throws Fault InvalidXml, InvalidSoap, MissingHeader, MissingHeaderField, DuplicateHeaderField,
 *   InvalidProtocolVersion, MissingBody, InvalidBody, InconsistentHeaders, InvalidContentType
 * @see X-Road message protocol 4.0
 */
export function parseEnvelope(bytes: Uint8Array, charset = 'utf-8'): SoapEnvelope {
  const text = decodeText(bytes, charset);
  const { header, bodyName } = understand(
    text,
    inXmlFaults(() => parseXml(text, envelopeOptions)),
    charset,
  );
  return { header, bodyName };
}

/** The same for envelopes that may be large, with text and places; others have their turns while it is read. */
export async function readEnvelope(bytes: Uint8Array, charset: string): Promise<LocatedEnvelope> {
  const text = decodeText(bytes, charset);
  const root = await parseXmlInTurns(text, envelopeOptions).catch((cause: unknown) =>
    inXmlFaults<never>(() => {
      throw cause;
    }),
  );
  return understand(text, root, charset);
}

function understand(text: string, root: XmlElement, charset: string): LocatedEnvelope {
  const { header: headerElement, body } = blocksOf(root);
  if (headerElement === undefined) throw new Fault('MissingHeader', 'The SOAP message has no header');
  const header = readSoapHeader(headerElement);
  // Its charset is not signed: what it says of the parties must read the same without it.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  if (charset !== 'utf-8' && charset !== 'utf8' && !/^[\x00-\x7f]*$/.test(JSON.stringify(header))) {
    throw new Fault('InvalidXml', 'A SOAP header with other than ASCII characters must be in UTF-8');
  }
  const { localName: bodyName } = onlyChild(body);
  if (!bodyName.startsWith(header.service.serviceCode)) {
    const message = `Body element '${bodyName}' does not belong to service '${header.service.serviceCode}'`;
    throw new Fault('InconsistentHeaders', message);
  }
  return { header, bodyName, text, headerElement };
}

/**
 * The one element inside the body, as a tree.
 * @throws Fault InvalidXml, InvalidSoap, MissingBody, InvalidBody
 */
export function parseSoapBody(bytes: Uint8Array, charset = 'utf-8'): XmlElement {
  const text = decodeText(bytes, charset);
  return onlyChild(blocksOf(inXmlFaults(() => parseXml(text))).body);
}

/** What the body holds is checked to be well-formed, and not kept. */
const envelopeOptions = { isOpaque: isPayload };

function isPayload({ parent }: XmlElement): boolean {
  return parent?.localName === 'Body' && parent.namespace === soapNamespace && parent.parent !== undefined;
}

function blocksOf(root: XmlElement): { readonly header?: XmlElement; readonly body: XmlElement } {
  if (root.localName !== 'Envelope' || root.namespace !== soapNamespace) {
    throw new Fault('InvalidSoap', `A SOAP 1.1 envelope is expected, this is <${root.name.slice(0, 80)}>`);
  }
  const named = (name: string) => {
    const [one, another] = elements(root).filter(
      ({ localName, namespace }) => localName === name && namespace === soapNamespace,
    );
    if (another !== undefined) throw new Fault('InvalidSoap', `The SOAP envelope has two blocks <${name}>`);
    return one;
  };
  const header = named('Header');
  const body = named('Body');
  // The header is missing before the body is, as peers report it.
  if (body === undefined) {
    if (header === undefined)
      throw new Fault('MissingHeader', 'The SOAP message has neither header nor body');
    throw new Fault('MissingBody', 'The SOAP message has no body');
  }
  if (header !== undefined && header.start > body.start) {
    throw new Fault('InvalidSoap', 'The header of a SOAP envelope stands before its body');
  }
  return { ...(header !== undefined && { header }), body };
}

function onlyChild(body: XmlElement): XmlElement {
  const [only, ...more] = elements(body);
  if (only === undefined || more.length > 0) {
    throw new Fault(
      'InvalidBody',
      `A SOAP body has exactly one element, this one has ${more.length + (only === undefined ? 0 : 1)}`,
    );
  }
  return only;
}

/**
 * An envelope of our own.
 * @param body serialised XML of the body's one child, declaring the namespaces it uses
 * @returns UTF-8
 */
export function composeEnvelope(header: SoapHeader, body: string): Buffer {
  const namespaces = [
    `xmlns:SOAP-ENV="${soapNamespace}"`,
    `xmlns:xr="${xroadNamespace}"`,
    `xmlns:id="${identifiersNamespace}"`,
    ...(header.representedParty === undefined ? [] : [`xmlns:repr="${representationNamespace}"`]),
  ].join(' ');
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope ${namespaces}>` +
      `<SOAP-ENV:Header>${writeSoapHeader(header)}</SOAP-ENV:Header>` +
      `<SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>\n`,
  );
}
