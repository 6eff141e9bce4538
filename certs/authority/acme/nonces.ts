import { randomBytes } from 'node:crypto';

/** Nonces that are good at a time; the oldest make room. */
const maxNonces = 10_000;

/** Each is good for one request, so that none can be sent again by somebody who saw it. @see RFC 8555 §6.5 */
export class Nonces {
  readonly #good = new Set<string>();

  make(): string {
    const nonce = randomBytes(16).toString('base64url');
    this.#good.add(nonce);
    const [oldest] = this.#good;
    if (this.#good.size > maxNonces && oldest !== undefined) this.#good.delete(oldest);
    return nonce;
  }

  /** @returns whether it was good; it no longer is */
  take(nonce: string): boolean {
    return this.#good.delete(nonce);
  }
}
