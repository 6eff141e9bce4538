/** Longer than this nobody is made to wait by an answer; who asks again sooner is told again. */
const maxMs = 7 * 24 * 3600_000;

/**
 * @param header seconds, or an HTTP date
 * @returns milliseconds from now, within 7 days; undefined when it says nothing that can be understood
 * @see RFC 9110 §10.2.3
 */
export function readRetryAfter(header: unknown, now: Date): number | undefined {
  if (typeof header !== 'string') return undefined;
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), maxMs);
}
