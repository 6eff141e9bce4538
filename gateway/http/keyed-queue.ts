/** Runs what has the same key one after the other, and everything else at once. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** @returns what `act` does, after all that came before it under that key has ended, well or badly */
  run<Answer>(key: string, act: () => Promise<Answer>): Promise<Answer> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(act, act);
    this.#last.set(key, mine);
    const forget = () => {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  }
}
