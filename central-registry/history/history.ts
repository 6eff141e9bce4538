import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSegment } from '../../gateway/identifier/index.ts';
import {
  checkpointFile,
  explainUnreadable,
  type JournalFinding,
  type NamedNote,
  SignedLog,
} from '../../gateway/journal/index.ts';
import {
  hashLeaf,
  openNote,
  parseCheckpoint,
  proveInclusion,
  writeTileFolder,
} from '../../gateway/transparency/index.ts';
import { checkHistory } from './check.ts';
import { type HistoryEntry, leafEntryOf, type RowChange } from './entry.ts';
import { type EntryRow, type HistoryQuery, type HistoryRows, isWhatWasHashed, wrongWith } from './rows.ts';
import { type EntrySummary, isLarge, KeptSummaries, summarize, summarizeText } from './summary.ts';

export interface HistoryOptions {
  /** Folder of tree, checkpoint and key alone. */
  readonly dir: string;
  /** Name of a new history in its checkpoints. */
  readonly origin: string;
  readonly rows: HistoryRows;
  /** Looks at the register between two transactions. */
  readonly alone: <Answer>(look: () => Promise<Answer>) => Promise<Answer>;
  /** Told when a checkpoint could not be written on its own time. */
  readonly onTrouble: (error: Error) => void;
}

/** Where an entry is in the log, for who was shown it. */
export interface InclusionProof {
  readonly index: number;
  /** 16 octets. */
  readonly salt: Buffer;
  /** JSON that was hashed, to the octet. */
  readonly text: string;
  readonly leaf: Buffer;
  /** Hashes beside the way up, the one next to the leaf first. */
  readonly proof: readonly Buffer[];
  /** Signed note of a tree that holds it. */
  readonly checkpoint: string;
}

export interface FoundEntry extends HistoryEntry {
  /** Place in the history from 0. */
  readonly index: number;
}

const checkpointIntervalMs = 1_000;

/**
 * The history of a register as a transparency log: entries are written with the change itself, in its transaction;
 * their leaves and the checkpoints follow. @see SignedLog
 */
export class History {
  readonly verifierKey: string;
  readonly #rows: HistoryRows;
  readonly #log: SignedLog;
  readonly #summaries = new KeptSummaries();
  readonly #alone: HistoryOptions['alone'];
  readonly #onTrouble: HistoryOptions['onTrouble'];
  #timer: NodeJS.Timeout | undefined;
  #publishing: Promise<unknown> = Promise.resolve();

  private constructor({ rows, alone, onTrouble }: HistoryOptions, log: SignedLog) {
    this.#rows = rows;
    this.#alone = alone;
    this.#onTrouble = onTrouble;
    this.#log = log;
    this.verifierKey = log.verifierKey;
    // Also what shows in no configuration is signed for soon.
    rows.onCommitted(() => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.checkpoint().catch(onTrouble);
      }, checkpointIntervalMs).unref();
    });
  }

  /** @throws JournalError rolled-back, damaged */
  static async open(options: HistoryOptions): Promise<History> {
    const { dir, origin, rows } = options;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const key = rows.readKey();
    const words = { log: 'register history', row: 'entry' };
    try {
      const log = await SignedLog.open({
        ...{ dir, origin, words },
        isNew: key === undefined,
        rows: rows.logRows,
      });
      if (key !== undefined && key !== log.verifierKey) {
        const error = log.damaged('key.json', 'it is not the key that the history was begun with');
        await log.close();
        throw error;
      }
      // From here on neither key nor checkpoint may be missing.
      rows.writeKey(log.verifierKey);
      return new History(options, log);
    } catch (error) {
      throw explainUnreadable(error, dir);
    }
  }

  /** Signed note that covers every change so far; on disk when it is told. @throws JournalError damaged */
  checkpoint(): Promise<string> {
    this.#log.follow();
    return this.#log.checkpoint();
  }

  /**
   * Newest first, with those changes that were searched for, or else the first.
   * @throws JournalError damaged when one of them is not what was written down
   */
  search(query: HistoryQuery): EntrySummary[] {
    const { table, key } = query;
    const rows = this.#rows.search(query);
    if (table !== undefined || key !== undefined) {
      const isWanted = (change: RowChange) =>
        (table === undefined || change.table === table) && (key === undefined || change.key === key);
      return rows.map((row) => summarize(this.#readEntry(row), isWanted));
    }
    return rows.map((row) => {
      const leaf = this.#leafOf(row);
      if (!isLarge(row.entry) || !isWhatWasHashed(row, leaf)) return summarize(this.#readEntry(row));
      // Whether it is found by all that it says is left to the check of the whole history.
      return this.#summaries.of(leaf, () => summarizeText(row.id, row.entry));
    });
  }

  /** An entry as it was written down; undefined when there is none. @throws JournalError damaged */
  read(index: number): FoundEntry | undefined {
    const [row] = this.#rows.read(index, index + 1);
    return row && this.#readEntry(row);
  }

  /** One entry with its proof; undefined when there is none. @throws JournalError damaged */
  async find(index: number): Promise<{ entry: FoundEntry; inclusion: InclusionProof } | undefined> {
    const [row] = this.#rows.read(index, index + 1);
    if (row === undefined) return undefined;
    const entry = this.#readEntry(row);
    const checkpoint = await this.checkpoint();
    const { size } = parseCheckpoint(openNote(checkpoint, [this.verifierKey]).text);
    const { salt, entry: text } = row;
    const leaf = hashLeaf(leafEntryOf(salt, text));
    const proof = proveInclusion(this.#log.tree(), index, size);
    return { entry, inclusion: { index, salt, text, leaf, proof, checkpoint } };
  }

  /**
   * Lays checkpoint and tiles out as static files. Entries are not among them: a leaf commits to one and tells
   * nothing of it.
   * @returns the checkpoint that is published
   */
  publish(dir: string): Promise<string> {
    const published = this.#publishing.then(async () => {
      const checkpoint = await this.checkpoint();
      await writeTileFolder({ dir, reader: this.#log.tree(), checkpoint });
      return checkpoint;
    });
    this.#publishing = published.catch(() => undefined);
    return published;
  }

  /**
   * Checks every entry, the tree and the checkpoints, and that the register is what the entries make of it.
   * @param held signed notes that were kept elsewhere
   */
  check(held: readonly NamedNote[] = []): Promise<JournalFinding[]> {
    return this.#alone(() => this.#checkAlone(held));
  }

  async #checkAlone(held: readonly NamedNote[]): Promise<JournalFinding[]> {
    this.#log.follow();
    const tree = this.#log.tree();
    const note = this.#log.readCheckpoint();
    return await checkHistory(this.#rows, {
      ...{ tree, held, verifierKey: this.verifierKey },
      ownCheckpoint: note === undefined ? undefined : { name: checkpointFile, note },
    });
  }

  async close(): Promise<void> {
    this.#rows.onCommitted(() => undefined);
    clearTimeout(this.#timer);
    await this.#publishing;
    await this.checkpoint().catch(this.#onTrouble);
    await this.#log.close();
  }

  #leafOf({ id }: EntryRow): Buffer {
    this.#log.follow();
    if (id < 0 || id >= this.#log.size) throw this.#log.damaged(`entry ${id}`, 'it was put in');
    return this.#log.tree().read(0, id, 1);
  }

  #readEntry(row: EntryRow): FoundEntry {
    const text = wrongWith(row, this.#leafOf(row), this.#rows.database);
    if (text !== undefined) throw this.#log.damaged(`entry ${row.id}`, text);
    return { index: row.id, ...(JSON.parse(row.entry) as HistoryEntry) };
  }
}

/** Name of the history of an instance's register in its checkpoints. */
export function historyOrigin(instance: string): string {
  return `${encodeSegment(instance)}/registry/history`;
}

/** Folder of a registry's history in its data folder. */
export function historyPath(data: string): string {
  return join(data, 'history');
}
