import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { z } from 'zod';
import type { Fetch } from './host-guard.ts';

const maxHops = 20;

const addresses = z.array(
  z.string().refine((text) => isIP(text) !== 0, { error: 'an IP address is expected' }),
);

/** The setting that names proxies: a list, or text with commas. */
export const proxiesSchema = z.union([
  addresses,
  z
    .string()
    .transform((text) => text.split(',').map((address) => address.trim()))
    .pipe(addresses),
]);

/**
 * Takes whom a proxy of ours names for who is connected: pauses for who guesses and limits of rate count addresses, and
 * would else count everybody as one. What others say of themselves in the same header is not looked at: the address is
 * the last one that is not itself a proxy of ours.
 * @param proxies their IP addresses
 */
export function behindProxies(proxies: readonly string[], fetch: Fetch): Fetch {
  if (proxies.length === 0) return fetch;
  const trusted = new Set(proxies.map(plain));
  return (request, env) => {
    const { incoming } = (env ?? {}) as { readonly incoming?: IncomingMessage };
    const peer = plain(incoming?.socket.remoteAddress ?? '');
    if (!trusted.has(peer)) return fetch(request, env);
    const named = (request.headers.get('x-forwarded-for') ?? '').split(',').slice(-maxHops).map(plain);
    const address = named.reverse().find((one) => !trusted.has(one));
    if (address === undefined || isIP(address) === 0) return fetch(request, env);
    return fetch(request, { ...(env as object), incoming: { socket: { remoteAddress: address } } });
  };
}

/** An IPv4 address has one form here, also on a listener for both kinds. */
function plain(address: string): string {
  return address
    .trim()
    .toLowerCase()
    .replace(/^::ffff:(?=\d+\.)/, '');
}
