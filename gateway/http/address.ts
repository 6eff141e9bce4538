import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';

/** IP address of whoever is connected; a request that came over no socket, as a console's own, brings it along. */
export function addressOf(context: Context): string {
  const { incoming } = (context.env ?? {}) as { readonly incoming?: IncomingMessage };
  return incoming?.socket.remoteAddress ?? 'none';
}
