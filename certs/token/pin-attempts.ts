import { readFile } from 'node:fs/promises';
import { writeFileDurably } from '../file/index.ts';
import { TokenError } from './error.ts';

/** Wrong PINs in a row that cost nothing but the derivation. */
const freeAttempts = 3;
const maxWaitMs = 15 * 60_000;

interface Attempts {
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly lastAt: number;
}

/**
 * Counts wrong PINs on disk, so that neither a restart nor a kill gives a guesser fresh tries: each try is counted
 * before it is judged.
 */
export class PinAttempts {
  readonly #path: string;
  readonly #now: () => number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, now: () => number) {
    this.#path = path;
    this.#now = now;
  }

  /**
   * Tries a PIN, after those that were given before it: of many at once no more are looked at than of one by one.
   * @param open what the PIN opens; undefined: it is wrong
   * @throws TokenError pin-incorrect; pin-locked while earlier wrong tries are still to be waited for
   */
  enter<Value>(open: () => Promise<Value | undefined>): Promise<Value> {
    const entered = this.#last.then(async () => {
      const counted = await this.#begin();
      const opened = await open();
      if (opened === undefined) throw wrongPin(counted);
      await this.#write({ failures: 0, lastAt: this.#now() });
      return opened;
    });
    // Whoever asked is told what failed; who comes next does not depend on it.
    this.#last = entered.catch(() => undefined);
    return entered;
  }

  /** When the next PIN will be looked at; undefined when it would be now. */
  async lockedUntil(): Promise<Date | undefined> {
    const { failures, lastAt } = await this.#read();
    const retryAt = lastAt + waitMs(failures);
    return this.#now() < retryAt ? new Date(retryAt) : undefined;
  }

  async #begin(): Promise<Attempts> {
    const { failures, lastAt } = await this.#read();
    const retryAt = lastAt + waitMs(failures);
    if (this.#now() < retryAt) {
      throw new TokenError('pin-locked', `Too many wrong PINs: the next is looked at ${iso(retryAt)}`, {
        retryAt: new Date(retryAt),
      });
    }
    const counted = { failures: failures + 1, lastAt: this.#now() };
    await this.#write(counted);
    return counted;
  }

  async #read(): Promise<Attempts> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8')) as Attempts;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { failures: 0, lastAt: 0 };
      if (error instanceof SyntaxError)
        throw new TokenError('damaged', 'the count of PIN attempts cannot be read');
      throw error;
    }
  }

  async #write(attempts: Attempts): Promise<void> {
    await writeFileDurably(this.#path, JSON.stringify(attempts));
  }
}

/** None for the first tries, then 1 s doubling up to a quarter of an hour. */
function waitMs(failures: number): number {
  return failures < freeAttempts ? 0 : Math.min(1_000 * 2 ** (failures - freeAttempts), maxWaitMs);
}

function wrongPin({ failures, lastAt }: Attempts): TokenError {
  const wait = waitMs(failures);
  const retryAt = new Date(lastAt + wait);
  const more = wait === 0 ? 'try again' : `the next is looked at ${iso(retryAt.getTime())}`;
  return new TokenError('pin-incorrect', `The PIN is not right (${failures} in a row); ${more}`, { retryAt });
}

function iso(at: number): string {
  return `at ${new Date(at).toISOString()}`;
}
