import { isIP } from 'node:net';
import type { AcmeIdentifier } from './documents.ts';

/** The address of a server as an authority names it. @see RFC 8555 §9.7.7, RFC 8738 */
export function identifierOf(address: string): AcmeIdentifier {
  const version = isIP(address);
  if (version === 0) return { type: 'dns', value: address.toLowerCase().replace(/\.$/, '') };
  // Of an IPv6 address the one spelling of RFC 5952, which a URL has too.
  return {
    type: 'ip',
    value: version === 4 ? address : new URL(`http://[${address}]`).hostname.slice(1, -1),
  };
}

/** @param a as the authority spells it */
export function isSameIdentifier(a: AcmeIdentifier, b: AcmeIdentifier): boolean {
  return a.type === b.type && identifierOf(a.value).value === identifierOf(b.value).value;
}
