import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { openStore, type Store, writeFileDurably } from '../store/index.ts';
import {
  createNoteSigner,
  hashLeaf,
  judgeCheckpoint,
  type NoteSigner,
  rootOf,
  TreeFiles,
  writeCheckpoint,
  wrongHashes,
} from '../transparency/index.ts';
import { entryOf, type JournalEvent, type NewEvent, saltBytes, writeEvent } from './event.ts';

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

/** One thing that is not as it must be. */
export interface JournalFinding {
  readonly code: 'missing' | 'altered' | 'rolled-back' | 'forked';
  readonly place: string;
  readonly text: string;
}

type JournalErrorCode = 'rolled-back' | 'damaged';

/** Why a journal is not gone on with. */
class JournalError extends Error {
  readonly code: JournalErrorCode;

  constructor(code: JournalErrorCode, message: string) {
    super(message);
    this.name = 'JournalError';
    this.code = code;
  }
}

const steps = [
  `CREATE TABLE event (
     id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL,
     outcome TEXT NOT NULL, event TEXT NOT NULL, salt BLOB NOT NULL
   ) STRICT;
   CREATE INDEX event_by_actor ON event (actor, id);
   CREATE INDEX event_by_action ON event (action, id);`,
];
const checkpointIntervalMs = 1_000;
const eventsAtOnce = 1_000;

interface EventRow {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly event: string;
  readonly salt: Buffer;
}

/**
 * The audit log of a program: who did what, as a transparency log. An event is on disk, as a leaf of the tree, when
 * `append` returns; a signed checkpoint follows within a second. Its key lies beside it, for the journal is written
 * before any token is signed in: who steals it can sign another history, which does not fit a checkpoint kept
 * elsewhere.
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

  private constructor(options: JournalOptions, signer: NoteSigner) {
    this.#options = options;
    this.#signer = signer;
    this.verifierKey = signer.verifierKey;
    this.#store = openStore(join(options.dir, 'events.sqlite'), steps);
    this.#database = this.#store.database;
    this.#insert = this.#database.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    const last = this.#database.prepare<[], { id: number | null }>('SELECT max(id) AS id FROM event').get();
    this.#size = (last?.id ?? -1) + 1;
    this.#tree = TreeFiles.open(join(options.dir, 'tree'));
  }

  /** @throws JournalError rolled-back, damaged */
  static async open(options: JournalOptions): Promise<Journal> {
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    const journal = new Journal(options, await signerOf(options));
    try {
      journal.#recover();
    } catch (error) {
      journal.#store.close();
      journal.#tree.close();
      throw error;
    }
    return journal;
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
    // The tree follows from the events; one that lags is caught up with before anything is signed.
    if (this.#tree.size === index) this.#tree.append([hashLeaf(entryOf(salt, text))]);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.checkpoint().catch(this.#options.onTrouble);
    }, checkpointIntervalMs).unref();
    return index;
  }

  /** Newest first. */
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
      .map(({ id, event }) => ({ index: id, ...(JSON.parse(event) as JournalEvent) }));
  }

  /** Signed note that covers every event so far; on disk when it is told. */
  async checkpoint(): Promise<string> {
    this.#catchUp();
    this.#tree.sync();
    const size = this.#size;
    const root = rootOf(this.#tree, size);
    const note = this.#signer.sign(writeCheckpoint({ origin: this.#signer.name, size, root }));
    if (size === this.#signedSize) return note;
    const saved = this.#saving.then(() => writeFileDurably(join(this.#options.dir, 'checkpoint'), note));
    this.#saving = saved.catch(() => undefined);
    await saved;
    this.#signedSize = size;
    return note;
  }

  /**
   * Checks every event, the tree and the checkpoints.
   * @param held signed notes that were kept elsewhere
   */
  check(held: readonly { readonly name: string; readonly note: string }[] = []): JournalFinding[] {
    this.#catchUp();
    const findings: JournalFinding[] = [];
    let next = 0;
    for (const row of this.#rows(0)) {
      const place = `event ${row.id}`;
      if (row.id !== next) {
        findings.push({
          code: 'missing',
          place: `events ${next} to ${row.id - 1}`,
          text: 'They are not there',
        });
      }
      next = row.id + 1;
      const text = wrongWith(row, this.#tree.read(0, row.id, 1));
      if (text !== undefined) findings.push({ code: 'altered', place, text });
    }
    if (next < this.#tree.size) {
      const place = `events ${next} to ${this.#tree.size - 1}`;
      findings.push({ code: 'missing', place, text: 'The tree has them, and the journal does not' });
    }
    for (const { level, index, text } of wrongHashes(this.#tree)) {
      findings.push({ code: 'altered', place: `tree level ${level} hash ${index}`, text });
    }
    for (const { name, note } of [...this.#ownCheckpoint(), ...held]) {
      const verdict = judgeCheckpoint(note, this.verifierKey, this.#tree);
      if (!verdict.isGood) findings.push({ code: verdict.code, place: name, text: verdict.text });
    }
    return findings;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#size > 0) await this.checkpoint().catch(this.#options.onTrouble);
    await this.#saving;
    this.#tree.close();
    this.#store.close();
  }

  /** Brings the tree to where the events are; what was signed for must be among them. */
  #recover(): void {
    const [own] = this.#ownCheckpoint();
    const verdict =
      own && judgeCheckpoint(own.note, this.verifierKey, { size: this.#size, read: () => noHashes() });
    if (verdict?.isGood === false && verdict.code === 'rolled-back') {
      throw new JournalError(
        'rolled-back',
        `The audit log in ${this.#options.dir} is older than what was signed for: ${verdict.text}. Restore its newest copy.`,
      );
    }
    this.#tree.truncate(Math.min(this.#tree.size, this.#size));
    this.#catchUp();
    const now = own && judgeCheckpoint(own.note, this.verifierKey, this.#tree);
    if (now?.isGood === false) {
      // Hashes written last may have been lost with the power: they are made anew once, from the events.
      this.#tree.truncate(0);
      this.#catchUp();
    }
    const last = own && judgeCheckpoint(own.note, this.verifierKey, this.#tree);
    if (last?.isGood === false) {
      throw new JournalError(
        'damaged',
        `The audit log in ${this.#options.dir} is not the one that was signed for: ${last.text}. Restore it from a backup.`,
      );
    }
  }

  #catchUp(): void {
    const from = this.#tree.size;
    if (from >= this.#size) return;
    let leaves: Buffer[] = [];
    for (const { salt, event } of this.#rows(from)) {
      leaves.push(hashLeaf(entryOf(salt, event)));
      if (leaves.length < eventsAtOnce) continue;
      this.#tree.append(leaves);
      leaves = [];
    }
    this.#tree.append(leaves);
  }

  *#rows(from: number): Generator<EventRow> {
    const page = this.#database.prepare<[number], EventRow>(
      `SELECT * FROM event WHERE id >= ? ORDER BY id LIMIT ${eventsAtOnce}`,
    );
    for (let next = from; ; ) {
      const rows = page.all(next);
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined) return;
      next = last.id + 1;
    }
  }

  #ownCheckpoint(): { name: string; note: string }[] {
    const path = join(this.#options.dir, 'checkpoint');
    return existsSync(path) ? [{ name: 'checkpoint', note: readFileSync(path, 'utf8') }] : [];
  }
}

/** What is wrong with a stored event; undefined when nothing is. */
function wrongWith(row: EventRow, leaf: Buffer): string | undefined {
  if (!hashLeaf(entryOf(row.salt, row.event)).equals(leaf))
    return 'It is not the event that was written down';
  const event = JSON.parse(row.event) as JournalEvent;
  const isSame =
    Date.parse(event.at) === row.at &&
    event.actor === row.actor &&
    event.action === row.action &&
    event.target === row.target &&
    event.outcome === row.outcome;
  return isSame ? undefined : 'What it is searched by is not what it says';
}

/** For a look at a checkpoint before there is a tree: only its size is compared. */
function noHashes(): Buffer {
  throw new RangeError('there are no hashes yet');
}

async function signerOf({ dir, origin }: JournalOptions): Promise<NoteSigner> {
  const path = join(dir, 'key.json');
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
    await writeFileDurably(path, JSON.stringify({ origin, privateKey: pem }));
  }
  const stored = JSON.parse(readFileSync(path, 'utf8')) as { origin: string; privateKey: string };
  return createNoteSigner(stored.origin, createPrivateKey(stored.privateKey));
}
