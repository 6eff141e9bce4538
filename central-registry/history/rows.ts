import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import { type LogRows, saltBytes } from '../../gateway/journal/index.ts';
import { hashLeaf } from '../../gateway/transparency/index.ts';
import {
  type CapturedTable,
  type CaptureRules,
  captureChanges,
  capturedTables,
  presentRows,
  takeChanges,
} from './capture.ts';
import { type Act, type HistoryEntry, leafEntryOf, type RowChange, writeEntry } from './entry.ts';
import { differences, replay } from './replay.ts';

/** Schema of the history, a step of the register's. Its rows are only ever added. */
export const historyStep = `CREATE TABLE historyEntry (
     id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, entry TEXT NOT NULL, salt BLOB NOT NULL
   ) STRICT;
   CREATE INDEX historyByActor ON historyEntry (actor, id);
   CREATE TABLE historyChange (
     tableName TEXT NOT NULL, "key" TEXT NOT NULL, entry INTEGER NOT NULL REFERENCES historyEntry(id),
     PRIMARY KEY (tableName, "key", entry)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX historyChangeByEntry ON historyChange (entry);
   CREATE TABLE historyKey (verifierKey TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;`;

const exempt = new Set(['historyEntry', 'historyChange', 'historyKey']);

/** An entry as it is stored: its text counts, the other columns are what it is searched by. */
export interface EntryRow {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  readonly entry: string;
  readonly salt: Buffer;
}

/** What is looked for; everything named must hold. */
export interface HistoryQuery {
  readonly table?: string;
  readonly key?: string;
  readonly by?: string;
  /** Milliseconds since the epoch, in [from, to). */
  readonly from?: number;
  readonly to?: number;
  /** Newest first; go on below this place. */
  readonly before?: number;
  readonly limit: number;
}

const rowsAtOnce = 200;

/**
 * The history within a database: captures what changes in its tables, and writes it down as entries beside them, in
 * the same transaction.
 */
export class HistoryRows {
  readonly #database: Database.Database;
  readonly #tables: readonly CapturedTable[];
  readonly #schema: number;
  /** What is stored may be more by an entry of the transaction under way, which may yet be undone. */
  #committed: number;
  #tell: () => void = () => undefined;

  /** Captures from here on whatever is changed through this connection. */
  constructor(database: Database.Database, rules: Omit<CaptureRules, 'exempt'>) {
    this.#database = database;
    this.#schema = Number(database.pragma('user_version', { simple: true }));
    this.#tables = capturedTables(database, { ...rules, exempt });
    captureChanges(database, this.#tables);
    this.#committed = this.#countStored();
  }

  /**
   * Where the tables are not what the history says because there is none yet, or because a release brought them into
   * another form, says so in an entry of its own. Whatever else differs is left for `check` to find.
   */
  state(at: Date): void {
    this.#database.transaction(() => {
      const last = this.#last();
      if (last?.schema === this.#schema) return;
      const changes = this.differences();
      const why = last === undefined ? 'the history begins' : `the register has taken form ${this.#schema}`;
      this.#write(at, { by: 'system', why }, 'statement', changes);
    })();
    this.#committed = this.#countStored();
  }

  /**
   * Writes down what was captured; to be called at the end of the transaction that made it.
   * @returns place of the entry, for `committed`; undefined when nothing was changed
   */
  record(at: Date, act: Act): number | undefined {
    const changes = takeChanges(this.#database, this.#tables);
    return changes.length > 0 ? this.#write(at, act, 'change', changes) : undefined;
  }

  /** An entry that was recorded is there to stay. */
  committed(index: number): void {
    this.#committed = Math.max(this.#committed, index + 1);
    this.#tell();
  }

  /** @param tell called after each entry, in place of who was told before */
  onCommitted(tell: () => void): void {
    this.#tell = tell;
  }

  /** @throws Error when something was changed where nothing should: it would be in the history of nobody */
  requireNothing(): void {
    const changes = takeChanges(this.#database, this.#tables);
    const [first] = changes;
    if (first !== undefined) throw new Error(`${first.table} was changed by who said they would only read`);
  }

  /** From what the history says of the tables to what they are; none when all is well. */
  differences(): RowChange[] {
    const present = this.#tables.map((table) => ({
      name: table.name,
      columns: table.columns.map(({ name }) => name),
      rows: presentRows(this.#database, table),
    }));
    return differences(replay(this.#texts()), present);
  }

  /** The rows as a log is made of them. */
  get logRows(): LogRows {
    return {
      count: () => this.#committed,
      read: (from, below) =>
        this.read(from, below).map(({ id, salt, entry }) => ({ id, entry: leafEntryOf(salt, entry) })),
    };
  }

  get database(): Database.Database {
    return this.#database;
  }

  /** Some entries with places in [from, below), in their order. */
  read(from: number, below: number): EntryRow[] {
    return this.#database
      .prepare<[number, number], EntryRow>(
        `SELECT * FROM historyEntry WHERE id >= ? AND id < ? ORDER BY id LIMIT ${rowsAtOnce}`,
      )
      .all(from, below);
  }

  /** Newest first. */
  search({ table, key, by, from, to, before, limit }: HistoryQuery): EntryRow[] {
    const conditions = ['1'];
    const values: Record<string, string | number> = { limit };
    const add = (condition: string, name: string, value: string | number | undefined) => {
      if (value === undefined) return;
      conditions.push(condition);
      values[name] = value;
    };
    add('at >= @from', 'from', from);
    add('at < @to', 'to', to);
    add('id < @before', 'before', Math.min(before ?? this.#committed, this.#committed));
    add('actor = @by', 'by', by);
    if (table !== undefined || key !== undefined) {
      const of = [...(table === undefined ? [] : ['tableName = @table'])];
      if (key !== undefined) of.push('"key" = @key');
      conditions.push(`id IN (SELECT entry FROM historyChange WHERE ${of.join(' AND ')})`);
      if (table !== undefined) values['table'] = table;
      if (key !== undefined) values['key'] = key;
    }
    return this.#database
      .prepare<[typeof values], EntryRow>(
        `SELECT * FROM historyEntry WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT @limit`,
      )
      .all(values);
  }

  /** The key of the log that was begun over these rows; undefined before. */
  readKey(): string | undefined {
    return this.#database.prepare<[], { verifierKey: string }>('SELECT verifierKey FROM historyKey').get()
      ?.verifierKey;
  }

  writeKey(verifierKey: string): void {
    this.#database.prepare('INSERT INTO historyKey VALUES (?) ON CONFLICT DO NOTHING').run(verifierKey);
  }

  #write(at: Date, act: Act, kind: HistoryEntry['kind'], changes: readonly RowChange[]): number {
    const entry: HistoryEntry = { at: at.toISOString(), ...act, kind, schema: this.#schema, changes };
    const text = writeEntry(entry);
    const id = this.#countStored();
    const { by } = JSON.parse(text) as HistoryEntry;
    this.#database
      .prepare('INSERT INTO historyEntry VALUES (?, ?, ?, ?, ?)')
      .run(id, at.getTime(), by, text, randomBytes(saltBytes));
    const insert = this.#database.prepare('INSERT INTO historyChange VALUES (?, ?, ?)');
    for (const { table, key } of changes) insert.run(table, key, id);
    return id;
  }

  #countStored(): number {
    const last = this.#database
      .prepare<[], { id: number | null }>('SELECT max(id) AS id FROM historyEntry')
      .get();
    return (last?.id ?? -1) + 1;
  }

  #last(): HistoryEntry | undefined {
    const row = this.#database
      .prepare<[], { entry: string }>('SELECT entry FROM historyEntry ORDER BY id DESC LIMIT 1')
      .get();
    return row === undefined ? undefined : (JSON.parse(row.entry) as HistoryEntry);
  }

  *#texts(): Generator<string> {
    const statement = this.#database.prepare<[], { entry: string }>(
      'SELECT entry FROM historyEntry ORDER BY id',
    );
    for (const { entry } of statement.iterate()) yield entry;
  }
}

/** What is wrong with a stored entry; undefined when nothing is. @param leaf its hash in the tree */
export function wrongWith(row: EntryRow, leaf: Buffer, database: Database.Database): string | undefined {
  if (!isWhatWasHashed(row, leaf)) {
    return 'The entry and its hash in the tree differ: one of them was changed';
  }
  const { at, by, changes } = JSON.parse(row.entry) as HistoryEntry;
  const indexed = database
    .prepare<[number], { place: string }>(
      `SELECT tableName || char(10) || "key" AS place FROM historyChange WHERE entry = ?`,
    )
    .all(row.id);
  const places = new Set(changes.map(({ table, key }) => `${table}\n${key}`));
  const isSame =
    Date.parse(at) === row.at &&
    by === row.actor &&
    indexed.length === places.size &&
    indexed.every(({ place }) => places.has(place));
  return isSame ? undefined : 'What it is searched by is not what it says';
}

/** @param leaf hash in the tree */
export function isWhatWasHashed({ salt, entry }: EntryRow, leaf: Buffer): boolean {
  return hashLeaf(leafEntryOf(salt, entry)).equals(leaf);
}
