import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import type { Store } from '../store/index.ts';
import { checkLog, type JournalFinding, type NamedNote } from './check.ts';
import { explainUnreadable } from './error.ts';
import { entryOf, type JournalEvent, type NewEvent, saltBytes, writeEvent } from './event.ts';
import { type EventRow, eventsFile, logRowsOf, openRows, readRows, wrongWith } from './rows.ts';
import { checkpointFile, SignedLog } from './signed-log.ts';

export interface JournalOptions {
  /** Folder of the journal alone. */
  readonly dir: string;
  /** Name of a new journal in its checkpoints: unique, without spaces. */
  readonly origin: string;
  readonly now: () => Date;
  /** Told when a checkpoint could not be written on its own time. */
  readonly onTrouble: (error: Error) => void;
}

/** What is looked for; everything named must hold. */
export interface JournalQuery {
  /** Milliseconds since the epoch, in [from, to). */
  readonly from?: number;
  readonly to?: number;
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly outcome?: JournalEvent['outcome'];
  /** Newest first; go on below this place. */
  readonly before?: number;
  readonly limit: number;
}

export interface FoundEvent extends JournalEvent {
  /** Place in the journal from 0. */
  readonly index: number;
}

const checkpointIntervalMs = 1_000;

/**
 * The audit log of a program: who did what, as a transparency log. Life of an event:
 * 1. its row, with its salt, is on disk when `append` returns: text and salt are what the leaf follows from;
 * 2. its leaf is in the tree's files, which are made anew from the rows when they lag or are damaged;
 * 3. a checkpoint that covers it is signed and on disk within a second.
 * A crash between any two loses nothing. @see SignedLog
 */
export class Journal {
  readonly verifierKey: string;
  readonly #options: JournalOptions;
  readonly #store: Store<object>;
  readonly #database: Database.Database;
  readonly #log: SignedLog;
  readonly #insert: Database.Statement;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: JournalOptions, store: Store<object>, log: SignedLog) {
    this.#options = options;
    this.#store = store;
    this.#database = store.database;
    this.#log = log;
    this.verifierKey = log.verifierKey;
    this.#insert = this.#database.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  }

  /**
   * Opens what is there, or begins a journal. It compares the tree with the checkpoint, not every event with the
   * tree: that is what `check` is for.
   * @throws JournalError rolled-back, damaged
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const { dir, origin } = options;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const isNew = !existsSync(join(dir, eventsFile)) && !existsSync(join(dir, checkpointFile));
    let store: Store<object> | undefined;
    try {
      store = openRows(dir);
      const rows = logRowsOf(store.database);
      const words = { log: 'audit log', row: 'event' };
      return new Journal(options, store, await SignedLog.open({ dir, origin, isNew, rows, words }));
    } catch (error) {
      store?.close();
      throw explainUnreadable(error, dir);
    }
  }

  /** @returns the event's place, once it is on disk. @throws Error of the disk */
  append(event: NewEvent): number {
    const at = this.#options.now();
    const text = writeEvent(at, event);
    const salt = randomBytes(saltBytes);
    const index = this.#log.size;
    const { actor, action, target, outcome } = JSON.parse(text) as JournalEvent;
    this.#insert.run(index, at.getTime(), actor, action, target, outcome, text, salt);
    this.#log.append(entryOf(salt, text));
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.checkpoint().catch(this.#options.onTrouble);
    }, checkpointIntervalMs).unref();
    return index;
  }

  /** Newest first. @throws JournalError damaged when one of them is not what was written down */
  search({ from, to, before, limit, ...equal }: JournalQuery): FoundEvent[] {
    const conditions = ['1'];
    const values: Record<string, string | number> = { limit };
    const add = (condition: string, name: string, value: string | number) => {
      conditions.push(condition);
      values[name] = value;
    };
    if (from !== undefined) add('at >= @from', 'from', from);
    if (to !== undefined) add('at < @to', 'to', to);
    if (before !== undefined) add('id < @before', 'before', before);
    for (const name of ['actor', 'action', 'target', 'outcome'] as const) {
      const value = equal[name];
      if (value !== undefined) add(`${name} = @${name}`, name, value);
    }
    return this.#database
      .prepare<[typeof values], EventRow>(
        `SELECT * FROM event WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT @limit`,
      )
      .all(values)
      .map((row) => this.#readEvent(row));
  }

  /** Signed note that covers every event so far; on disk when it is told. @throws JournalError damaged */
  checkpoint(): Promise<string> {
    return this.#log.checkpoint();
  }

  /**
   * Checks every event, the tree and the checkpoints.
   * @param held signed notes that were kept elsewhere
   * @returns the first thousand findings, each with its place; none when all is well
   */
  async check(held: readonly NamedNote[] = []): Promise<JournalFinding[]> {
    const tree = this.#log.tree();
    const note = this.#log.readCheckpoint();
    return await checkLog({
      ...{ database: this.#database, table: 'event', word: 'event', file: eventsFile },
      read: (from, below) =>
        readRows(this.#database, from, below).map((row) => ({
          id: row.id,
          wrongWith: (leaf) => wrongWith(row, leaf),
        })),
      tree,
      verifierKey: this.verifierKey,
      ownCheckpoint: note === undefined ? undefined : { name: checkpointFile, note },
      held,
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.checkpoint().catch(this.#options.onTrouble);
    await this.#log.close();
    this.#store.close();
  }

  #readEvent(row: EventRow): FoundEvent {
    const place = `event ${row.id}`;
    if (row.id < 0 || row.id >= this.#log.size) throw this.#log.damaged(place, 'it was put in');
    const text = wrongWith(row, this.#log.tree().read(0, row.id, 1));
    if (text !== undefined) throw this.#log.damaged(place, text);
    return { index: row.id, ...(JSON.parse(row.event) as JournalEvent) };
  }
}
