import { DerError } from './error.ts';
import { tags } from './tags.ts';

/** One element: identifier octet, minimal length, contents joined. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const content of contents) length += content.length;
  const header = length < 0x80 ? 2 : length < 0x100 ? 3 : length < 0x10000 ? 4 : length < 0x1000000 ? 5 : 6;
  const out = Buffer.allocUnsafe(header + length);
  out[0] = tag;
  if (header === 2) {
    out[1] = length;
  } else {
    out[1] = 0x80 | (header - 2);
    out.writeUIntBE(length, 2, header - 2);
  }
  let offset = header;
  for (const content of contents) {
    out.set(content, offset);
    offset += content.length;
  }
  return out;
}

export function sequence(...items: readonly Uint8Array[]): Buffer {
  return tlv(tags.sequence, ...items);
}

/** SET OF: elements sorted by their encoding, as X.690 §11.6 demands. */
export function setOf(...items: readonly Uint8Array[]): Buffer {
  return tlv(tags.set, ...[...items].sort(Buffer.compare));
}

export function integer(value: bigint | number): Buffer {
  return tlv(tags.integer, integerContent(BigInt(value)));
}

export function enumerated(value: number): Buffer {
  return tlv(tags.enumerated, integerContent(BigInt(value)));
}

function integerContent(value: bigint): Buffer {
  let octets = 1;
  while (value >= 1n << BigInt(8 * octets - 1) || value < -(1n << BigInt(8 * octets - 1))) octets += 1;
  const hex = BigInt.asUintN(8 * octets, value).toString(16);
  return Buffer.from(hex.padStart(2 * octets, '0'), 'hex');
}

/** @param dotted e.g. `1.2.840.10045.4.3.4` */
export function oid(dotted: string): Buffer {
  const [root = Number.NaN, second = Number.NaN, ...rest] = dotted.split('.').map(Number);
  if (![root, second, ...rest].every(Number.isSafeInteger))
    throw new DerError(`${dotted} is not an identifier`);
  const octets: number[] = [];
  for (const arc of [root * 40 + second, ...rest]) {
    const group = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      group.unshift(0x80 | (left % 128));
    }
    octets.push(...group);
  }
  return tlv(tags.oid, Buffer.from(octets));
}

export function octetString(bytes: Uint8Array): Buffer {
  return tlv(tags.octetString, bytes);
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return tlv(tags.bitString, Buffer.from([unusedBits]), bytes);
}

export function utf8String(text: string): Buffer {
  return tlv(tags.utf8String, Buffer.from(text, 'utf8'));
}

export function printableString(text: string): Buffer {
  return tlv(tags.printableString, Buffer.from(text, 'latin1'));
}

export function boolean(value: boolean): Buffer {
  return tlv(tags.boolean, Buffer.from([value ? 0xff : 0]));
}

export function nullValue(): Buffer {
  return tlv(tags.null);
}

/** GeneralizedTime with whole seconds: `YYYYMMDDhhmmssZ`. */
export function generalizedTime(at: Date): Buffer {
  return tlv(tags.generalizedTime, Buffer.from(`${digits(at)}Z`, 'latin1'));
}

/** The choice of X.509: UTCTime until 2049, GeneralizedTime after. @see RFC 5280 §4.1.2.5 */
export function time(at: Date): Buffer {
  const year = at.getUTCFullYear();
  if (year < 1950 || year > 2049) return generalizedTime(at);
  return tlv(tags.utcTime, Buffer.from(`${digits(at).slice(2)}Z`, 'latin1'));
}

function digits(at: Date): string {
  return at.toISOString().slice(0, 19).replace(/[-:T]/g, '');
}

/** [n] EXPLICIT around a whole element. */
export function explicit(n: number, inner: Uint8Array): Buffer {
  return tlv(0xa0 | n, inner);
}

/** [n] IMPLICIT: the tag replaces that of the type whose contents are given. */
export function implicit(n: number, content: Uint8Array, constructed = false): Buffer {
  return tlv((constructed ? 0xa0 : 0x80) | n, content);
}
