import { randomBytes } from 'node:crypto';

/** Release whose behaviour towards peers we keep, sent as `x-proxy-version`. */
export const proxyVersion = '7.8.0';

/** Name of the digest of all parts, as `x-hash-algorithm` spells it. */
export const hashAlgorithmHeader = 'SHA-512';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A boundary between message parts: `xtop` and thirty letters, too many to be met by chance in a body. */
export function newBoundary(prefix: 'xtop' | 'xatt' = 'xtop'): string {
  let boundary: string = prefix;
  for (const byte of randomBytes(30)) boundary += letters[byte % letters.length];
  return boundary;
}

/** `Content-Type` of a message between security servers. */
export function messageContentType(boundary: string): string {
  return `multipart/mixed; charset=UTF-8; boundary=${boundary}`;
}

/** Media type of a content type, lower-case, without parameters. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
