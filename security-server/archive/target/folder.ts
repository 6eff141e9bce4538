import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeUnfinished, syncFolder, writeFileDurably } from '../../../gateway/store/index.ts';
import { ArchivingError } from '../archive-source.ts';
import { sha256Of } from '../sha256.ts';
import type { ArchiveTarget } from './target.ts';

/** Archives in a folder; one that is there already is never written over by another. */
export class FolderTarget implements ArchiveTarget {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  get place(): string {
    return this.#path;
  }

  async put(name: string, bytes: Buffer, sha256: string): Promise<void> {
    const path = join(this.#path, name);
    try {
      await mkdir(this.#path, { recursive: true, mode: 0o700 });
      await removeUnfinished(path);
      if ((await readIfThere(path)) === undefined) await writeFileDurably(path, bytes);
      // Who put it there may have died before its name was on the disk.
      else await syncFolder(this.#path);
      const there = await readFile(path);
      if (sha256Of(there) === sha256) return;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ArchivingError('target-refused', `${path} cannot be written: ${reason}`, { cause });
    }
    const remedy = 'look at what it is, and move it away';
    throw new ArchivingError(
      'target-differs',
      `${path} is there and is another file than was archived: ${remedy}`,
    );
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
