import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { HeldBody } from '../../gateway/transport/index.ts';
import type { BodyToAppend } from './model.ts';
import type { LogWriter } from './writer.ts';

/** The folder of large bodies, each a sealed file that a record refers to. */
export class BodyFiles {
  readonly #dir: string;
  readonly #writer: LogWriter;
  readonly #onTrouble: (error: Error) => void;
  /** Bodies of records that were refused, and that the next start may find all the same. */
  readonly #doubtful = new Set<string>();

  constructor(dir: string, writer: LogWriter, onTrouble: (error: Error) => void) {
    this.#dir = dir;
    this.#writer = writer;
    this.#onTrouble = onTrouble;
  }

  path(file: string): string {
    return join(this.#dir, file);
  }

  /** Takes a body into the log. @param adopted is told of each file before there is one */
  async keep(held: HeldBody, adopted: string[]): Promise<Pick<BodyToAppend, 'bytes' | 'file' | 'key'>> {
    if (held.bytes !== undefined) return { bytes: held.bytes, file: null, key: null };
    const file = randomUUID();
    adopted.push(file);
    const { key } = await held.adopt(this.path(file));
    return { bytes: null, file, key };
  }

  async remove(files: readonly string[]): Promise<void> {
    await Promise.all(files.map((file) => rm(this.path(file), { force: true })));
  }

  /** A record that was refused needs its bodies no more, unless the next start may find it written all the same. */
  async removeRefused(files: readonly string[], cause: unknown): Promise<void> {
    // A writer that is gone may have committed before it went: that clean-up is for the next start.
    if (files.length === 0 || this.#writer.isGone) return;
    const code = (cause as { readonly code?: unknown }).code;
    // Where there was no room nothing was written whole. Of what could not be synced nobody knows.
    const isDoubtful = typeof code === 'string' && code.startsWith('SQLITE_') && code !== 'SQLITE_FULL';
    if (!isDoubtful) {
      await this.remove(files);
      return;
    }
    for (const file of files) this.#doubtful.add(file);
    await this.settle();
  }

  /** Lets go of doubtful bodies, once another write has taken the place of what failed. */
  async settle(): Promise<void> {
    const files = [...this.#doubtful];
    if (files.length === 0) return;
    try {
      await this.#writer.call('settle');
      for (const file of files) this.#doubtful.delete(file);
      await this.remove(files);
    } catch (error) {
      // Tried again with the next record; what is left then, the next start removes.
      this.#onTrouble(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** A crash between taking a file over and committing its record leaves a file that nothing refers to. */
  async removeOrphans(refersTo: (file: string) => boolean): Promise<void> {
    for (const file of await readdir(this.#dir)) if (!refersTo(file)) await rm(this.path(file));
  }
}
