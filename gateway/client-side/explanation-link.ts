import type { ExchangeTrace } from '../road/index.ts';

/** Longer addresses are cut by browsers and proxies, and no honest message id makes one. */
const maxLength = 2_000;

/**
 * The header that leads from a refusal to its explanation in the console of this server, which asks who is there. The
 * address has the message id, which its sender knows, and nothing else; the body of the refusal stays as peers have it.
 * @param consoleUrl at which browsers reach the console; undefined: nobody is led anywhere
 * @see RFC 8288, relation `help`
 */
export function explanationLink(
  consoleUrl: string | undefined,
  { exchange }: ExchangeTrace,
): { readonly Link?: string } {
  if (consoleUrl === undefined || exchange === undefined) return {};
  const url = new URL('/explain', consoleUrl);
  // Escapes whatever could end the address, or the header.
  url.searchParams.set('messageId', exchange.id);
  const link = `<${url.href}>; rel="help"`;
  return link.length > maxLength ? {} : { Link: link };
}
