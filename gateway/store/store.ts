import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';

/** A database on disk. `Tables` lists its tables for typed queries. */
export interface Store<Tables> {
  readonly db: Kysely<Tables>;
  /** The same connection, for prepared statements where microseconds count. */
  readonly database: Database.Database;
  close(): void;
}

/** The data on disk were written by a later release. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/**
 * Opens a SQLite database, creating it with its folder if need be, and brings its schema up to date. Every commit
 * is on disk when it returns (write-ahead log, `synchronous=FULL`), so that a crash loses nothing acknowledged.
 * @param steps SQL scripts; step n takes the schema from version n to n + 1 in one transaction, and a step that was
 *   released is never changed
 * @throws StoreError when the data come from a later release
 */
export function openStore<Tables>(path: string, steps: readonly string[]): Store<Tables> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = new Database(path);
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.pragma('busy_timeout = 5000');
    applySteps(database, path, steps);
  } catch (error) {
    database.close();
    throw error;
  }
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
  return { db, database, close: () => database.close() };
}

function applySteps(database: Database.Database, path: string, steps: readonly string[]): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > steps.length) {
    throw new StoreError(
      `${path} has schema ${version}, written by a later release; this one knows ${steps.length}`,
    );
  }
  for (const [index, step] of steps.entries()) {
    if (index < version) continue;
    database.transaction(() => {
      database.exec(step);
      database.pragma(`user_version = ${index + 1}`);
    })();
  }
}
