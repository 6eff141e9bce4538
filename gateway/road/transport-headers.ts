import { randomUUID } from 'node:crypto';
import type { DigestName } from '../../certs/key/index.ts';
import { Fault } from '../fault/index.ts';

/** Release whose behaviour towards peers we keep, sent as `x-proxy-version`. */
export const proxyVersion = '7.8.0';

/** The digest of our own messages' parts, as `x-hash-algorithm` spells it. */
export const hashAlgorithmHeader = 'SHA-512';

const hashAlgorithms: ReadonlyMap<string, DigestName> = new Map([
  ['SHA-512', 'sha512'],
  ['SHA-384', 'sha384'],
  ['SHA-256', 'sha256'],
]);

/**
 * The digest that a peer announces for its message's parts.
 * @param value of `x-hash-algorithm`
 * @throws Fault InternalError when it is missing or names none that is taken
 * @see X-Road message transport, HTTP headers
 */
export function readHashAlgorithm(value: unknown): DigestName {
  const digest = typeof value === 'string' ? hashAlgorithms.get(value.toUpperCase()) : undefined;
  if (digest !== undefined) return digest;
  const known = [...hashAlgorithms.keys()].join(', ');
  const found = typeof value === 'string' ? `is '${value.slice(0, 40)}'` : 'is missing';
  throw new Fault('InternalError', `Header x-hash-algorithm ${found}; it must be one of ${known}`);
}

/**
 * A boundary between message parts: `xtop` and thirty letters, too many to be met by chance in a body. They are the
 * digits of two UUIDs with letters for their numbers: Node has random UUIDs in store, random bytes it asks for.
 */
export function newBoundary(prefix: 'xtop' | 'xatt' = 'xtop'): string {
  const digits = (randomUUID() + randomUUID()).replaceAll('-', '').slice(0, 30);
  return prefix + digits.replace(/\d/g, (digit) => numberLetters.charAt(Number(digit)));
}

const numberLetters = 'ghijklmnop';

/** `Content-Type` of a message between security servers. */
export function messageContentType(boundary: string): string {
  return `multipart/mixed; charset=UTF-8; boundary=${boundary}`;
}
