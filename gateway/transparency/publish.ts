import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, writeFileDurably } from '../../certs/file/index.ts';
import { type Checkpoint, readClaim } from './checkpoint.ts';
import { TransparencyError } from './error.ts';
import { type HashReader, rootOf, tileWidth } from './reader.ts';
import { hashesAtLevel, readTile, tilePath } from './tile.ts';

export interface TileFolderOptions {
  /** Where the files go; a web server can serve it as it is. One process writes. */
  readonly dir: string;
  readonly reader: HashReader;
  /** Signed note of the checkpoint to publish. */
  readonly checkpoint: string;
  /**
   * The entries themselves, to publish them too.
   * @returns those from `first` on, each of up to 65 535 octets; undefined when they are not kept any more
   */
  readonly entries?: (first: number, count: number) => readonly Uint8Array[] | undefined;
}

export interface TileFolderChange {
  /** Leaves that were published before. */
  readonly from: number;
  readonly size: number;
  readonly filesWritten: number;
}

interface PublishedFile {
  readonly path: string;
  /** Undefined: there is nothing to write. */
  readonly read: () => Uint8Array | undefined;
}

const checkpointName = 'checkpoint';
const writesAtOnce = 16;
const maxEntryBytes = 0xffff;

/**
 * Lays a log out as static files: its checkpoint, its tiles, its entries. Writes what is not there yet, and the
 * checkpoint last, once all it commits to is on the disk: what is served is whole at any instant, also after a crash.
 * @throws TransparencyError fork when what is published already does not lead to this checkpoint
 * @see C2SP tlog-tiles
 */
export async function writeTileFolder(options: TileFolderOptions): Promise<TileFolderChange> {
  const { dir, reader, checkpoint } = options;
  const next = readClaim(checkpoint);
  const from = await readPublishedSize(dir, reader, next);
  const { size } = next;
  requireSame(rootOf(reader, size), next, 'the tree at hand');
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const folders = new Set<string>();
  let filesWritten = 0;
  for await (const file of inTurns(filesToWrite(options, from, size), writesAtOnce, writeFile)) {
    if (file === undefined) continue;
    filesWritten += 1;
    // A new folder is a name in the one above it.
    for (let at = dirname(file); at.startsWith(dir); at = dirname(at)) folders.add(at);
  }
  for (const folder of folders) await syncFolder(folder);
  await writeFileDurably(join(dir, checkpointName), checkpoint, 0o644);
  for (const path of outgrown(from, size)) {
    if (existsSync(join(dir, path))) await rm(join(dir, `${path}.p`), { recursive: true, force: true });
  }
  return { from, size, filesWritten };
}

/** Leaves published so far, all of which the tree goes on from. */
async function readPublishedSize(dir: string, reader: HashReader, next: Checkpoint): Promise<number> {
  const note = await readFile(join(dir, checkpointName), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (note === undefined) return 0;
  const published = readClaim(note);
  if (published.origin !== next.origin) throw fork(`it is of another log, ${published.origin}`);
  if (published.size > next.size) {
    throw fork(`it has ${published.size} leaves already, the new checkpoint ${next.size}`);
  }
  requireSame(rootOf(reader, published.size), published, 'the published checkpoint');
  return published.size;
}

function requireSame(root: Buffer, { size, root: expected }: Checkpoint, what: string): void {
  if (!root.equals(expected)) throw fork(`the first ${size} leaves of ${what} are others`);
}

function fork(reason: string): TransparencyError {
  return new TransparencyError(
    'fork',
    `What is published cannot be gone on from: ${reason}. Nothing was changed; check the log before you publish it.`,
  );
}

/** Tiles and bundles that a tree of `size` leaves has and one of `from` had not, or not so wide. */
function* filesToWrite(
  { dir, reader, entries }: TileFolderOptions,
  from: number,
  size: number,
): Generator<PublishedFile> {
  for (let level = 0; hashesAtLevel(size, level) > 0; level += 1) {
    const count = hashesAtLevel(size, level);
    if (hashesAtLevel(from, level) === count) continue;
    for (let tile = firstOpenTile(from, level); tile * tileWidth < count; tile += 1) {
      const width = Math.min(tileWidth, count - tile * tileWidth);
      const path = join(dir, tilePath(level, tile, width));
      yield { path, read: () => readTile(reader, size, level, tile, width) };
      if (level > 0 || entries === undefined) continue;
      yield {
        path: join(dir, tilePath('entries', tile, width)),
        read: () => bundleOf(entries(tile * tileWidth, width), width),
      };
    }
  }
}

/** Tiles that became whole: who still looks for a part takes the whole instead. */
function* outgrown(from: number, size: number): Generator<string> {
  for (let level = 0; hashesAtLevel(from, level) > 0; level += 1) {
    const tile = firstOpenTile(from, level);
    const isWhole = hashesAtLevel(size, level) >= (tile + 1) * tileWidth;
    if (!isWhole || hashesAtLevel(from, level) % tileWidth === 0) continue;
    yield tilePath(level, tile);
    if (level === 0) yield tilePath('entries', tile);
  }
}

/** The first tile of a level that a tree of `size` leaves has not whole. */
function firstOpenTile(size: number, level: number): number {
  return Math.floor(hashesAtLevel(size, level) / tileWidth);
}

/** Each entry after its length in two octets, big-endian. */
function bundleOf(entries: readonly Uint8Array[] | undefined, width: number): Buffer | undefined {
  if (entries === undefined) return undefined;
  if (entries.length !== width) throw new RangeError(`${entries.length} entries where ${width} belong`);
  return Buffer.concat(
    entries.flatMap((entry) => {
      if (entry.length > maxEntryBytes)
        throw new RangeError(`an entry of ${entry.length} octets is too long`);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}

/** @returns the path, once its bytes are on the disk; the caller makes the name durable */
async function writeFile({ path, read }: PublishedFile): Promise<string | undefined> {
  const bytes = read();
  if (bytes === undefined) return undefined;
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, 'wx', 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  return path;
}

/** Does all work, up to so much of it at once. */
async function* inTurns<Item, Result>(
  items: Iterable<Item>,
  atOnce: number,
  act: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < atOnce) continue;
    yield* await Promise.all(batch.map(act));
    batch = [];
  }
  yield* await Promise.all(batch.map(act));
}
