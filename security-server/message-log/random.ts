import { randomFillSync } from 'node:crypto';

const poolBytes = 16_384;

/** Gives out random octets from a larger piece, which costs a tenth of asking for a few at a time. No octet is given twice. */
export class RandomPool {
  #pool = Buffer.alloc(0);
  #at = 0;

  take(length: number): Buffer {
    if (this.#at + length > this.#pool.length) {
      // A new piece, not the old one filled anew: what was given out still points into it.
      this.#pool = randomFillSync(Buffer.allocUnsafeSlow(Math.max(poolBytes, length)));
      this.#at = 0;
    }
    this.#at += length;
    return this.#pool.subarray(this.#at - length, this.#at);
  }
}
