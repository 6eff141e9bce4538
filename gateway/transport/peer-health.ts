import type { PeerAddress } from './peer-handshake.ts';

/** First time for which an address that failed is passed over; it doubles with each failure in a row. */
const firstPauseMs = 5_000;
const longestPauseMs = 120_000;
/** How long the way that was found is taken first: as Java servers have it. */
const rememberedMs = 3_600_000;
/** Addresses and sets of them known at once: an instance has far fewer. */
const maxKnown = 10_000;

/**
 * What connecting taught about addresses: which failed of late, and which one of a set was reached last. It
 * changes the order in which they are tried, and never leaves one out.
 */
export class PeerHealth {
  readonly #now: () => number;
  readonly #failures = new Map<string, { readonly count: number; readonly until: number }>();
  readonly #reached = new Map<string, { readonly key: string; readonly until: number }>();

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The one reached last comes first, those that failed of late last; otherwise the order stays. */
  order(candidates: readonly PeerAddress[]): PeerAddress[] {
    if (candidates.length < 2) return [...candidates];
    const now = this.#now();
    const reached = this.#reached.get(setKey(candidates));
    const rank = (address: PeerAddress): number => {
      const key = keyOf(address);
      const failure = this.#failures.get(key);
      // Among those that failed, the one whose pause ends first.
      if (failure !== undefined && now < failure.until) return failure.until;
      return reached?.key === key && now < reached.until ? -1 : 0;
    };
    return candidates
      .map((address) => ({ address, rank: rank(address) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ address }) => address);
  }

  answered(address: PeerAddress): void {
    this.#failures.delete(keyOf(address));
  }

  failed(address: PeerAddress): void {
    const key = keyOf(address);
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const pauseMs = Math.min(firstPauseMs * 2 ** (count - 1), longestPauseMs);
    if (this.#failures.size >= maxKnown) this.#failures.clear();
    this.#failures.set(key, { count, until: this.#now() + pauseMs });
  }

  /** This one of the set is taken first from now on, until it fails. */
  remember(candidates: readonly PeerAddress[], address: PeerAddress): void {
    if (candidates.length < 2) return;
    const set = setKey(candidates);
    const key = keyOf(address);
    const known = this.#reached.get(set);
    // Taken again, it is not remembered for longer: now and then the others get their chance.
    if (known?.key === key && this.#now() < known.until) return;
    if (this.#reached.size >= maxKnown) this.#reached.clear();
    this.#reached.set(set, { key, until: this.#now() + rememberedMs });
  }
}

function keyOf({ host, port }: PeerAddress): string {
  return `${host}|${port}`;
}

function setKey(candidates: readonly PeerAddress[]): string {
  return candidates.map(keyOf).sort().join(',');
}
