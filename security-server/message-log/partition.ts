import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openStore } from '../../gateway/store/index.ts';
import { partitionSteps } from './schema.ts';

const namePattern = /^(\d{4}-\d{2})\.sqlite$/;
const dayMs = 86_400_000;

/** The stretch of time, a month in UTC, that an instant belongs to. */
export function partitionOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7);
}

/** Oldest first. */
export function partitionNames(dir: string): string[] {
  const folder = join(dir, 'partitions');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((file) => namePattern.exec(file)?.[1] ?? [])
    .sort();
}

export function partitionFile(dir: string, name: string): string {
  return join(dir, 'partitions', `${name}.sqlite`);
}

/** Removes the files of a partition, the one with its name first: without that it is no partition any more. */
export function removePartition(dir: string, name: string): void {
  for (const ending of ['', '-wal', '-shm']) {
    rmSync(`${partitionFile(dir, name)}${ending}`, { force: true });
  }
}

/** A partition opened for writing. */
export class Partition {
  readonly name: string;
  readonly database: Database.Database;
  readonly #close: () => void;

  private constructor(name: string, database: Database.Database, close: () => void) {
    this.name = name;
    this.database = database;
    this.#close = close;
  }

  /** @param maxPages bound of its size in pages of 4 KiB */
  static open(dir: string, name: string, maxPages?: number): Partition {
    mkdirSync(join(dir, 'partitions'), { recursive: true, mode: 0o700 });
    const { database, close } = openStore(partitionFile(dir, name), partitionSteps);
    // What is erased must not linger in pages that are free.
    database.pragma('secure_delete = ON');
    if (maxPages !== undefined) database.pragma(`max_page_count = ${maxPages}`);
    return new Partition(name, database, close);
  }

  /** Whether its beginning was written: a crash may have left an empty file. */
  get isBegun(): boolean {
    return this.database.prepare('SELECT 1 FROM start').get() !== undefined;
  }

  /** Begins it where the former one ends, with the numbers that its pairs go on from. */
  begin(former: Database.Database | undefined, firstId: number): void {
    const pairs =
      former?.prepare<[], { pair: string; last: number }>('SELECT pair, last FROM pair').all() ?? [];
    const conditions =
      former?.prepare<[], { name: string; value: number }>('SELECT name, value FROM condition').all() ?? [];
    this.database
      .transaction(() => {
        const setPair = this.database.prepare('INSERT INTO pair (pair, last) VALUES (?, ?)');
        for (const { pair, last } of pairs) setPair.run(pair, last);
        const setCondition = this.database.prepare('INSERT INTO condition (name, value) VALUES (?, ?)');
        for (const { name, value } of conditions) setCondition.run(name, value);
        this.database.prepare('INSERT INTO start (firstId) VALUES (?)').run(firstId);
      })
      .immediate();
  }

  /** Place of the first leaf that is not in the log yet. */
  nextId(): number {
    return (boundsOf(this.database)?.lastId ?? -1) + 1;
  }

  /** Day and place of the last tally. */
  lastTally(): { readonly day: number; readonly place: number } | undefined {
    const row = this.database
      .prepare<[], { at: number | null; id: number | null }>('SELECT max(at) AS at, max(id) AS id FROM tally')
      .get();
    return row?.at == null || row.id === null ? undefined : { day: dayOf(row.at), place: row.id };
  }

  close(): void {
    this.#close();
  }
}

export function dayOf(at: number): number {
  return Math.floor(at / dayMs);
}

export interface Bounds {
  readonly firstId: number;
  /** One below `firstId` when there is nothing yet. */
  readonly lastId: number;
}

/** Places of the leaves of a partition; undefined for one that is not begun yet, or never was. */
export function boundsOf(database: Database.Database): Bounds | undefined {
  // Between being made and being begun it has no tables; a crash or a full disk may leave it so.
  const isMade = database
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'start'")
    .get();
  if (isMade === undefined) return undefined;
  const row = database
    .prepare<[], { firstId: number | null; record: number | null; tally: number | null }>(
      `SELECT (SELECT firstId FROM start) AS firstId, (SELECT max(id) FROM record) AS record,
         (SELECT max(id) FROM tally) AS tally`,
    )
    .get();
  if (row?.firstId == null) return undefined;
  return { firstId: row.firstId, lastId: Math.max(row.firstId - 1, row.record ?? -1, row.tally ?? -1) };
}

/** Opens a partition for reading alone. */
export function openPartitionReader(path: string): Database.Database {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  // Ten years are 120 of them, all kept open: SQLite's own default of 16 MB each is left to the system's cache.
  database.pragma('cache_size = -1000');
  return database;
}
