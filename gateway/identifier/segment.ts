import { IdentifierError } from './identifiers.ts';

/** Characters that stand for themselves in a URL path segment. @see RFC 3986 §3.3 */
const rawCharacters = /^[A-Za-z0-9\-._~!$&'()*+,;=:@]*$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Percent-decodes one part of an identifier, strictly. `+` is a plus sign.
 * @throws IdentifierError for a bad escape, bad UTF-8, or a raw character that must be escaped
 */
export function decodeSegment(text: string): string {
  if (rawCharacters.test(text)) return text;
  const pieces: Buffer[] = [];
  for (let index = 0; index < text.length; ) {
    const escaped = /^(?:%[0-9A-Fa-f]{2})+/.exec(text.slice(index))?.[0];
    if (escaped !== undefined) {
      pieces.push(Buffer.from(escaped.replaceAll('%', ''), 'hex'));
      index += escaped.length;
      continue;
    }
    const character = text.charAt(index);
    if (!rawCharacters.test(character)) {
      throw new IdentifierError(
        `'${text}' has a character or escape at position ${index} that is not allowed there`,
      );
    }
    pieces.push(Buffer.from(character, 'latin1'));
    index += 1;
  }
  try {
    return utf8.decode(Buffer.concat(pieces));
  } catch (cause) {
    throw new IdentifierError(`'${text}' does not decode to UTF-8`, { cause });
  }
}

/** Escapes what `decodeSegment` does not take raw, with upper-case hex. */
export function encodeSegment(text: string): string {
  if (rawCharacters.test(text)) return text;
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /%(?:24|26|2B|2C|3B|3D|3A|40)/g,
    decodeURIComponent,
  );
}
