import { DerError } from './error.ts';

/**
 * One element of a DER encoding. `raw` is the whole element with identifier and length, `content` what is
 * inside; both are views on the bytes that were read, not copies.
 */
export interface DerNode {
  /** Identifier octet: class, constructed bit and tag number in one; multi-octet tags are refused. */
  readonly tag: number;
  readonly raw: Buffer;
  readonly content: Buffer;
  readonly constructed: boolean;
  /** Elements around this one; the outermost has 0. */
  readonly depth: number;
}

/** Deeper structures do not occur in certificates; this stops recursion driven by a sender. */
const maxDepth = 32;

/**
 * Reads exactly one element.
 * @throws DerError when bytes are missing, follow behind, or are not DER
 * @see ITU-T X.690 §10
 */
export function readDer(bytes: Uint8Array): DerNode {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const node = readElement(buffer, 0, 0);
  if (node.raw.length !== buffer.length) throw new DerError('bytes follow behind the element');
  return node;
}

/** Elements inside a constructed node, in order. */
export function children(node: DerNode): DerNode[] {
  if (!node.constructed) throw new DerError('a primitive element has no elements inside');
  const found: DerNode[] = [];
  let offset = 0;
  while (offset < node.content.length) {
    const child = readElement(node.content, offset, node.depth + 1);
    found.push(child);
    offset += child.raw.length;
  }
  return found;
}

function readElement(buffer: Buffer, offset: number, depth: number): DerNode {
  if (depth > maxDepth) throw new DerError(`elements nest deeper than ${maxDepth}`);
  const tag = buffer[offset];
  const first = buffer[offset + 1];
  if (tag === undefined || first === undefined) throw new DerError('element ends before its length');
  if ((tag & 0x1f) === 0x1f) throw new DerError('multi-octet tags are not used here');
  let length = first;
  let header = 2;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    // 0x80 is the indefinite length of BER, which DER forbids.
    if (octets === 0 || octets > 4) throw new DerError('length is indefinite or longer than four octets');
    if (offset + 2 + octets > buffer.length) throw new DerError('element ends inside its length');
    length = buffer.readUIntBE(offset + 2, octets);
    if (length < 0x80 || length < 2 ** (8 * (octets - 1))) throw new DerError('length is not minimal');
    header += octets;
  }
  const end = offset + header + length;
  if (end > buffer.length) throw new DerError('element is longer than what holds it');
  return {
    tag,
    raw: buffer.subarray(offset, end),
    content: buffer.subarray(offset + header, end),
    constructed: (tag & 0x20) !== 0,
    depth,
  };
}
