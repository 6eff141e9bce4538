import type { Asked, AskedKind } from './asked.ts';

/** The last question of one kind to one address (and of one certificate), and since when it fails. */
export interface AskedState {
  readonly last: Asked;
  readonly lastGoodAt?: number;
  /** Of the first of the failures since it answered last. */
  readonly failsSince?: number;
}

/** Addresses come from the configuration and the settings; one that is asked no longer makes room at last. */
const maxKept = 2_000;

/** Remembers how questions to others went, the last of each. */
export class AskedBook {
  readonly #states = new Map<string, AskedState>();

  note(asked: Asked): void {
    const { kind, url, certificate = '', answeredAt, error } = asked;
    const key = [kind, url, certificate].join(' ');
    const former = this.#states.get(key);
    const lastGoodAt = error === undefined ? answeredAt : former?.lastGoodAt;
    const failsSince = error === undefined ? undefined : (former?.failsSince ?? answeredAt);
    this.#states.delete(key);
    this.#states.set(key, {
      last: asked,
      ...(lastGoodAt !== undefined && { lastGoodAt }),
      ...(failsSince !== undefined && { failsSince }),
    });
    const [oldest] = this.#states.keys();
    if (this.#states.size > maxKept && oldest !== undefined) this.#states.delete(oldest);
  }

  all(kind: AskedKind): readonly AskedState[] {
    return [...this.#states.values()].filter(({ last }) => last.kind === kind);
  }
}
