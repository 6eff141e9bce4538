import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import { AddressFailures, blockOf } from './address-failures.ts';
import { type Failures, nextFailures, pauseMs, type Slope } from './slope.ts';

const ofName: Slope = { free: 5, longestMs: 5 * 60_000, forgetMs: 24 * 3_600_000 };
/** Many people may come from one address. */
const ofAddress: Slope = { free: 30, longestMs: 60_000, forgetMs: 3_600_000 };

const maxUnknownNames = 10_000;
const maxTold = 10_000;
const maxKnownAddresses = 20;
const addressKnownMs = 30 * 24 * 3_600_000;

/** One try to sign in. Until told otherwise it counts as failed, so that many at once are no way around. */
export interface Attempt {
  readonly kind: 'attempt';
  succeed(): void;
  /** It was no guess: the password was right and the code is asked for, or nobody had time to look. */
  forgive(): void;
}

export interface Wait {
  readonly kind: 'wait';
  readonly seconds: number;
  /** The first refusal of this pause: worth being written down, which the many that follow are not. */
  readonly isFirst: boolean;
}

/**
 * Slows down who guesses: per address, in memory, and per name, on disk, whether anybody has that name or not. A try
 * during a pause is refused unseen and does not prolong it. Strangers cannot lock anybody out: at addresses from which
 * a person signed in within the last 30 days, only failures from there at their own name count.
 */
export class SignInThrottle {
  readonly #database: Database.Database;
  readonly #now: () => Date;
  readonly #addresses = new AddressFailures(ofAddress);
  /** Pauses that were told of, by the failure that each follows. */
  readonly #told = new Set<string>();

  constructor(database: Database.Database, now: () => Date) {
    this.#database = database;
    this.#now = now;
  }

  /** @param isKnown whether somebody has that name; decides only which records are kept when there are many */
  begin(name: string, fullAddress: string, isKnown: boolean): Attempt | Wait {
    const now = this.#now().getTime();
    const address = blockOf(fullAddress);
    const isUsual = this.#isUsual(name, address, now);
    const bucket = digest(isUsual ? `${name}\n${address}` : name);
    const before = this.#read(bucket);
    const others = isUsual ? undefined : this.#addresses.get(address);
    const [nameMs, addressMs] = [pauseMs(ofName, before, now), pauseMs(ofAddress, others, now)];
    const waitMs = Math.max(nameMs, addressMs);
    if (waitMs > 0) {
      const cause = nameMs > 0 ? `${bucket} ${before?.lastAt}` : `${address} ${others?.lastAt}`;
      return { kind: 'wait', seconds: Math.ceil(waitMs / 1000), isFirst: this.#isFirst(cause) };
    }
    this.#write(bucket, isKnown, nextFailures(ofName, before, now));
    this.#addresses.note(address, now);
    return {
      kind: 'attempt',
      succeed: () => {
        this.#database.prepare('DELETE FROM sign_in_failure WHERE bucket = ?').run(bucket);
        // Not to nothing: who has one account could else guess at the others for ever.
        this.#addresses.takeBack(address);
        this.#remember(name, address, now);
      },
      forgive: () => {
        this.#database
          .prepare('UPDATE sign_in_failure SET failures = max(failures - 1, 0) WHERE bucket = ?')
          .run(bucket);
        this.#addresses.takeBack(address);
      },
    };
  }

  #read(bucket: string): Failures | undefined {
    return this.#database
      .prepare<[string], Failures>('SELECT failures, last_at AS lastAt FROM sign_in_failure WHERE bucket = ?')
      .get(bucket);
  }

  #write(bucket: string, isKnown: boolean, { failures, lastAt }: Failures): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO sign_in_failure VALUES (?, ?, ?, ?)')
      .run(bucket, isKnown ? 1 : 0, failures, lastAt);
    if (isKnown) return;
    this.#database
      .prepare(
        `DELETE FROM sign_in_failure WHERE bucket IN (
           SELECT bucket FROM sign_in_failure WHERE is_known = 0 ORDER BY last_at DESC LIMIT -1 OFFSET ?)`,
      )
      .run(maxUnknownNames);
  }

  #isFirst(cause: string): boolean {
    if (this.#told.has(cause)) return false;
    this.#told.add(cause);
    const [oldest] = this.#told;
    if (this.#told.size > maxTold && oldest !== undefined) this.#told.delete(oldest);
    return true;
  }

  #isUsual(name: string, address: string, now: number): boolean {
    const found = this.#database
      .prepare('SELECT 1 FROM known_address WHERE person = ? AND address = ? AND used_at > ?')
      .get(name, address, now - addressKnownMs);
    return found !== undefined;
  }

  #remember(name: string, address: string, now: number): void {
    this.#database.prepare('INSERT OR REPLACE INTO known_address VALUES (?, ?, ?)').run(name, address, now);
    this.#database
      .prepare(
        `DELETE FROM known_address WHERE person = @name AND address IN (
           SELECT address FROM known_address WHERE person = @name ORDER BY used_at DESC LIMIT -1 OFFSET @most)`,
      )
      .run({ name, most: maxKnownAddresses });
  }
}

/** What was typed as a name may have been a password: it is not kept. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
