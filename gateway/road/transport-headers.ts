import { randomUUID } from 'node:crypto';

/** Release whose behaviour towards peers we keep, sent as `x-proxy-version`. */
export const proxyVersion = '7.8.0';

/** Name of the digest of all parts, as `x-hash-algorithm` spells it. */
export const hashAlgorithmHeader = 'SHA-512';

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
