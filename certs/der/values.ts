import { DerError } from './error.ts';
import { children, type DerNode } from './read.ts';
import { tags } from './tags.ts';

/** Elements of a SEQUENCE. */
export function asSequence(node: DerNode | undefined): DerNode[] {
  return children(expect(node, tags.sequence, 'SEQUENCE'));
}

/** Elements of a SET. */
export function asSet(node: DerNode | undefined): DerNode[] {
  return children(expect(node, tags.set, 'SET'));
}

export function asInteger(node: DerNode | undefined): bigint {
  const { content } = expect(node, tags.integer, 'INTEGER');
  const [first, second] = content;
  if (first === undefined) throw new DerError('INTEGER is empty');
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw new DerError('INTEGER is not minimal');
  }
  const magnitude = BigInt(`0x${content.toString('hex')}`);
  return first >= 0x80 ? magnitude - (1n << BigInt(8 * content.length)) : magnitude;
}

/** An INTEGER or ENUMERATED between 0 and 2^31-1. */
export function asSmallInteger(node: DerNode | undefined): number {
  const integer = node?.tag === tags.enumerated ? { ...node, tag: tags.integer } : node;
  const value = asInteger(integer);
  if (value < 0n || value > 0x7fffffffn) throw new DerError('INTEGER is out of range');
  return Number(value);
}

/** Dotted form of an OBJECT IDENTIFIER. */
export function asOid(node: DerNode | undefined): string {
  const { content } = expect(node, tags.oid, 'OBJECT IDENTIFIER');
  if (content.length === 0 || (content[content.length - 1] ?? 0x80) >= 0x80) {
    throw new DerError('OBJECT IDENTIFIER ends early');
  }
  const arcs: number[] = [];
  let arc = 0;
  let fresh = true;
  for (const octet of content) {
    if (fresh && octet === 0x80) throw new DerError('OBJECT IDENTIFIER is not minimal');
    if (arc > 0x0fffffff_ffff) throw new DerError('OBJECT IDENTIFIER has an arc too large to hold');
    arc = arc * 128 + (octet & 0x7f);
    fresh = octet < 0x80;
    if (fresh) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join('.');
}

export function asBoolean(node: DerNode | undefined): boolean {
  const { content } = expect(node, tags.boolean, 'BOOLEAN');
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
    throw new DerError('BOOLEAN is neither FALSE nor TRUE');
  }
  return content[0] === 0xff;
}

export function asOctetString(node: DerNode | undefined): Buffer {
  return expect(node, tags.octetString, 'OCTET STRING').content;
}

export function asBitString(node: DerNode | undefined): {
  readonly unusedBits: number;
  readonly bytes: Buffer;
} {
  const { content } = expect(node, tags.bitString, 'BIT STRING');
  const unusedBits = content[0];
  if (unusedBits === undefined || unusedBits > 7 || (unusedBits > 0 && content.length === 1)) {
    throw new DerError('BIT STRING has a wrong count of unused bits');
  }
  const last = content[content.length - 1] ?? 0;
  if (unusedBits > 0 && (last & ((1 << unusedBits) - 1)) !== 0) {
    throw new DerError('BIT STRING has unused bits that are set');
  }
  return { unusedBits, bytes: content.subarray(1) };
}

/** A BIT STRING of whole octets, as keys and signatures are. */
export function asBitStringOctets(node: DerNode | undefined): Buffer {
  const { unusedBits, bytes } = asBitString(node);
  if (unusedBits !== 0) throw new DerError('BIT STRING is not whole octets');
  return bytes;
}

/** Text of any string type that occurs in names. */
export function asText(node: DerNode | undefined): string {
  switch (node?.tag) {
    case tags.utf8String:
      return decodeUtf8(node.content);
    case tags.printableString:
    case tags.ia5String:
    case tags.numericString:
      if (node.content.some((octet) => octet >= 0x80)) throw new DerError('text is not ASCII');
      return node.content.toString('latin1');
    case tags.t61String:
      return node.content.toString('latin1');
    case tags.bmpString:
      if (node.content.length % 2 !== 0) throw new DerError('BMPString has half a character');
      return Buffer.from(node.content).swap16().toString('utf16le');
    default:
      throw unexpected(node, 'a string');
  }
}

/** Instant of a UTCTime or GeneralizedTime in the form that DER demands: UTC, with seconds. */
export function asTime(node: DerNode | undefined): Date {
  if (node?.tag !== tags.utcTime && node?.tag !== tags.generalizedTime) throw unexpected(node, 'a time');
  const text = node.content.toString('latin1');
  const form = node.tag === tags.utcTime ? /^(\d{2})(\d{10})()Z$/ : /^(\d{4})(\d{10})(\.\d*[1-9])?Z$/;
  const match = form.exec(text);
  if (match === null) throw new DerError('time is not in the form YYYYMMDDhhmmssZ');
  const [, yearText = '', rest = '', fraction = ''] = match;
  const shortYear = Number(yearText);
  // RFC 5280 §4.1.2.5.1: two digits stand for 1950 to 2049.
  const year = node.tag === tags.generalizedTime ? shortYear : shortYear + (shortYear < 50 ? 2000 : 1900);
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = (rest.match(/../g) ?? []).map(Number);
  const milliseconds = Math.floor(Number(`0${fraction || '.0'}`) * 1000);
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds));
  at.setUTCFullYear(year, month - 1, day);
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    throw new DerError('time does not exist');
  }
  return at;
}

declare const contextTagged: unique symbol;

/** An element with a context-specific tag; the mark keeps the compiler from excluding all others as elements. */
type ContextNode = DerNode & { readonly [contextTagged]: true };

/** Whether `node` carries the context-specific tag [n], primitive or constructed. */
export function isContext(node: DerNode | undefined, n: number): node is ContextNode {
  return node !== undefined && (node.tag & 0xdf) === (0x80 | n);
}

function expect(node: DerNode | undefined, tag: number, what: string): DerNode {
  if (node?.tag !== tag) throw unexpected(node, what);
  return node;
}

function unexpected(node: DerNode | undefined, what: string): DerError {
  return new DerError(
    `expected ${what}, found ${node === undefined ? 'nothing' : `tag 0x${node.tag.toString(16)}`}`,
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new DerError('UTF8String is not UTF-8', { cause: error });
  }
}
