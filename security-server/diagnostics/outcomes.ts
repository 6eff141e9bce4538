/** How the last way to somebody went. */
export interface Outcome {
  /** Encoded identifier: a service of this server, or a provider elsewhere. */
  readonly subject: string;
  readonly lastGoodAt?: Date;
  readonly lastFailure?: { readonly at: Date; readonly error: unknown };
  /** Of the first of the failures since it went well; absent: it went well. */
  readonly failsSince?: Date;
}

/** Those that were not met for longest make room. */
const maxKept = 1_000;

/** Remembers how the last way to each went: for exchanges and for tests, and nothing of what was said. */
export class Outcomes {
  readonly #now: () => Date;
  readonly #kept = new Map<string, Outcome>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** @param error absent: it went well */
  note(subject: string, error?: unknown): void {
    const at = this.#now();
    const former = this.#kept.get(subject);
    const lastGoodAt = error === undefined ? at : former?.lastGoodAt;
    const lastFailure = error === undefined ? former?.lastFailure : { at, error };
    this.#kept.delete(subject);
    this.#kept.set(subject, {
      subject,
      ...(lastGoodAt !== undefined && { lastGoodAt }),
      ...(lastFailure !== undefined && { lastFailure }),
      ...(error !== undefined && { failsSince: former?.failsSince ?? at }),
    });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** Latest first. */
  all(): readonly Outcome[] {
    return [...this.#kept.values()].reverse();
  }
}
