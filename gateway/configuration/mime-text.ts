import { malformed } from './xml-fields.ts';

/** Where a part is in a text: `start` is its first character, `end` the one behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Splits at delimiter lines. The line break before a delimiter belongs to it.
 * @param isOpen whether the closing delimiter may be absent, as in old directories
 */
export function splitParts(text: string, from: number, boundary: string, isOpen = false): Span[] {
  const spans: Span[] = [];
  const delimiter = `--${boundary}`;
  let start: number | undefined;
  for (let at = from; at < text.length; ) {
    const lineEnd = text.indexOf('\n', at);
    const next = lineEnd === -1 ? text.length : lineEnd + 1;
    const line = text.slice(at, next).trimEnd();
    if (line === delimiter || line === `${delimiter}--`) {
      if (start !== undefined) spans.push({ start, end: Math.max(start, beforeLineBreak(text, at)) });
      if (line !== delimiter) return spans;
      start = next;
    } else if (start === undefined && line !== '') {
      throw malformed('there is text before the first part');
    }
    at = next;
  }
  if (start !== undefined) {
    if (!isOpen && spans.length === 0) throw malformed('the directory ends before its signature');
    spans.push({ start, end: text.length });
  }
  return spans;
}

function beforeLineBreak(text: string, at: number): number {
  if (text[at - 1] !== '\n') return at;
  return text[at - 2] === '\r' ? at - 2 : at - 1;
}

/** Header lines up to the first empty one. `end` is behind it. */
export function readHeaders(
  text: string,
  start: number,
  limit = text.length,
): { readonly headers: ReadonlyMap<string, string>; readonly end: number } {
  const headers = new Map<string, string>();
  for (let at = start; at < limit; ) {
    const lineEnd = text.indexOf('\n', at);
    const next = lineEnd === -1 || lineEnd >= limit ? limit : lineEnd + 1;
    const line = text.slice(at, next).trimEnd();
    if (line === '') return { headers, end: next };
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || !/^[a-z-]+$/.test(name)) throw malformed('a header line of the directory has no name');
    if (headers.has(name)) throw malformed(`header ${name} occurs twice in one part of the directory`);
    headers.set(name, line.slice(colon + 1).trim());
    at = next;
  }
  return { headers, end: limit };
}

export function boundaryOf(headers: ReadonlyMap<string, string>, type: string): string {
  const value = headers.get('content-type') ?? '';
  const [media, ...parameters] = value.split(';').map((piece) => piece.trim());
  const boundary = parameters
    .find((piece) => /^boundary=/i.test(piece))
    ?.slice('boundary='.length)
    .replace(/^"(.*)"$/, '$1');
  if (
    media?.toLowerCase() !== type ||
    boundary === undefined ||
    !/^[A-Za-z0-9'()+_,\-./:=? ]{1,70}$/.test(boundary)
  ) {
    throw malformed(`the directory has content type '${value}', expected ${type} with a boundary`);
  }
  return boundary;
}

/** Base64 with line breaks allowed. */
export function decodeBody(text: string): Buffer {
  const compact = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact) || compact.length % 4 !== 0)
    throw malformed('a part is not base64');
  return Buffer.from(compact, 'base64');
}
