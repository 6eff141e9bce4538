import { parseXml, type XmlElement, XmlError } from '../../gateway/xml/index.ts';
import { WsdlError } from './error.ts';

/** A document as it came: its bytes, its text, and its elements with their places in that text. */
export interface WsdlDocument {
  readonly bytes: Buffer;
  readonly text: string;
  /** The octets of a stretch of `text`, just as they came. */
  readonly bytesOf: (start: number, end: number) => Buffer;
  readonly root: XmlElement;
}

export const wsdlNamespace = 'http://schemas.xmlsoap.org/wsdl/';

/** Charsets of one octet per character, by the names that documents declare. */
const singleOctet: Readonly<Record<string, string>> = {
  'iso-8859-1': 'latin1',
  'windows-1252': 'windows-1252',
  'windows-1257': 'windows-1257',
  'iso-8859-13': 'iso-8859-13',
  'iso-8859-15': 'iso-8859-15',
};

/**
 * Reads one document of a WSDL 1.1. Document types are refused, and with them every entity of its own.
 * @param name how the document is called in refusals
 * @throws WsdlError malformed, not-a-wsdl
 */
export function readDocument(bytes: Buffer, name: string): WsdlDocument {
  const decoded = decode(bytes, name);
  const root = parse(decoded.text, name);
  if (root.localName !== 'definitions' || root.namespace !== wsdlNamespace) {
    throw new WsdlError(
      'not-a-wsdl',
      `${name} is <${root.name.slice(0, 80)}>, not a WSDL 1.1; give the address of the description itself, often ending in ?wsdl`,
    );
  }
  return { bytes, root, ...decoded };
}

function decode(bytes: Buffer, name: string): Pick<WsdlDocument, 'text' | 'bytesOf'> {
  // The declaration is ASCII in every charset taken here.
  const declaration = /^\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(
    bytes
      .subarray(0, 300)
      .toString('latin1')
      .replace(/^\u00ef\u00bb\u00bf/, ''),
  );
  const charset = declaration?.[1]?.toLowerCase() ?? 'utf-8';
  const single = singleOctet[charset];
  if (single !== undefined) {
    // The web's reading of ISO-8859-1 would be windows-1252.
    const text = single === 'latin1' ? bytes.toString('latin1') : new TextDecoder(single).decode(bytes);
    return { text, bytesOf: (start, end) => bytes.subarray(start, end) };
  }
  if (!['utf-8', 'utf8', 'us-ascii'].includes(charset)) {
    throw new WsdlError('malformed', `${name} is in charset ${charset}, not read here; save it as UTF-8`);
  }
  try {
    // The byte-order mark stays, so that places in the text are places in the bytes.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, bytesOf: (start, end) => Buffer.from(text.slice(start, end)) };
  } catch (cause) {
    throw new WsdlError('malformed', `${name} is not UTF-8; save it as UTF-8 or declare its encoding`, {
      cause,
    });
  }
}

function parse(text: string, name: string): XmlElement {
  try {
    return parseXml(text);
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw new WsdlError('malformed', `${name} cannot be read: ${cause.message}; correct the document`, {
      cause,
    });
  }
}
