import { type RegistryHistory, readRegistryHistory } from '../../gateway/configuration/index.ts';
import {
  type Checkpoint,
  openNote,
  parseCheckpoint,
  TransparencyError,
} from '../../gateway/transparency/index.ts';
import {
  type HistoryState,
  type HistoryTrouble,
  type KeptCheckpoint,
  readState,
  writeState,
} from './kept.ts';
import { type FetchFile, fetchFrom, goesOnFrom, TilesError } from './tiles.ts';

/** Why a configuration is not taken: the history that it commits to is not the one that was seen before. */
export class RegistryHistoryError extends Error {
  override readonly name = 'RegistryHistoryError';
  readonly code: HistoryTrouble['code'];

  constructor(code: HistoryTrouble['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface HistoryWatchOptions {
  /** Where the last checkpoint is kept. */
  readonly file: string;
  readonly now: () => Date;
  /** Told when something is wrong that was not before, or is wrong in another way. */
  readonly onTrouble: (trouble: HistoryTrouble) => void;
  readonly fetchFrom?: (folder: URL) => FetchFile;
}

export interface HistoryComparison {
  /**
   * same, consistent: both servers are shown one history. forked: they are not, and the two notes prove it. ahead:
   * the other one has seen more; ask it to compare ours.
   */
  readonly verdict: 'same' | 'consistent' | 'forked' | 'ahead';
  /** Entries of the note that was given, and of the newest known here. */
  readonly theirs: number;
  readonly ours: number;
}

/**
 * Remembers what history of its register the registry has committed to, and holds it to that: a configuration that
 * commits to another one, or to less, is not taken. A registry that commits to none, such as one by X-Road, is let be.
 */
export class HistoryWatch {
  readonly #options: HistoryWatchOptions;
  #state: HistoryState;
  /** Changes of the state, one after another: each sees what those before it left. */
  #turns: Promise<unknown> = Promise.resolve();

  /** @throws Error when what was kept cannot be read */
  constructor(options: HistoryWatchOptions) {
    this.#options = options;
    this.#state = readState(options.file);
  }

  /** What is wrong now includes that another server was shown another history, whatever was shown here since. */
  state(): HistoryState {
    const { trouble, split } = this.#state;
    const now = trouble ?? split;
    return { ...this.#state, ...(now !== undefined && { trouble: now }) };
  }

  /**
   * Judges what a configuration commits to, and keeps it when it is good.
   * @param part content of the part that says it; undefined when the configuration has none
   * @param source where the configuration came from
   * @throws RegistryHistoryError when the configuration must not be taken
   */
  async admit(part: Buffer | undefined, source: URL): Promise<void> {
    // Judged again when another checkpoint was kept meanwhile, or it was forgotten.
    while (!(await this.#judge(this.#state.kept, part, source)));
  }

  /**
   * Compares a checkpoint that another server was shown, with the one that is kept when the answer is there.
   * @throws RegistryHistoryError registry-history-absent without one of our own, registry-history-unavailable;
   *   TransparencyError when it is no checkpoint that the history's key signed
   */
  async compare(note: string): Promise<HistoryComparison> {
    const { kept } = this.#state;
    if (kept === undefined) {
      throw new RegistryHistoryError('registry-history-absent', 'No checkpoint was kept yet to compare with');
    }
    const theirs = readNote(note, kept.verifierKey);
    const ours = readNote(kept.checkpoint, kept.verifierKey);
    const sizes = { theirs: theirs.size, ours: ours.size };
    if (theirs.size > ours.size) return { verdict: 'ahead', ...sizes };
    const isOne = await this.#goesOn(theirs, ours, new URL(kept.folder));
    if (isOne) return { verdict: theirs.size === ours.size ? 'same' : 'consistent', ...sizes };
    const text = `Another server was shown another history of ${theirs.size} entries: the registry tells different servers different things`;
    const isTold = await this.#tellSplit(kept, { code: 'registry-history-forked', text, checkpoint: note });
    if (!isTold) return this.compare(note);
    return { verdict: 'forked', ...sizes };
  }

  /**
   * Forgets the checkpoint: the next one is taken on trust, as the first was. For a registry that had to be restored
   * from a backup, once its operator has said so.
   */
  async forget(): Promise<void> {
    await this.#inTurn(async () => {
      const { conflict } = this.#state;
      await this.#write(conflict === undefined ? {} : { conflict });
    });
  }

  /**
   * @param kept what it is judged by
   * @returns false when that is not what is kept any more: nothing came of it
   * @throws RegistryHistoryError when the configuration must not be taken
   */
  async #judge(kept: KeptCheckpoint | undefined, part: Buffer | undefined, source: URL): Promise<boolean> {
    if (part === undefined) {
      if (kept === undefined) return true;
      const text =
        'The configuration commits to no history of the register any more, as it did before. It is in force; ask the operator of the registry why';
      return this.#tell(kept, { code: 'registry-history-absent', text });
    }
    try {
      return await this.#keep(kept, readRegistryHistory(part), source);
    } catch (error) {
      if (!(error instanceof RegistryHistoryError)) throw error;
      const { code, message: text } = error;
      const isProof = code === 'registry-history-forked' || code === 'registry-history-rolled-back';
      if (!(await this.#tell(kept, { code, text, ...(isProof && { checkpoint: noteOf(part) }) })))
        return false;
      throw error;
    }
  }

  /** @returns false when `kept` is not what is kept any more */
  async #keep(kept: KeptCheckpoint | undefined, history: RegistryHistory, source: URL): Promise<boolean> {
    const { verifierKey, checkpoint } = history;
    if (kept !== undefined && kept.verifierKey !== verifierKey) {
      throw forked('it is signed with another key than before');
    }
    const next = claimed(() => readNote(checkpoint, verifierKey));
    const folder = new URL(history.location, source);
    if (kept !== undefined) {
      const last = readNote(kept.checkpoint, verifierKey);
      if (next.size < last.size) {
        const text = `The configuration commits to ${next.size} changes of the register, and ${last.size} were signed for before: the registry, or a mirror of it, shows an older state. The last good configuration stays in force until it expires`;
        throw new RegistryHistoryError('registry-history-rolled-back', text);
      }
      if (!(await this.#goesOn(last, next, folder))) {
        throw forked(`its first ${last.size} entries are not those that were signed for before`);
      }
    }
    return this.#whileKept(kept, async ({ trouble, conflict, split }) => {
      if (kept?.checkpoint === checkpoint && trouble === undefined) return;
      const at = this.#options.now().toISOString();
      const now: KeptCheckpoint = {
        ...{ verifierKey, checkpoint, folder: folder.href, since: kept?.since ?? at },
        keptAt: kept?.checkpoint === checkpoint ? kept.keptAt : at,
      };
      await this.#write({
        kept: now,
        ...(conflict !== undefined && { conflict }),
        ...(split !== undefined && { split }),
      });
    });
  }

  async #goesOn(old: Checkpoint, young: Checkpoint, folder: URL): Promise<boolean> {
    try {
      return await goesOnFrom(old, young, (this.#options.fetchFrom ?? fetchFrom)(folder));
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      const reason =
        cause instanceof TilesError ? cause.message : `its tiles cannot be had: ${cause.message}`;
      const text = `Whether the history of the register goes on from what was seen before cannot be told: ${reason}. The last good configuration stays in force until it expires`;
      throw new RegistryHistoryError('registry-history-unavailable', text, { cause });
    }
  }

  /** @returns false when `kept` is not what is kept any more */
  #tell(kept: KeptCheckpoint | undefined, found: Omit<HistoryTrouble, 'at'>): Promise<boolean> {
    return this.#whileKept(kept, async (state) => {
      const { trouble } = state;
      const isKnown = trouble?.code === found.code && trouble.text === found.text;
      if (isKnown) return;
      const told: HistoryTrouble = { ...found, at: this.#options.now().toISOString() };
      const isConflict = told.checkpoint !== undefined;
      await this.#write({ ...state, trouble: told, ...(isConflict && { conflict: told }) });
      this.#options.onTrouble(told);
    });
  }

  /**
   * It does not pass with the next configuration, which is as good as the one before, here.
   * @returns false when `kept` is not what is kept any more
   */
  #tellSplit(kept: KeptCheckpoint, found: Omit<HistoryTrouble, 'at'>): Promise<boolean> {
    return this.#whileKept(kept, async (state) => {
      const { split } = state;
      const told: HistoryTrouble = { ...found, at: this.#options.now().toISOString() };
      await this.#write({ ...state, split: split ?? told, conflict: told });
      if (split === undefined) this.#options.onTrouble(told);
    });
  }

  /**
   * Acts on what was found out about a checkpoint, which takes time, unless another one is kept by now.
   * @returns whether it acted
   */
  #whileKept(
    kept: KeptCheckpoint | undefined,
    act: (state: HistoryState) => Promise<void>,
  ): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#state.kept !== kept) return false;
      await act(this.#state);
      return true;
    });
  }

  #inTurn<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    const turn = this.#turns.then(act);
    // Who asked for it learns of what went wrong; the next one has its turn all the same.
    this.#turns = turn.catch(() => undefined);
    return turn;
  }

  /** In turn alone. */
  async #write(state: HistoryState): Promise<void> {
    await writeState(this.#options.file, state);
    this.#state = state;
  }
}

function readNote(note: string, verifierKey: string): Checkpoint {
  return parseCheckpoint(openNote(note, [verifierKey]).text);
}

function claimed<Answer>(read: () => Answer): Answer {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof TransparencyError)) throw cause;
    throw forked(cause.message, cause);
  }
}

function forked(what: string, cause?: unknown): RegistryHistoryError {
  const text = `The configuration commits to another history of the register: ${what}. The last good configuration stays in force until it expires; ask the operator of the registry, and compare with other servers`;
  return new RegistryHistoryError('registry-history-forked', text, { cause });
}

function noteOf(part: Buffer): string {
  return readRegistryHistory(part).checkpoint;
}
