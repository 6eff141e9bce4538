import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { z } from '@hono/zod-openapi';
import { syncFolder, writeFileDurably } from '../store/index.ts';
import { digestOfFile } from './backup.ts';
import { BackupError } from './error.ts';
import type { BackedUpProgram } from './programs.ts';

/** Names of backups, made here alone: nothing that somebody sends becomes part of a path. */
export const backupName = /^(central-registry|security-server)-\d{8}T\d{6}Z-[0-9a-f]{8}\.backup$/;

/** What is known of a backup without opening it. */
export const keptSchema = z.strictObject({
  name: z.string().regex(backupName),
  /** Octets. */
  size: z.int().nonnegative(),
  /** Of the sealed file, in hexadecimal digits. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.iso.datetime(),
  /** Principal, or `system` for the schedule; absent when the file was found without what is known of it. */
  madeBy: z.string().max(1_000).optional(),
  /** In it. */
  files: z.int().nonnegative().optional(),
  /** Public keys that it is sealed to. */
  recipients: z.array(z.string()).optional(),
});
export type KeptBackup = z.infer<typeof keptSchema>;

export function newBackupName(program: BackedUpProgram, now: Date): string {
  const at = now.toISOString().replace(/[-:]|\.\d+/g, '');
  return `${program}-${at}-${randomBytes(4).toString('hex')}.backup`;
}

/** A folder of backups, each with a note beside it. */
export class KeptBackups {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws BackupError unknown */
  pathOf(name: string): string {
    if (!backupName.test(name)) throw unknown(name);
    return join(this.#folder, name);
  }

  /** Newest first. */
  async list(): Promise<KeptBackup[]> {
    const names = (await readdir(this.#folder)).filter((name) => backupName.test(name));
    const found = await Promise.all(names.map((name) => this.#note(name)));
    return found
      .filter((one) => one !== undefined)
      .sort((a, b) => b.createdAt.localeCompare(a.createdAt) || b.name.localeCompare(a.name));
  }

  /** @throws BackupError unknown */
  async read(name: string): Promise<KeptBackup> {
    const found = await this.#note(name);
    if (found === undefined) throw unknown(name);
    return found;
  }

  /** Notes what is known of a backup whose file is in place. */
  async add(kept: KeptBackup): Promise<void> {
    await writeFileDurably(this.#noteOf(kept.name), `${JSON.stringify(kept)}\n`);
  }

  /** @throws BackupError unknown */
  async open(name: string): Promise<{ readonly kept: KeptBackup; readonly content: Readable }> {
    const kept = await this.read(name);
    const file = await open(this.pathOf(name)).catch((error: unknown) => missing(name, error));
    return { kept, content: file.createReadStream() };
  }

  /** Whether its octets are those that were written. Reads all of it. @throws BackupError unknown */
  async isWhole(name: string): Promise<boolean> {
    const { sha256 } = await this.read(name);
    const found = await digestOfFile(this.pathOf(name)).catch((error: unknown) => missing(name, error));
    return found === sha256;
  }

  /** @throws BackupError unknown */
  async remove(name: string): Promise<void> {
    await this.read(name);
    await rm(this.pathOf(name), { force: true });
    await rm(this.#noteOf(name), { force: true });
    await syncFolder(this.#folder);
  }

  /** Removes what was cut short, copies of databases above all, and notes what has no note. */
  async sweep(): Promise<void> {
    const names = new Set(await readdir(this.#folder));
    for (const name of names) {
      const isOrphan = name.endsWith('.backup.json') && !names.has(name.slice(0, -'.json'.length));
      if (!name.startsWith('.') && !name.endsWith('.tmp') && !isOrphan) continue;
      await rm(join(this.#folder, name), { recursive: true, force: true });
    }
    for (const name of names) if (backupName.test(name)) await this.#adopt(name);
    await syncFolder(this.#folder);
  }

  async #adopt(name: string): Promise<void> {
    if ((await this.#note(name)) !== undefined) return;
    const path = this.pathOf(name);
    const { size, mtime } = await stat(path);
    // Its place was taken, and it never came.
    if (size === 0) return rm(path);
    await this.add({ name, size, sha256: await digestOfFile(path), createdAt: mtime.toISOString() });
  }

  #noteOf(name: string): string {
    return `${this.pathOf(name)}.json`;
  }

  async #note(name: string): Promise<KeptBackup | undefined> {
    try {
      const read = keptSchema.safeParse(JSON.parse(await readFile(this.#noteOf(name), 'utf8')));
      return read.data?.name === name ? read.data : undefined;
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT')
        return undefined;
      throw error;
    }
  }
}

function missing(name: string, error: unknown): never {
  throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? unknown(name) : error;
}

function unknown(name: string): BackupError {
  return new BackupError('unknown', `There is no backup ${JSON.stringify(name.slice(0, 100))}`);
}
