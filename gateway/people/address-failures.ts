import { isIPv6 } from 'node:net';
import { type Failures, nextFailures, pauseMs, type Slope } from './slope.ts';

const maxAddresses = 10_000;

/** Who failed from where, in memory; of too many addresses, the one that failed longest ago is forgotten. */
export class AddressFailures {
  readonly #slope: Slope;
  readonly #addresses = new Map<string, Failures>();

  constructor(slope: Slope) {
    this.#slope = slope;
  }

  /** @param address as `blockOf` has it */
  get(address: string): Failures | undefined {
    return this.#addresses.get(address);
  }

  /** Milliseconds for which tries from there are not looked at. */
  waitMs(address: string, now: number): number {
    return pauseMs(this.#slope, this.get(address), now);
  }

  /** A map keeps its order of insertion: what was noted longest ago comes first. */
  note(address: string, now: number): void {
    const failures = nextFailures(this.#slope, this.get(address), now);
    this.#addresses.delete(address);
    this.#addresses.set(address, failures);
    if (this.#addresses.size <= maxAddresses) return;
    const [oldest] = this.#addresses.keys();
    if (oldest !== undefined) this.#addresses.delete(oldest);
  }

  /** It was no failure after all. */
  takeBack(address: string): void {
    const { failures, lastAt } = this.get(address) ?? { failures: 0, lastAt: 0 };
    if (failures <= 1) this.#addresses.delete(address);
    else this.#addresses.set(address, { failures: failures - 1, lastAt });
  }
}

/** An IPv4 address, or the /64 network of an IPv6 address: one machine has all addresses in it. */
export function blockOf(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (mapped !== undefined || !isIPv6(plain)) return mapped ?? plain;
  // The one form of RFC 5952, without brackets.
  const canonical = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const [left, right] = [head.split(':').filter(Boolean), (tail ?? '').split(':').filter(Boolean)];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return `${[...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':')}::/64`;
}
