import type { MiddlewareHandler } from 'hono';

/**
 * Answers of the API are kept by no cache, for they are for one person, and are no pages: a browser that is led to one
 * runs nothing of it and frames it nowhere.
 * @see CSP Level 3, RFC 9111 section 5.2.2.5
 */
export function protectAnswers(): MiddlewareHandler {
  return async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
  };
}
