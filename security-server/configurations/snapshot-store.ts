import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type ConfigurationSnapshot,
  listSnapshot,
  parseListing,
  type SnapshotFile,
  snapshotId,
} from '../../gateway/configuration/index.ts';
import { syncFolder, writeFileDurably } from '../../gateway/store/index.ts';

/** The files of a snapshot are not those that its id names. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
  readonly code = 'snapshot-damaged';
}

/**
 * Snapshots of the configuration that records name, in a folder of their own. Everything is named by its SHA-256:
 *
 *     snapshots/<id>    listing of one snapshot, as sha256sum writes it; its own hash is the id
 *     files/<sha256>    a file, once for all snapshots that have it
 *
 * A listing is written after all it lists, and each file whole or not at all, so whatever a crash leaves is either a
 * snapshot or rubbish that nothing names. One process at a time may write.
 */
export class SnapshotStore {
  readonly #snapshots: string;
  readonly #files: string;
  /** Files that this process has written, or read back whole: not to be read again with every snapshot. */
  readonly #whole = new Set<string>();
  #last: string | undefined;
  /** Removing must not take a file that a save under way counts on. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(dir: string) {
    this.#snapshots = join(dir, 'snapshots');
    this.#files = join(dir, 'files');
  }

  static async open(dir: string): Promise<SnapshotStore> {
    const store = new SnapshotStore(dir);
    for (const folder of [store.#snapshots, store.#files]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // A file that a crash left half-written has no name of the store.
      for (const name of await readdir(folder)) {
        if (!isHash(name)) await rm(join(folder, name), { force: true });
      }
    }
    await syncFolder(dir);
    await syncFolder(dirname(dir));
    return store;
  }

  /**
   * Keeps a snapshot; it is on disk when this resolves.
   * @throws SnapshotError when the files are not those of the id
   */
  save({ id, files }: ConfigurationSnapshot): Promise<void> {
    return this.#inTurn(async () => {
      const listing = listSnapshot(files);
      if (hashOf(Buffer.from(listing)) !== id) throw damaged(id, 'the files to save are others');
      for (const { bytes } of files) await this.#saveFile(bytes);
      await keep(join(this.#snapshots, id), Buffer.from(listing));
      this.#last = id;
    });
  }

  /**
   * @returns undefined when there is none of that id
   * @throws SnapshotError when it was damaged
   */
  async load(id: string): Promise<ConfigurationSnapshot | undefined> {
    const listing = isHash(id) ? await readIfThere(join(this.#snapshots, id)) : undefined;
    if (listing === undefined) return undefined;
    if (hashOf(listing) !== id) throw damaged(id, 'its listing was changed');
    const files: SnapshotFile[] = [];
    for (const { name, hash } of parseListing(listing.toString('utf8'))) {
      const bytes = await readIfThere(join(this.#files, hash));
      if (bytes === undefined) throw damaged(id, `${name} (${hash}) is missing`);
      if (hashOf(bytes) !== hash) throw damaged(id, `${name} (${hash}) was changed`);
      files.push({ name, bytes });
    }
    return { id: snapshotId(files), files };
  }

  /** Ids of all snapshots, in no order that means anything. */
  async list(): Promise<string[]> {
    return (await readdir(this.#snapshots)).filter(isHash);
  }

  /**
   * Removes what no record names any more. The snapshot that was saved last stays, for the next record will name it.
   * @param used ids that records name
   * @param savedBefore younger snapshots stay too: a record that names one may be under way
   * @returns ids that were removed
   */
  removeUnused(used: ReadonlySet<string>, savedBefore: Date): Promise<string[]> {
    return this.#inTurn(async () => {
      const removed: string[] = [];
      for (const id of await this.list()) {
        if (used.has(id) || id === this.#last) continue;
        const { mtime } = await stat(join(this.#snapshots, id));
        if (mtime < savedBefore) removed.push(id);
      }
      await this.#remove(removed);
      return removed;
    });
  }

  /** Listings first: a file is missed by nothing that still counts, also after a crash in between. */
  async #remove(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    for (const id of ids) await rm(join(this.#snapshots, id), { force: true });
    await syncFolder(this.#snapshots);
    const needed = new Set<string>();
    for (const id of await this.list()) {
      const listing = await readFile(join(this.#snapshots, id), 'utf8');
      for (const { hash } of parseListing(listing)) needed.add(hash);
    }
    for (const hash of await readdir(this.#files)) {
      if (needed.has(hash)) continue;
      this.#whole.delete(hash);
      await rm(join(this.#files, hash), { force: true });
    }
    await syncFolder(this.#files);
  }

  async #saveFile(bytes: Buffer): Promise<void> {
    const hash = hashOf(bytes);
    if (this.#whole.has(hash)) return;
    await keep(join(this.#files, hash), bytes);
    this.#whole.add(hash);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#turn.then(work);
    // The next in turn begins whatever became of this one, which its own caller is told.
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

function damaged(id: string, how: string): SnapshotError {
  return new SnapshotError(`Configuration ${id} is damaged: ${how}; restore it from a backup`);
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isHash(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** Leaves what is there already, unless it was damaged. */
async function keep(path: string, bytes: Buffer): Promise<void> {
  const known = await readIfThere(path);
  if (known?.equals(bytes) !== true) await writeFileDurably(path, bytes);
  // A process that died may have put it there without waiting for the disk.
  else await syncFolder(dirname(path));
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
