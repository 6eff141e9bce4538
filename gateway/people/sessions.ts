import { createHash, randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import { hashSecret, makeSecret } from './secret.ts';

const idleMs = 30 * 60_000;
const longestMs = 12 * 3_600_000;
const maxOfOne = 10;
/** How exactly use is written down: not each of many requests waits for the disk. */
const noteEveryMs = 60_000;
const maxUserAgentLength = 200;
const secretForm = /^[\w-]{43}$/;

export interface Session {
  /** Names the session in lists; opens nothing. */
  readonly id: string;
  readonly person: string;
  /** From where it began. */
  readonly address: string;
  readonly userAgent: string;
  readonly beganAt: Date;
  readonly usedAt: Date;
  /** Earlier when it is not used for half an hour. */
  readonly expiresAt: Date;
}

interface SessionRow {
  readonly id: string;
  readonly person: string;
  readonly address: string;
  readonly user_agent: string;
  readonly began_at: number;
  readonly used_at: number;
}

/** Who is signed in. A session ends half an hour after its last use, and twelve hours after it began. */
export class Sessions {
  readonly #database: Database.Database;
  readonly #now: () => Date;

  constructor(database: Database.Database, now: () => Date) {
    this.#database = database;
    this.#now = now;
  }

  /**
   * Begins a session under a secret that nobody has seen before; of more than ten of one person, the one that was
   * not used for longest ends.
   * @returns what goes into the cookie; only its hash is kept
   */
  begin(person: string, address: string, userAgent: string): string {
    const secret = makeSecret();
    const now = this.#now().getTime();
    const text = userAgent.slice(0, maxUserAgentLength).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
    this.#database.transaction(() => {
      this.#database
        .prepare('DELETE FROM session WHERE used_at <= ? OR began_at <= ?')
        .run(now - idleMs, now - longestMs);
      this.#database
        .prepare('INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(hashSecret(secret), randomBytes(9).toString('base64url'), person, address, text, now, now);
      this.#database
        .prepare(
          `DELETE FROM session WHERE sha256 IN (SELECT sha256 FROM session WHERE person = ?
             ORDER BY sha256 = ? DESC, used_at DESC, began_at DESC LIMIT -1 OFFSET ?)`,
        )
        .run(person, hashSecret(secret), maxOfOne);
    })();
    return secret;
  }

  /** @param secret from a cookie; whatever a stranger put there */
  find(secret: string): Session | undefined {
    if (!secretForm.test(secret)) return undefined;
    const hash = hashSecret(secret);
    const row = this.#database
      .prepare<[Buffer], SessionRow>('SELECT * FROM session WHERE sha256 = ?')
      .get(hash);
    const now = this.#now().getTime();
    if (row === undefined || now >= endOf(row)) return undefined;
    if (now - row.used_at < noteEveryMs) return read(row);
    this.#database.prepare('UPDATE session SET used_at = ? WHERE sha256 = ?').run(now, hash);
    return read({ ...row, used_at: now });
  }

  /** Those of a person, the one used last first. */
  list(person: string): Session[] {
    const now = this.#now().getTime();
    return this.#database
      .prepare<[string], SessionRow>('SELECT * FROM session WHERE person = ? ORDER BY used_at DESC, id')
      .all(person)
      .filter((row) => now < endOf(row))
      .map(read);
  }

  /** @returns whether that person had it */
  end(person: string, id: string): boolean {
    return (
      this.#database.prepare('DELETE FROM session WHERE person = ? AND id = ?').run(person, id).changes > 0
    );
  }

  endAll(person: string): void {
    this.#database.prepare('DELETE FROM session WHERE person = ?').run(person);
  }
}

/** What a page must repeat in a header to change something. It follows from the secret, and tells nothing of it. */
export function csrfTokenOf(secret: string): string {
  return createHash('sha256').update(`waygate csrf\n${secret}`).digest('base64url');
}

function endOf(row: SessionRow): number {
  return Math.min(row.used_at + idleMs, row.began_at + longestMs);
}

function read(row: SessionRow): Session {
  return {
    id: row.id,
    person: row.person,
    address: row.address,
    userAgent: row.user_agent,
    beganAt: new Date(row.began_at),
    usedAt: new Date(row.used_at),
    expiresAt: new Date(endOf(row)),
  };
}
