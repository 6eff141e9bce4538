import { child, escapeText, parseXml, type XmlElement, XmlError } from '../xml/index.ts';
import { type Fault, RelayedFault, spellCode } from './fault.ts';

export interface RestRendering {
  readonly status: 400 | 429 | 500;
  readonly contentType: string;
  readonly body: string;
}

/**
 * A fault for an information system that speaks REST.
 * @param accept its Accept header
 * @param detail reference under which the log knows more; a relayed fault keeps the peer's
 * @see X-Road message protocol for REST, error handling
 */
export function renderRest(fault: Fault, accept: string | undefined, detail: string): RestRendering {
  const type = spellCode(fault);
  const status = fault.code === 'QuotaExceeded' ? 429 : /^server\./i.test(type) ? 500 : 400;
  const shown = {
    type,
    message: fault.message,
    detail: fault instanceof RelayedFault ? fault.detail : detail,
  };
  const xmlType = wantedXml(accept);
  if (xmlType === undefined) {
    return { status, contentType: 'application/json;charset=utf-8', body: JSON.stringify(shown) };
  }
  const fields = Object.entries(shown).map(
    ([name, text]) => `<${name}>${escapeText(xmlSafe(text))}</${name}>`,
  );
  return { status, contentType: `${xmlType};charset=utf-8`, body: `<error>${fields.join('')}</error>` };
}

function wantedXml(accept: string | undefined): string | undefined {
  for (const range of (accept ?? '').split(',')) {
    const type = (range.split(';')[0] ?? '').trim().toLowerCase();
    if (type === 'text/xml' || type === 'application/xml') return type;
    if (type === 'text/*') return 'text/xml';
  }
  return undefined;
}

/** A fault between security servers, or for an information system that speaks SOAP; a relayed one stays as it is. */
export function renderSoap(fault: Fault, detail: string): string {
  if (fault instanceof RelayedFault && fault.xml !== undefined) return fault.xml;
  const shownDetail = fault instanceof RelayedFault ? fault.detail : detail;
  const text = (value: string) => escapeText(xmlSafe(value));
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><SOAP-ENV:Fault>' +
    `<faultcode>${text(spellCode(fault))}</faultcode><faultstring>${text(fault.message)}</faultstring>` +
    `<faultactor></faultactor><detail><faultDetail xmlns="">${text(shownDetail)}</faultDetail></detail>` +
    '</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>'
  );
}

/** Characters that no XML document may hold, even escaped, become U+FFFD. @see XML 1.0 §2.2 */
function xmlSafe(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
  return text.replace(/\p{Surrogate}|[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu, '\ufffd');
}

/**
 * Reads a fault that a peer sent; undefined when the XML is something else.
 * @param retryAfterSeconds what the peer said beside it
 */
export function readSoapFault(xml: Buffer, retryAfterSeconds?: number): RelayedFault | undefined {
  const fault = faultElement(xml);
  if (fault === undefined) return undefined;
  const field = (name: string) => {
    const element = child(fault, name);
    return element === undefined ? '' : deepText(element).trim();
  };
  const code = field('faultcode');
  return code === ''
    ? undefined
    : new RelayedFault(code, field('faultstring'), field('detail'), xml.toString(), retryAfterSeconds);
}

/** A fault is short; a message that is longer is something else, and is not made a tree to find that out. */
const maxFaultBytes = 1024 * 1024;

function faultElement(xml: Buffer): XmlElement | undefined {
  if (xml.length > maxFaultBytes) return undefined;
  try {
    const isOpaque = ({ parent, localName }: XmlElement) =>
      parent?.localName === 'Body' && localName !== 'Fault';
    const body = child(parseXml(xml, { isOpaque }), 'Body');
    return body && child(body, 'Fault');
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

function deepText(element: XmlElement): string {
  return element.children.map((node) => (typeof node === 'string' ? node : deepText(node))).join('');
}
