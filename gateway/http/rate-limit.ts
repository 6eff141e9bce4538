import { Problem } from './problem.ts';

export interface RateLimit {
  /** Requests that may come at once. */
  readonly burst: number;
  /** Requests a second that may go on coming. */
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Who asks is remembered for; beyond, the one who was quiet longest is forgotten. */
const maxBuckets = 10_000;

/** Counts requests by who makes them, as buckets that fill again. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param nowMs a clock that never goes back */
  constructor(limit: RateLimit, nowMs: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#nowMs = nowMs;
  }

  /** Takes one request of somebody. @throws Problem rate-limited, which says when there is room again */
  take(who: string): void {
    const { burst, perSecond } = this.#limit;
    const at = this.#nowMs();
    const { tokens, at: before } = this.#buckets.get(who) ?? { tokens: burst, at };
    const filled = Math.min(burst, tokens + ((at - before) / 1000) * perSecond);
    // Put behind all others: the first of the map is the one that was quiet longest.
    this.#buckets.delete(who);
    this.#buckets.set(who, { tokens: Math.max(0, filled - 1), at });
    if (this.#buckets.size > maxBuckets) {
      const [quietest] = this.#buckets.keys();
      if (quietest !== undefined) this.#buckets.delete(quietest);
    }
    if (filled >= 1) return;
    const detail = `More than ${burst} requests at once, or ${perSecond} a second, are not answered: ask more slowly`;
    throw new Problem(429, 'rate-limited', detail, { retryAfterSeconds: (1 - filled) / perSecond });
  }
}
