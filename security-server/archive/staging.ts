import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../../gateway/store/index.ts';
import { ArchivingError } from './archive-source.ts';
import { sha256Of } from './sha256.ts';

/** Folder of archives on their way to the target: each is on disk before the index counts it. */
export class Staging {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** @param waiting names that the index counts; what else is there was never entered, and is made again */
  static async open(dir: string, waiting: ReadonlySet<string>): Promise<Staging> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    for (const name of await readdir(dir)) if (!waiting.has(name)) await rm(join(dir, name), { force: true });
    return new Staging(dir);
  }

  add(name: string, bytes: Buffer): Promise<void> {
    return writeFileDurably(join(this.#dir, name), bytes);
  }

  /** @throws ArchivingError staging-damaged */
  async read(name: string, sha256: string): Promise<Buffer> {
    const path = join(this.#dir, name);
    try {
      const bytes = await readFile(path);
      if (sha256Of(bytes) === sha256) return bytes;
    } catch (cause) {
      throw damaged(path, cause);
    }
    throw damaged(path);
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#dir, name), { force: true });
  }
}

function damaged(path: string, cause?: unknown): ArchivingError {
  const remedy = 'restore it from a backup: later archives are linked to it';
  return new ArchivingError('staging-damaged', `${path} is not the archive that was made: ${remedy}`, {
    cause,
  });
}
