import { isUtf8 } from 'node:buffer';
import { Fault } from '../fault/index.ts';
import { type HeaderList, isHopHeader } from './headers.ts';

const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What an HTTP header can carry; anything else would split the head, or be lost on the next hop. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The two lines in front of a head and the headers behind them. */
interface HeadLines {
  /** The verb of a request, the status of a response. */
  readonly first: string;
  /** The target of a request, the reason of a response. */
  readonly second: string;
  readonly headers: HeaderList;
}

/**
 * Bytes of a REST head: two lines and one per header, each ended by CR LF, no blank line at the end.
 * Header values are one character per byte of the HTTP header they came from, and are written as UTF-8.
 * @throws Fault InternalError when a header would not be the one that is read again
 * @see X-Road message transport, REST message parts
 */
export function writeHead(first: string, second: string, headers: HeaderList): Buffer {
  let text = `${first}\r\n${second}\r\n`;
  for (const [name, value] of headers) {
    if (!headerName.test(name) || !headerValue.test(value)) {
      throw new Fault('InternalError', `Header '${shown(name)}' holds characters that no header may hold`);
    }
    text += `${name}:${value}\r\n`;
  }
  return Buffer.from(text, 'utf8');
}

/**
 * Reads the lines of a head that a peer sent: LF or CR LF ends a line, the first colon ends a name, and values
 * are not trimmed.
 * @throws Fault InvalidMessage
 */
export function readHead(head: Buffer): HeadLines {
  if (!isUtf8(head)) throw new Fault('InvalidMessage', 'The REST head is not UTF-8');
  const lines = head.toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const [first, second, ...rest] = lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (first === undefined || second === undefined) {
    throw new Fault('InvalidMessage', 'The REST head must begin with two lines');
  }
  return { first, second, headers: rest.map(readHeader) };
}

function readHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  const value = line.slice(colon + 1);
  if (colon < 0 || !headerName.test(name) || !headerValue.test(value)) {
    throw new Fault('InvalidMessage', `Invalid header line in the REST head: '${shown(line)}'`);
  }
  // A peer that lets one through could make the next HTTP hop read another message than was signed.
  if (isHopHeader(name)) throw new Fault('InvalidMessage', `Invalid header in the REST head: '${name}'`);
  return [name, value];
}

function shown(text: string): string {
  return text.slice(0, 60).replace(/[^\x20-\x7e]/g, '?');
}
