import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type Database from 'better-sqlite3';

/** Tries without a pause, then a second that doubles up to the longest pause. */
interface Slope {
  readonly free: number;
  readonly longestMs: number;
  /** Failures are forgotten when none followed for so long. */
  readonly forgetMs: number;
}

const ofName: Slope = { free: 5, longestMs: 5 * 60_000, forgetMs: 24 * 3_600_000 };
/** Many people may come from one address. */
const ofAddress: Slope = { free: 30, longestMs: 60_000, forgetMs: 3_600_000 };

const maxUnknownNames = 10_000;
const maxAddresses = 10_000;
const maxTold = 10_000;
const maxKnownAddresses = 20;
const addressKnownMs = 30 * 24 * 3_600_000;

interface Failures {
  readonly failures: number;
  readonly lastAt: number;
}

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
  readonly #addresses = new Map<string, Failures>();
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
    const [nameMs, addressMs] = [pause(ofName, before, now), pause(ofAddress, others, now)];
    const waitMs = Math.max(nameMs, addressMs);
    if (waitMs > 0) {
      const cause = nameMs > 0 ? `${bucket} ${before?.lastAt}` : `${address} ${others?.lastAt}`;
      return { kind: 'wait', seconds: Math.ceil(waitMs / 1000), isFirst: this.#isFirst(cause) };
    }
    this.#write(bucket, isKnown, next(ofName, before, now));
    this.#note(address, next(ofAddress, this.#addresses.get(address), now));
    return {
      kind: 'attempt',
      succeed: () => {
        this.#database.prepare('DELETE FROM sign_in_failure WHERE bucket = ?').run(bucket);
        // Not to nothing: who has one account could else guess at the others for ever.
        this.#takeBack(address);
        this.#remember(name, address, now);
      },
      forgive: () => {
        this.#database
          .prepare('UPDATE sign_in_failure SET failures = max(failures - 1, 0) WHERE bucket = ?')
          .run(bucket);
        this.#takeBack(address);
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

  /** A map keeps its order of insertion: what was noted longest ago comes first. */
  #note(address: string, failures: Failures): void {
    this.#addresses.delete(address);
    this.#addresses.set(address, failures);
    if (this.#addresses.size <= maxAddresses) return;
    const [oldest] = this.#addresses.keys();
    if (oldest !== undefined) this.#addresses.delete(oldest);
  }

  #isFirst(cause: string): boolean {
    if (this.#told.has(cause)) return false;
    this.#told.add(cause);
    const [oldest] = this.#told;
    if (this.#told.size > maxTold && oldest !== undefined) this.#told.delete(oldest);
    return true;
  }

  #takeBack(address: string): void {
    const { failures, lastAt } = this.#addresses.get(address) ?? { failures: 0, lastAt: 0 };
    if (failures <= 1) this.#addresses.delete(address);
    else this.#addresses.set(address, { failures: failures - 1, lastAt });
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

/** Milliseconds that are left; never longer than the slope says, also when the clock was set back. */
function pause(slope: Slope, before: Failures | undefined, now: number): number {
  if (before === undefined || before.failures < slope.free) return 0;
  const wholeMs = Math.min(slope.longestMs, 1000 * 2 ** Math.min(before.failures - slope.free, 30));
  return Math.min(wholeMs, before.lastAt + wholeMs - now);
}

function next(slope: Slope, before: Failures | undefined, now: number): Failures {
  const isForgotten = before === undefined || now - before.lastAt > slope.forgetMs;
  return { failures: isForgotten ? 1 : before.failures + 1, lastAt: now };
}

/** What was typed as a name may have been a password: it is not kept. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

/** An IPv4 address, or the /64 network of an IPv6 address: one machine has all addresses in it. */
function blockOf(address: string): string {
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
