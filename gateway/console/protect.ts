import { timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { Session } from './visit.ts';

/** What a browser may do with a page: load our own files, and post to us. Nothing inline runs. @see CSP Level 3 */
export function protect(): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      // The design system draws its icons from data in its stylesheet.
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: 'same-origin',
    // Behind a TLS proxy it is for the proxy to say.
    strictTransportSecurity: false,
    xFrameOptions: 'DENY',
  });
}

/** Whether a form was posted by one of our own pages. @see OWASP, Cross-Site Request Forgery Prevention */
export function isFromHere({ url, headers }: Request): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none') return false;
  const origin = headers.get('origin');
  if (origin === null) return site !== null;
  return URL.canParse(origin) && new URL(origin).host === (headers.get('host') ?? new URL(url).host);
}

/** Whether a form carries the token of the session; without a session there is none. */
export function hasToken(form: FormData, session: Session | undefined): boolean {
  if (session === undefined) return true;
  const sent = form.get('_csrf');
  if (typeof sent !== 'string') return false;
  const [a, b] = [Buffer.from(sent), Buffer.from(session.csrfToken)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Where to go on within this console: a path of ours, or the overview.
 * @param wanted from a query or a form: whatever anybody wrote there
 */
export function ownPath(wanted: unknown): string {
  const home = 'http://console.invalid';
  if (typeof wanted !== 'string' || !wanted.startsWith('/') || wanted.length > 2000) return '/';
  // Browsers read backslashes as slashes, and drop line breaks: `/\other.example` leads away.
  if (!URL.canParse(wanted, home)) return '/';
  const url = new URL(wanted, home);
  return url.origin === home && !url.pathname.startsWith('//') ? url.pathname + url.search : '/';
}

/** A field of a form, trimmed; '' when it is absent or a file. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

/** A password as it was typed: a space at its end belongs to it. */
export function passwordOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

/** Whether the box under what will happen was ticked. */
export function isConfirmed(form: FormData): boolean {
  return form.get('confirmed') === 'yes';
}

/** Cookies that the API gave, for the browser. */
export function cookiesOf(response: Response): Headers {
  const headers = new Headers();
  for (const cookie of response.headers.getSetCookie()) headers.append('set-cookie', cookie);
  return headers;
}

/** Version of what a form changes, as the visitor saw it. */
export function etagOf(form: FormData): string | undefined {
  const value = form.get('_etag');
  return typeof value === 'string' ? value : undefined;
}
