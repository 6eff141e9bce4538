import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type ConfigurationSnapshot,
  directoryFile,
  instanceFolder,
  listSnapshot,
  ownerFile,
  parseListing,
  readDirectory,
} from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { syncFolder, writeFileDurably } from '../../gateway/store/index.ts';
import { damaged, hashOf, isHash, loadSnapshot, placesIn, readIfThere } from './snapshot-files.ts';

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
  readonly #dir: string;
  readonly #snapshots: string;
  readonly #files: string;
  /** Files that this process has written, or read back whole: not to be read again with every snapshot. */
  readonly #whole = new Set<string>();
  /** Snapshots that this process was the first to save, with the files that no other snapshot has. */
  readonly #alone = new Map<string, Set<string>>();
  #last: string | undefined;
  /** Removing must not take a file that a save under way counts on. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(dir: string) {
    this.#dir = dir;
    const { snapshots, files } = placesIn(dir);
    this.#snapshots = snapshots;
    this.#files = files;
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
      const added = new Set<string>();
      for (const { bytes } of files) {
        const hash = await this.#saveFile(bytes);
        if (hash !== undefined) added.add(hash);
      }
      if (await keep(join(this.#snapshots, id), Buffer.from(listing))) this.#alone.set(id, added);
      else this.#alone.delete(id);
      // Of the one before, the caller has decided by the time of the next.
      for (const former of this.#alone.keys()) {
        if (former !== id && former !== this.#last) this.#alone.delete(former);
      }
      this.#last = id;
    });
  }

  /**
   * @returns undefined when there is none of that id
   * @throws SnapshotError when it was damaged
   */
  load(id: string): Promise<ConfigurationSnapshot | undefined> {
    return loadSnapshot(this.#dir, id);
  }

  /** Ids of all snapshots, in no order that means anything. */
  async list(): Promise<string[]> {
    return (await readdir(this.#snapshots)).filter(isHash);
  }

  /**
   * Takes back a snapshot that no record was given: one that this process was the first to save, and no other.
   */
  discard(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const alone = this.#alone.get(id);
      if (alone === undefined || id === this.#last) return;
      this.#alone.delete(id);
      await rm(join(this.#snapshots, id), { force: true });
      await syncFolder(this.#snapshots);
      await this.#removeFiles(alone);
    });
  }

  /**
   * Removes snapshots that no record from an instant on can name, for their directory had expired by then.
   * @param before when the oldest record was made that is still kept
   * @returns their ids; none of them is the one saved last, which the next record may name
   */
  removeExpired(before: Date): Promise<string[]> {
    return this.#inTurn(async () => {
      const removed: string[] = [];
      for (const id of await this.list()) {
        const { mtime } = await stat(join(this.#snapshots, id));
        // One that was saved later expired later still: no need to read it.
        if (id === this.#last || mtime >= before) continue;
        const expiresAt = await this.#expiryOf(id);
        if (expiresAt !== undefined && expiresAt <= before) removed.push(id);
      }
      await this.#remove(removed);
      return removed;
    });
  }

  /** @returns undefined for a snapshot that was damaged: what it was is for people to find out */
  async #expiryOf(id: string): Promise<Date | undefined> {
    try {
      const listed = parseListing(await readFile(join(this.#snapshots, id), 'utf8'));
      const read = (wanted: string) => {
        const hash = listed.find(({ name }) => name === wanted)?.hash ?? wanted;
        return readFile(join(this.#files, hash));
      };
      const own = (await read(ownerFile)).toString('utf8');
      return readDirectory(await read(`${instanceFolder(own)}/${directoryFile}`)).expiresAt;
    } catch (error) {
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isGone && !(error instanceof Fault)) throw error;
      return undefined;
    }
  }

  /** Listings first: a file is missed by nothing that still counts, also after a crash in between. */
  async #remove(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    for (const id of ids) {
      this.#alone.delete(id);
      await rm(join(this.#snapshots, id), { force: true });
    }
    await syncFolder(this.#snapshots);
    const needed = new Set<string>();
    for (const id of await this.list()) {
      const listing = await readFile(join(this.#snapshots, id), 'utf8');
      for (const { hash } of parseListing(listing)) needed.add(hash);
    }
    const all = await readdir(this.#files);
    await this.#removeFiles(all.filter((hash) => !needed.has(hash)));
  }

  async #removeFiles(hashes: Iterable<string>): Promise<void> {
    for (const hash of hashes) {
      this.#whole.delete(hash);
      await rm(join(this.#files, hash), { force: true });
    }
    await syncFolder(this.#files);
  }

  /** @returns hash of the file when it was not there before */
  async #saveFile(bytes: Buffer): Promise<string | undefined> {
    const hash = hashOf(bytes);
    for (const alone of this.#alone.values()) alone.delete(hash);
    if (this.#whole.has(hash)) return undefined;
    const isNew = await keep(join(this.#files, hash), bytes);
    this.#whole.add(hash);
    return isNew ? hash : undefined;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#turn.then(work);
    // The next in turn begins whatever became of this one, which its own caller is told.
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

/**
 * Leaves what is there already, unless it was damaged.
 * @returns whether nothing was there
 */
async function keep(path: string, bytes: Buffer): Promise<boolean> {
  const known = await readIfThere(path);
  if (known?.equals(bytes) !== true) await writeFileDurably(path, bytes);
  // A process that died may have put it there without waiting for the disk.
  else await syncFolder(dirname(path));
  return known === undefined;
}
