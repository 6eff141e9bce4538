import { Fault } from '../fault/index.ts';

/** Charsets in which every ASCII character is its own byte, so that markup means the same in all of them. */
const decoders: Readonly<Record<string, (bytes: Uint8Array) => string>> = {
  'utf-8': decodeUtf8,
  utf8: decodeUtf8,
  'us-ascii': decodeUtf8,
  // Not the web's reading of that name, which is windows-1252.
  'iso-8859-1': (bytes) => Buffer.from(bytes).toString('latin1'),
  'windows-1252': (bytes) => new TextDecoder('windows-1252').decode(bytes),
  'iso-8859-15': (bytes) => new TextDecoder('iso-8859-15').decode(bytes),
  'windows-1257': (bytes) => new TextDecoder('windows-1257').decode(bytes),
  'iso-8859-4': (bytes) => new TextDecoder('iso-8859-4').decode(bytes),
  'iso-8859-13': (bytes) => new TextDecoder('iso-8859-13').decode(bytes),
};

/** Charset parameter of a content type, lower-case; UTF-8 when it names none. */
export function charsetOf(contentType: string): string {
  const [, quoted, bare] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType) ?? [];
  return (quoted ?? bare ?? 'utf-8').trim().toLowerCase();
}

/**
 * Text of an envelope. A byte-order mark stays in it, as U+FEFF.
 * @throws Fault InvalidContentType for a charset that is not read, InvalidXml for bytes that are not in it
 */
export function decodeText(bytes: Uint8Array, charset: string): string {
  const decode = decoders[charset];
  if (decode === undefined) {
    const known = Object.keys(decoders).join(', ');
    throw new Fault(
      'InvalidContentType',
      `Charset '${charset.slice(0, 40)}' is not read here; use one of ${known}`,
    );
  }
  return decode(bytes);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Fault('InvalidXml', 'The envelope is not in the charset that its content type names', {
      cause,
    });
  }
}
