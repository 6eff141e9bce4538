import { timingSafeEqual } from 'node:crypto';
import type Database from 'better-sqlite3';
import { Problem, type Role } from '../http/index.ts';
import { printRoles, readRoles } from './persons.ts';
import { hashSecret, makeSecret } from './secret.ts';

const maxOfOne = 100;
const longestMs = 366 * 24 * 3_600_000;
/** How exactly use is written down: not each of many requests waits for the disk. */
const noteEveryMs = 60_000;
const form = /^wg_([1-9]\d{0,14})_([\w-]{43})$/;

export interface ApiKey {
  readonly id: number;
  /** What it is for, in the words of who made it. */
  readonly label: string;
  /** As it was made; at use it has those alone that its creator has then. */
  readonly roles: readonly Role[];
  /** Absent: made with the key file of the data folder. */
  readonly creator?: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** To the minute. */
  readonly usedAt?: Date;
}

export type NewApiKey = Pick<ApiKey, 'label' | 'roles' | 'expiresAt'> & {
  readonly creator: string | undefined;
};

interface ApiKeyRow {
  readonly id: number;
  readonly sha256: Buffer;
  readonly label: string;
  readonly roles: string;
  readonly creator: string | null;
  readonly created_at: number;
  readonly expires_at: number;
  readonly used_at: number | null;
}

/** Keys of programs that use the administration API: `wg_3_SECRET`, of which only a hash is kept. */
export class ApiKeys {
  readonly #database: Database.Database;
  readonly #now: () => Date;

  constructor(database: Database.Database, now: () => Date) {
    this.#database = database;
    this.#now = now;
  }

  /**
   * @returns the key, which cannot be shown again
   * @throws Problem 422 expiry-unfit; 409 too-many-api-keys
   */
  create({ label, roles, creator, expiresAt }: NewApiKey): { readonly id: number; readonly key: string } {
    const now = this.#now().getTime();
    if (expiresAt.getTime() <= now || expiresAt.getTime() > now + longestMs) {
      throw new Problem(422, 'expiry-unfit', 'An API key expires in the future, within 366 days');
    }
    const count = this.#database
      .prepare('SELECT count(*) FROM api_key WHERE creator IS ?')
      .pluck()
      .get(creator ?? null);
    if (Number(count) >= maxOfOne) {
      const detail = `You have ${maxOfOne} API keys; revoke those that are not used any more`;
      throw new Problem(409, 'too-many-api-keys', detail);
    }
    const secret = makeSecret();
    const { lastInsertRowid } = this.#database
      .prepare(
        'INSERT INTO api_key (sha256, label, roles, creator, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(hashSecret(secret), label, printRoles(roles), creator ?? null, now, expiresAt.getTime());
    const id = Number(lastInsertRowid);
    return { id, key: `wg_${id}_${secret}` };
  }

  /** @param presented whatever a stranger sent. @returns the key when it is good now */
  find(presented: string): ApiKey | undefined {
    const [, id, secret] = form.exec(presented) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    const row = this.#database
      .prepare<[number], ApiKeyRow>('SELECT * FROM api_key WHERE id = ?')
      .get(Number(id));
    if (row === undefined || !timingSafeEqual(row.sha256, hashSecret(secret))) return undefined;
    const now = this.#now().getTime();
    if (now >= row.expires_at) return undefined;
    if (now - (row.used_at ?? 0) >= noteEveryMs) {
      this.#database.prepare('UPDATE api_key SET used_at = ? WHERE id = ?').run(now, row.id);
    }
    return read(row);
  }

  /** @throws Problem 404 api-key-not-found */
  get(id: number): ApiKey {
    const row = this.#database.prepare<[number], ApiKeyRow>('SELECT * FROM api_key WHERE id = ?').get(id);
    if (row === undefined) throw new Problem(404, 'api-key-not-found', 'There is no such API key');
    return read(row);
  }

  /** In the order in which they were made; also those that expired, until they are revoked. */
  list(): ApiKey[] {
    return this.#database.prepare<[], ApiKeyRow>('SELECT * FROM api_key ORDER BY id').all().map(read);
  }

  remove(id: number): void {
    this.#database.prepare('DELETE FROM api_key WHERE id = ?').run(id);
  }
}

function read(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    label: row.label,
    roles: readRoles(row.roles),
    ...(row.creator !== null && { creator: row.creator }),
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at),
    ...(row.used_at !== null && { usedAt: new Date(row.used_at) }),
  };
}
