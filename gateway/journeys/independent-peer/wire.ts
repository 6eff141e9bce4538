/** A part as it lies on the wire: its headers in order, and its bytes. */
export interface Part {
  readonly type: string;
  /** After the content type. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

export const partTypes = {
  status: 'application/ocsp-response',
  restRequest: 'application/x-road-rest-request',
  restResponse: 'application/x-road-rest-response',
  restBody: 'application/x-road-rest-body',
  envelope: 'text/xml; charset=UTF-8',
  chainResult: 'application/hash-chain-result',
  chain: 'application/hash-chain',
  signature: 'signature/bdoc-1.0/ts',
} as const;

/** `xtop` and thirty letters, as WIRE §4.4 shows it. */
export const boundary = 'xtopIndependentPeerOfThisNetworkTe';
export const attachmentBoundary = 'xattIndependentPeerOfThisNetworkTe';

export const multipartType = `multipart/mixed; charset=UTF-8; boundary=${boundary}`;

/** Writes parts after the grammar of WIRE §4.6: no preamble, CRLF everywhere. */
export function writeMultipart(parts: readonly Part[], separator = boundary): Buffer {
  const chunks = parts.flatMap(({ type, headers = [], body }) => [
    Buffer.from(`--${separator}\r\ncontent-type: ${type}\r\n`),
    ...headers.map(([name, value]) => Buffer.from(`${name}: ${value}\r\n`)),
    Buffer.from('\r\n'),
    body,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...chunks, Buffer.from(`--${separator}--\r\n`)]);
}

/**
 * Reads a multipart by the same grammar, and nothing laxer: what the product sends has to be exactly this.
 * @throws Error where the bytes depart from it
 */
export function readMultipart(bytes: Buffer, separator: string): Part[] {
  const opening = Buffer.from(`--${separator}\r\n`);
  if (!bytes.subarray(0, opening.length).equals(opening)) throw new Error('no boundary at the beginning');
  const parts: Part[] = [];
  const delimiter = Buffer.from(`\r\n--${separator}`);
  for (let at = opening.length; ; ) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    const end = bytes.indexOf(delimiter, headEnd);
    if (headEnd < 0 || end < 0) throw new Error('a part has no end');
    const lines = bytes.subarray(at, headEnd).toString('latin1').split('\r\n');
    const headers = lines.map((line): readonly [string, string] => {
      const colon = line.indexOf(': ');
      if (colon < 1) throw new Error(`no header: ${line}`);
      return [line.slice(0, colon), line.slice(colon + 2)];
    });
    const [first, ...more] = headers;
    if (first?.[0] !== 'content-type') throw new Error(`a part begins with ${first?.[0]}`);
    parts.push({ type: first[1], headers: more, body: bytes.subarray(headEnd + 4, end) });
    const after = bytes.subarray(end + delimiter.length).toString('latin1', 0, 4);
    if (after === '--\r\n') {
      const rest = bytes.length - end - delimiter.length - 4;
      if (rest !== 0) throw new Error(`${rest} octets follow the closing boundary`);
      return parts;
    }
    if (!after.startsWith('\r\n')) throw new Error('a boundary is not alone on its line');
    at = end + delimiter.length + 2;
  }
}

/** Boundary that a media type names, unquoted or quoted. */
export function boundaryOf(contentType: string): string {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const found = quoted ?? plain;
  if (found === undefined) throw new Error(`no boundary in '${contentType}'`);
  return found;
}

/** The lines of a head, each ended by CRLF: `name:value` without a space. */
export function writeLines(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
}

/** A REST head as it was read: two lines of its own, then headers in order. */
export interface Head {
  readonly first: string;
  readonly second: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** @throws Error where the bytes depart from WIRE §4.6 */
export function readHead(bytes: Buffer): Head {
  const text = bytes.toString('utf8');
  if (!text.endsWith('\r\n')) throw new Error('the head has an unfinished line');
  const [first = '', second = '', ...lines] = text.slice(0, -2).split('\r\n');
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    if (colon < 1) throw new Error(`no header: '${line}'`);
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
  return { first, second, headers };
}

/** The last value under a name: of repeated ones the last wins. */
export function headerOf({ headers }: Head, wanted: string): string | undefined {
  return headers.findLast(([name]) => name.toLowerCase() === wanted)?.[1];
}
