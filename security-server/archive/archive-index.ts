import type { ArchiveLink } from '../../gateway/signature/index.ts';
import { openStore, type Store } from '../../gateway/store/index.ts';

const steps = [
  `CREATE TABLE archive (
     id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, party TEXT NOT NULL, first INTEGER NOT NULL,
     last INTEGER NOT NULL, records INTEGER NOT NULL, octets INTEGER NOT NULL, sha256 TEXT NOT NULL,
     last_digest TEXT NOT NULL, previous TEXT, left_out INTEGER NOT NULL, made_at INTEGER NOT NULL,
     delivered_at INTEGER
   ) STRICT;
   CREATE TABLE link (party TEXT PRIMARY KEY, digest TEXT NOT NULL, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE progress (id INTEGER PRIMARY KEY CHECK (id = 1), next INTEGER NOT NULL) STRICT;
   INSERT INTO progress VALUES (1, 0);`,
];

/** An archive that was made, as the index of a server knows it. */
export interface ArchiveRow {
  readonly name: string;
  /** Encoded member or subsystem; empty without grouping. */
  readonly group: string;
  /** Places in the log of its first and last record. */
  readonly first: number;
  readonly last: number;
  readonly records: number;
  readonly octets: number;
  /** Of the file, hex. */
  readonly sha256: string;
  /** Last linking digest, hex. */
  readonly lastDigest: string;
  /** Name of the archive before in the same group. */
  readonly previous: string | null;
  /** Bodies that were too large to be archived: they stay in the log. */
  readonly leftOut: number;
  readonly madeAt: number;
  /** When the target was seen to have it; null while it waits. */
  readonly deliveredAt: number | null;
}

const columns = `name, party AS "group", first, last, records, octets, sha256, last_digest AS lastDigest, previous,
  left_out AS leftOut, made_at AS madeAt, delivered_at AS deliveredAt`;

/** How far the log is archived, where each group's chain goes on, and which archives there are. */
export class ArchiveIndex {
  readonly #store: Store<Record<string, never>>;

  /** @throws StoreError */
  constructor(path: string) {
    this.#store = openStore(path, steps);
  }

  /** Place of the first record that is in no archive yet. */
  get next(): number {
    const row = this.#store.database.prepare<[], { next: number }>('SELECT next FROM progress').get();
    return row?.next ?? 0;
  }

  /** Where the chain of a group goes on; undefined before its first archive. */
  linkOf(group: string): ArchiveLink | undefined {
    return this.#store.database
      .prepare<[string], ArchiveLink>('SELECT digest, name AS fileName FROM link WHERE party = ?')
      .get(group);
  }

  /** Enters archives whose files are on disk here: with it they count, all of them or none. */
  add(rows: readonly ArchiveRow[], next: number): void {
    const { database } = this.#store;
    database.transaction(() => {
      for (const row of rows) {
        database
          .prepare(
            `INSERT INTO archive (name, party, first, last, records, octets, sha256, last_digest, previous, left_out,
               made_at, delivered_at)
             VALUES (@name, @group, @first, @last, @records, @octets, @sha256, @lastDigest, @previous, @leftOut,
               @madeAt, @deliveredAt)`,
          )
          .run(row);
        database
          .prepare('INSERT OR REPLACE INTO link (party, digest, name) VALUES (?, ?, ?)')
          .run(row.group, row.lastDigest, row.name);
      }
      database.prepare('UPDATE progress SET next = ?').run(next);
    })();
  }

  noteDelivered(name: string, at: number): void {
    this.#store.database.prepare('UPDATE archive SET delivered_at = ? WHERE name = ?').run(at, name);
  }

  /** In the order in which they were made. */
  undelivered(): ArchiveRow[] {
    return this.#rows('WHERE delivered_at IS NULL ORDER BY id');
  }

  /** Newest first. */
  list(limit: number): ArchiveRow[] {
    return this.#rows('ORDER BY id DESC LIMIT ?', limit);
  }

  /** Whether all up to a place is in archives that the target has, nothing from `first` on left out of them. */
  isSafe(first: number, last: number): boolean {
    const row = this.#store.database
      .prepare<[number, number], { open: number }>(
        `SELECT count(*) AS open FROM archive
         WHERE last >= ? AND first <= ? AND (delivered_at IS NULL OR left_out > 0)`,
      )
      .get(first, last);
    return this.next > last && row?.open === 0;
  }

  close(): void {
    this.#store.close();
  }

  #rows(rest: string, ...values: number[]): ArchiveRow[] {
    return this.#store.database
      .prepare<number[], ArchiveRow>(`SELECT ${columns} FROM archive ${rest}`)
      .all(...values);
  }
}
