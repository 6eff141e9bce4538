import { DeviceError } from './wire.ts';

/** Sessions of one token: a session does one thing at a time, and who comes when all are busy waits for its turn. */
export class SessionPool {
  readonly #all: readonly Buffer[];
  readonly #free: Buffer[];
  readonly #waiting: { take(session: Buffer): void; fail(error: Error): void }[] = [];
  #hasEnded = false;

  /** @param sessions at least one; the first is used for everything that is done at once */
  constructor(sessions: readonly Buffer[]) {
    this.#all = sessions;
    // What is done at once never meets what takes its time, unless there is only one.
    this.#free = sessions.length > 1 ? sessions.slice(1) : [...sessions];
  }

  get first(): Buffer {
    const [first] = this.#all;
    if (first === undefined || this.#hasEnded) throw ended();
    return first;
  }

  async use<Value>(act: (session: Buffer) => Promise<Value>): Promise<Value> {
    const session = await this.#take();
    try {
      return await act(session);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(session);
      else next.take(session);
    }
  }

  /** @returns the sessions, to be closed; who waits is refused */
  end(): readonly Buffer[] {
    this.#hasEnded = true;
    for (const { fail } of this.#waiting.splice(0)) fail(ended());
    return this.#all;
  }

  #take(): Promise<Buffer> {
    if (this.#hasEnded) return Promise.reject(ended());
    const session = this.#free.pop();
    if (session !== undefined) return Promise.resolve(session);
    return new Promise((take, fail) => {
      this.#waiting.push({ take, fail });
    });
  }
}

function ended(): DeviceError {
  return new DeviceError('not-active', 'The token was signed out meanwhile');
}
