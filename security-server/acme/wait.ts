import { setTimeout as sleep } from 'node:timers/promises';
import { AcmeError } from './error.ts';

/** How an order waits for the authority. */
export interface Patience {
  /** For one change of one thing, such as an order that is processed. */
  readonly timeoutMs: number;
  /** Pause between looks when the authority names none. */
  readonly pollMs: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** Nobody is asked more often than this, whatever a server says. */
const leastPauseMs = 200;

/** One look: what is waited for, or when to look again. */
export type Look<Value> = { readonly value: Value } | { readonly retryAfterMs: number | undefined };

/**
 * Looks until there is something, honouring Retry-After.
 * @param asked what is waited for, for people
 * @throws AcmeError slow, when it takes longer or is announced to
 */
export async function waitFor<Value>(
  asked: string,
  { timeoutMs, pollMs, signal }: Patience,
  look: () => Promise<Look<Value>>,
): Promise<Value> {
  const startedAt = performance.now();
  for (;;) {
    const seen = await look();
    if ('value' in seen) return seen.value;
    const pauseMs = Math.max(seen.retryAfterMs ?? pollMs, leastPauseMs);
    if (performance.now() - startedAt + pauseMs > timeoutMs) {
      throw new AcmeError('slow', `${asked}: the authority is not done yet`, {
        retryAfterMs: pauseMs,
        remedy: 'nothing, unless it lasts: then ask the authority what holds it up',
      });
    }
    await sleep(pauseMs, undefined, { ...(signal !== undefined && { signal }) });
  }
}
