/** Counts what each caller did within the last period, and says when it is too much. */
export class RateLimit {
  readonly #most: number;
  readonly #periodMs: number;
  #counts = new Map<string, number>();
  #startedAt = 0;

  /** @param most calls of one caller in a period */
  constructor(most: number, periodMs: number) {
    this.#most = most;
    this.#periodMs = periodMs;
  }

  /** @returns whether the caller may go on */
  admit(caller: string, now: Date): boolean {
    if (now.getTime() - this.#startedAt >= this.#periodMs || this.#counts.size > maxCallers) {
      this.#counts = new Map();
      this.#startedAt = now.getTime();
    }
    const count = (this.#counts.get(caller) ?? 0) + 1;
    this.#counts.set(caller, count);
    return count <= this.#most;
  }
}

/** Callers that are remembered at a time: an attacker with many addresses fills no memory. */
const maxCallers = 10_000;
