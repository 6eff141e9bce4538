import { timingSafeEqual } from 'node:crypto';
import type { Principal } from './principal.ts';
import { Problem } from './problem.ts';

/**
 * Sees to it that a change which comes with the cookie of a browser was made by a page of ours: the token is known to
 * those alone. Keys are sent by no browser on its own, and need none.
 * @throws Problem csrf
 * @see OWASP, Cross-Site Request Forgery Prevention
 */
export function requireOwnPage({ session }: Principal, headers: Headers): void {
  if (session === undefined) return;
  const site = headers.get('sec-fetch-site');
  const isForeign = site !== null && site !== 'same-origin' && site !== 'none';
  if (!isForeign && isSame(headers.get('x-csrf-token') ?? '', session.csrfToken)) return;
  const detail = 'A change in a session needs its token in x-csrf-token, as GET /api/v1/session tells it';
  throw new Problem(403, 'csrf', detail);
}

function isSame(sent: string, expected: string): boolean {
  const [a, b] = [Buffer.from(sent), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
