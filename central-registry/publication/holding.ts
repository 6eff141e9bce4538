/** How many requests may be held open, for whom, and how long. */
export interface HoldingLimits {
  /** Of everybody. */
  readonly total: number;
  /** Of one address; several servers may stand behind one. */
  readonly perAddress: number;
  /** Milliseconds. */
  readonly longestMs: number;
}

/** Room for a large instance. Who finds none is answered at once, and polls. */
const usualLimits: HoldingLimits = { total: 4_096, perAddress: 64, longestMs: 25_000 };

interface Held {
  readonly address: string;
  readonly release: (why: Release) => void;
}

/** rung: something may have changed. over: the time is up. gone: nobody waits for the answer any more. */
type Release = 'rung' | 'over' | 'gone';

/**
 * Requests that wait until something changes. Bounded in number, for each address too, and in time: whoever takes all
 * places makes others poll as they did without any, and harms nobody else.
 */
export class Holding {
  readonly #limits: HoldingLimits;
  readonly #held = new Set<Held>();
  readonly #perAddress = new Map<string, number>();
  #isClosed = false;

  constructor(limits: HoldingLimits = usualLimits) {
    this.#limits = limits;
  }

  /** How many are held now. */
  get count(): number {
    return this.#held.size;
  }

  get longestMs(): number {
    return this.#limits.longestMs;
  }

  /**
   * Takes a place.
   * @param remote address that the request came from
   * @returns undefined when there is none: the answer cannot wait
   */
  take(remote: string): Place | undefined {
    const { total, perAddress } = this.#limits;
    const address = networkOf(remote);
    const ofAddress = this.#perAddress.get(address) ?? 0;
    if (this.#isClosed || this.#held.size >= total || ofAddress >= perAddress) return undefined;
    this.#perAddress.set(address, ofAddress + 1);
    return new Place(address, this.#held, () => this.#leave(address));
  }

  /** Lets all of them look whether it was what they wait for. */
  ring(): void {
    for (const { release } of [...this.#held]) release('rung');
  }

  /** Lets all of them go, and holds nobody any more. */
  close(): void {
    this.#isClosed = true;
    for (const { release } of [...this.#held]) release('over');
  }

  #leave(address: string): void {
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }
}

/** A place of one request, from `take` to `leave`. A ring that comes before it waits is not missed. */
class Place {
  readonly #held: Set<Held>;
  readonly #entry: Held;
  readonly #onLeave: () => void;
  #pending: Release | undefined;
  #wake: ((why: Release) => void) | undefined;

  constructor(address: string, held: Set<Held>, onLeave: () => void) {
    this.#held = held;
    this.#onLeave = onLeave;
    this.#entry = { address, release: (why) => this.release(why) };
    held.add(this.#entry);
  }

  release(why: Release): void {
    if (this.#wake !== undefined) this.#wake(why);
    else if (this.#pending === undefined || why !== 'rung') this.#pending = why;
  }

  /** @param waitMs at most */
  wait(waitMs: number): Promise<Release> {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) return Promise.resolve(pending);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.('over'), waitMs);
      this.#wake = (why) => {
        this.#wake = undefined;
        clearTimeout(timer);
        resolve(why);
      };
    });
  }

  leave(): void {
    if (this.#held.delete(this.#entry)) this.#onLeave();
  }
}

/** Whoever has one address of IPv6 has all of its network. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(8 - groups.length - behind.length, 0) }, () => '0');
  const all = tail === undefined ? groups : [...groups, ...zeros, ...behind];
  return all.slice(0, 4).join(':');
}
