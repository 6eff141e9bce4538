import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { type Store, writeFileDurably } from '../store/index.ts';
import {
  type Checkpoint,
  hashLeaf,
  judgeCheckpoint,
  type NoteSigner,
  openNote,
  parseCheckpoint,
  rootOf,
  TransparencyError,
  TreeFiles,
  writeCheckpoint,
} from '../transparency/index.ts';
import { checkJournal, type JournalFinding, type NamedNote } from './check.ts';
import { explainUnreadable, JournalError } from './error.ts';
import { entryOf, type JournalEvent, type NewEvent, saltBytes, writeEvent } from './event.ts';
import { loadOrCreateSigner } from './key.ts';
import { type EventRow, eventsFile, leafOf, openRows, readRows, wrongWith } from './rows.ts';

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

const checkpointFile = 'checkpoint';
const checkpointIntervalMs = 1_000;

/**
 * The audit log of a program: who did what, as a transparency log. Life of an event:
 * 1. its row, with its salt, is on disk when `append` returns: text and salt are what the leaf follows from;
 * 2. its leaf is in the tree's files, which are made anew from the rows when they lag or are damaged;
 * 3. a checkpoint that covers it is signed and on disk within a second.
 * A crash between any two loses nothing: opening goes on from the rows. @see loadOrCreateSigner for the key
 */
export class Journal {
  readonly verifierKey: string;
  readonly #options: JournalOptions;
  readonly #store: Store<object>;
  readonly #database: Database.Database;
  readonly #tree: TreeFiles;
  readonly #signer: NoteSigner;
  readonly #insert: Database.Statement;
  #size: number;
  #signedSize = -1;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<unknown> = Promise.resolve();

  private constructor(options: JournalOptions, signer: NoteSigner, store: Store<object>) {
    this.#options = options;
    this.#signer = signer;
    this.verifierKey = signer.verifierKey;
    this.#store = store;
    this.#database = store.database;
    this.#insert = this.#database.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    const last = this.#database.prepare<[], { id: number | null }>('SELECT max(id) AS id FROM event').get();
    this.#size = (last?.id ?? -1) + 1;
    this.#tree = TreeFiles.open(join(options.dir, 'tree'));
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
    const signer = await loadOrCreateSigner(dir, origin, isNew);
    let store: Store<object> | undefined;
    let journal: Journal | undefined;
    try {
      store = openRows(dir);
      journal = new Journal(options, signer, store);
      journal.#recover();
      // Also of no events: from then on a checkpoint that is not there was taken away.
      await journal.checkpoint();
      return journal;
    } catch (error) {
      if (journal !== undefined) journal.#tree.close();
      store?.close();
      throw explainUnreadable(error, dir);
    }
  }

  /** @returns the event's place, once it is on disk. @throws Error of the disk */
  append(event: NewEvent): number {
    const at = this.#options.now();
    const text = writeEvent(at, event);
    const salt = randomBytes(saltBytes);
    const index = this.#size;
    const { actor, action, target, outcome } = JSON.parse(text) as JournalEvent;
    this.#insert.run(index, at.getTime(), actor, action, target, outcome, text, salt);
    this.#size += 1;
    // A tree that lags is caught up with before anything is signed.
    if (this.#tree.size === index) this.#grow([hashLeaf(entryOf(salt, text))]);
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
  async checkpoint(): Promise<string> {
    this.#catchUp();
    this.#tree.sync();
    const size = this.#size;
    const root = rootOf(this.#tree, size);
    const note = this.#signer.sign(writeCheckpoint({ origin: this.#signer.name, size, root }));
    if (size === this.#signedSize) return note;
    const saved = this.#saving.then(() => writeFileDurably(this.#checkpointPath, note));
    this.#saving = saved.catch(() => undefined);
    await saved;
    this.#signedSize = size;
    return note;
  }

  /**
   * Checks every event, the tree and the checkpoints.
   * @param held signed notes that were kept elsewhere
   * @returns the first thousand findings, each with its place; none when all is well
   */
  async check(held: readonly NamedNote[] = []): Promise<JournalFinding[]> {
    this.#catchUp();
    const note = this.#readCheckpoint();
    return await checkJournal({
      database: this.#database,
      tree: this.#tree,
      verifierKey: this.verifierKey,
      ownCheckpoint: note === undefined ? undefined : { name: checkpointFile, note },
      held,
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.checkpoint().catch(this.#options.onTrouble);
    await this.#saving;
    this.#tree.close();
    this.#store.close();
  }

  /** Brings the tree to where the events are; what was signed for must be among them. */
  #recover(): void {
    const note = this.#readCheckpoint();
    if (note === undefined) {
      if (this.#size > 0) throw this.#damaged(checkpointFile, 'it is missing');
      this.#tree.truncate(0);
      return;
    }
    const { size } = this.#parseCheckpoint(note);
    if (size > this.#size) {
      const text = `The audit log in ${this.#options.dir} has ${this.#size} events, and ${size} were signed for: it is an older copy, or its end was cut off. Restore its newest copy`;
      throw new JournalError('rolled-back', `event ${this.#size}`, text);
    }
    // What lies behind a checkpoint may not have reached the disk when the power went: it is made anew.
    this.#tree.truncate(Math.min(this.#tree.size, size));
    this.#catchUp();
    if (judgeCheckpoint(note, this.verifierKey, this.#tree).isGood) {
      this.#signedSize = size;
      return;
    }
    this.#tree.truncate(0);
    this.#catchUp();
    const verdict = judgeCheckpoint(note, this.verifierKey, this.#tree);
    if (!verdict.isGood) throw this.#damaged(checkpointFile, verdict.text);
    this.#signedSize = size;
  }

  /** Reads the rows that the tree does not have yet. */
  #catchUp(): void {
    while (this.#tree.size < this.#size) {
      const from = this.#tree.size;
      const rows = readRows(this.#database, from, this.#size);
      const gap = rows.findIndex(({ id }, index) => id !== from + index);
      if (rows.length === 0 || gap >= 0) {
        throw this.#damaged(`event ${from + Math.max(gap, 0)}`, 'it is missing, and later ones are there');
      }
      this.#grow(rows.map(leafOf));
    }
  }

  #grow(leaves: readonly Buffer[]): void {
    const before = this.#tree.size;
    try {
      this.#tree.append(leaves);
    } catch (error) {
      // A full disk may have taken the leaves and not the hash above them.
      this.#tree.truncate(before);
      throw error;
    }
  }

  #readEvent(row: EventRow): FoundEvent {
    const place = `event ${row.id}`;
    if (row.id < 0 || row.id >= this.#size) throw this.#damaged(place, 'it was put in');
    this.#catchUp();
    const text = wrongWith(row, this.#tree.read(0, row.id, 1));
    if (text !== undefined) throw this.#damaged(place, text);
    return { index: row.id, ...(JSON.parse(row.event) as JournalEvent) };
  }

  get #checkpointPath(): string {
    return join(this.#options.dir, checkpointFile);
  }

  #readCheckpoint(): string | undefined {
    return existsSync(this.#checkpointPath) ? readFileSync(this.#checkpointPath, 'utf8') : undefined;
  }

  #parseCheckpoint(note: string): Checkpoint {
    try {
      return parseCheckpoint(openNote(note, [this.verifierKey]).text);
    } catch (error) {
      if (error instanceof TransparencyError) throw this.#damaged(checkpointFile, error.message);
      throw error;
    }
  }

  #damaged(place: string, what: string): JournalError {
    const text = `The audit log in ${this.#options.dir} is not what was signed for, at ${place}: ${what}. Keep a copy of it, then restore its newest backup`;
    return new JournalError('damaged', place, text);
  }
}
