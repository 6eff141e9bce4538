import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileDurably } from '../store/index.ts';
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
import { JournalError } from './error.ts';
import { loadOrCreateSigner } from './key.ts';

/** The durable rows that the leaves of a log follow from. */
export interface LogRows {
  /** One more than the last place that is taken. */
  count(): number;
  /** Entries of leaves in [from, below), some of them at a time, by place; `entryOf` makes them. */
  read(from: number, below: number): readonly { readonly id: number; readonly entry: Buffer }[];
}

export interface SignedLogOptions {
  /** Where tree, checkpoint and key lie. */
  readonly dir: string;
  /** Name of a new log in its checkpoints: unique, without spaces. */
  readonly origin: string;
  /** Whether no checkpoint was ever signed: only then is a key made, and rows without a checkpoint believed. */
  readonly isNew: boolean;
  readonly rows: LogRows;
  /** What people call the log and one of its rows: `audit log`, `event`. */
  readonly words: { readonly log: string; readonly row: string };
}

export const checkpointFile = 'checkpoint';

/**
 * The tree and the signed checkpoint over rows that are kept by somebody else. Rows come first, on disk; leaves
 * follow from them, and are made anew when they lag or are damaged; a checkpoint covers both. A crash between any
 * two loses nothing: opening goes on from the rows. @see loadOrCreateSigner for the key
 */
export class SignedLog {
  readonly verifierKey: string;
  readonly #options: SignedLogOptions;
  readonly #signer: NoteSigner;
  readonly #tree: TreeFiles;
  #size: number;
  #signedSize = -1;
  #saving: Promise<unknown> = Promise.resolve();

  private constructor(options: SignedLogOptions, signer: NoteSigner) {
    this.#options = options;
    this.#signer = signer;
    this.verifierKey = signer.verifierKey;
    this.#size = options.rows.count();
    this.#tree = TreeFiles.open(join(options.dir, 'tree'));
  }

  /**
   * It compares the tree with the checkpoint, not every row with the tree.
   * @throws JournalError rolled-back, damaged
   */
  static async open(options: SignedLogOptions): Promise<SignedLog> {
    const { dir, origin, isNew } = options;
    const log = new SignedLog(options, await loadOrCreateSigner(dir, origin, isNew));
    try {
      log.#recover();
      // Also of no rows: from then on a checkpoint that is not there was taken away.
      await log.checkpoint();
      return log;
    } catch (error) {
      log.#tree.close();
      throw error;
    }
  }

  /** Rows that are on disk, as far as the log was told. */
  get size(): number {
    return this.#size;
  }

  /** The hashes of all rows. @throws JournalError damaged when a row is missing */
  tree(): TreeFiles {
    this.#catchUp();
    return this.#tree;
  }

  /** Takes the next row in, once it is on disk. */
  append(entry: Buffer): void {
    const index = this.#size;
    this.#size += 1;
    // A tree that lags is caught up with before anything is signed.
    if (this.#tree.size === index) this.#grow([hashLeaf(entry)]);
  }

  /** Takes in rows that were written meanwhile. */
  follow(): void {
    this.#size = Math.max(this.#size, this.#options.rows.count());
  }

  /** Signed note that covers every row so far; on disk when it is told. @throws JournalError damaged */
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

  /** The checkpoint on disk. */
  readCheckpoint(): string | undefined {
    return existsSync(this.#checkpointPath) ? readFileSync(this.#checkpointPath, 'utf8') : undefined;
  }

  damaged(place: string, what: string): JournalError {
    const { dir, words } = this.#options;
    const text = `The ${words.log} in ${dir} is not what was signed for, at ${place}: ${what}. Keep a copy of it, then restore its newest backup`;
    return new JournalError('damaged', place, text);
  }

  async close(): Promise<void> {
    await this.#saving;
    this.#tree.close();
  }

  /** Brings the tree to where the rows are; what was signed for must be among them. */
  #recover(): void {
    const { dir, words, isNew } = this.#options;
    const note = this.readCheckpoint();
    if (note === undefined) {
      if (this.#size > 0 && !isNew) throw this.damaged(checkpointFile, 'it is missing');
      this.#tree.truncate(0);
      return;
    }
    const { size } = this.#parseCheckpoint(note);
    if (size > this.#size) {
      const text = `The ${words.log} in ${dir} has ${this.#size} ${words.row}s, and ${size} were signed for: it is an older copy, or its end was cut off. Restore its newest copy`;
      throw new JournalError('rolled-back', `${words.row} ${this.#size}`, text);
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
    if (!verdict.isGood) throw this.damaged(checkpointFile, verdict.text);
    this.#signedSize = size;
  }

  /** Reads the rows that the tree does not have yet. */
  #catchUp(): void {
    while (this.#tree.size < this.#size) {
      const from = this.#tree.size;
      const rows = this.#options.rows.read(from, this.#size);
      const gap = rows.findIndex(({ id }, index) => id !== from + index);
      if (rows.length === 0 || gap >= 0) {
        const place = `${this.#options.words.row} ${from + Math.max(gap, 0)}`;
        throw this.damaged(place, 'it is missing, and later ones are there');
      }
      this.#grow(rows.map(({ entry }) => hashLeaf(entry)));
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

  get #checkpointPath(): string {
    return join(this.#options.dir, checkpointFile);
  }

  #parseCheckpoint(note: string): Checkpoint {
    try {
      return parseCheckpoint(openNote(note, [this.verifierKey]).text);
    } catch (error) {
      if (error instanceof TransparencyError) throw this.damaged(checkpointFile, error.message);
      throw error;
    }
  }
}
