import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../../gateway/store/index.ts';
import {
  openNote,
  parseCheckpoint,
  TransparencyError,
  writeCheckpoint,
} from '../../gateway/transparency/index.ts';
import type { LogKeys } from './log-keys.ts';
import { MessageLogError } from './model.ts';
import type { SignedHead } from './recover.ts';
import type { LogWriter } from './writer.ts';

/** A checkpoint of the log and the note that carries it. */
export interface SignedCheckpoint {
  readonly size: number;
  readonly note: string;
}

export const checkpointFile = 'checkpoint';
/** How long a record may wait for the checkpoint that covers it. */
const intervalMs = 1_000;

/**
 * What was signed for last, to open the log with.
 * @throws MessageLogError damaged when it is not of this log
 */
export async function readSignedHead(
  dir: string,
  verifierKey: string | undefined,
): Promise<(SignedHead & SignedCheckpoint) | undefined> {
  const path = join(dir, checkpointFile);
  const note = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (note === undefined) return undefined;
  try {
    const { size, root } = parseCheckpoint(
      openNote(note, verifierKey === undefined ? [] : [verifierKey]).text,
    );
    return { size, root, note };
  } catch (cause) {
    if (!(cause instanceof TransparencyError)) throw cause;
    throw new MessageLogError(
      'damaged',
      `${path} was not signed by this log: ${cause.message}. Restore the folder of the log from a backup.`,
      { cause },
    );
  }
}

export interface CheckpointsOptions {
  readonly dir: string;
  readonly writer: LogWriter;
  readonly keys: LogKeys;
  readonly last: SignedCheckpoint | undefined;
  readonly onFailure: (error: Error) => void;
}

/** Signs for the log: within a second after a record, and when it is asked to. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #last: SignedCheckpoint | undefined;
  #timer: NodeJS.Timeout | undefined;
  #signing: Promise<SignedCheckpoint> | undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#last = options.last;
  }

  get last(): SignedCheckpoint | undefined {
    return this.#last;
  }

  /** Something was recorded. */
  plan(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.covering().catch(this.#options.onFailure);
    }, intervalMs).unref();
  }

  /** A checkpoint of everything recorded before the call. @throws MessageLogError locked */
  async covering(): Promise<SignedCheckpoint> {
    // One that is being made may have begun before the record that the caller cares for.
    await this.#signing?.catch(() => undefined);
    this.#signing ??= this.#sign().finally(() => {
      this.#signing = undefined;
    });
    return this.#signing;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const wasPlanned = this.#timer !== undefined;
    this.#timer = undefined;
    await this.#signing?.catch(() => undefined);
    if (wasPlanned) await this.covering().catch(this.#options.onFailure);
  }

  async #sign(): Promise<SignedCheckpoint> {
    const { dir, writer, keys } = this.#options;
    const { size, root } = await writer.call('head');
    if (this.#last?.size === size) return this.#last;
    const signer = await keys.noteSigner();
    const note = signer.sign(writeCheckpoint({ origin: signer.name, size, root: Buffer.from(root) }));
    await writeFileDurably(join(dir, checkpointFile), note);
    this.#last = { size, note };
    return this.#last;
  }
}
