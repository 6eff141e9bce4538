import { request } from 'undici';
import {
  type Checkpoint,
  checkConsistency,
  type HashReader,
  hashBytes,
  proveConsistency,
  rootOf,
  tilePath,
  tileWidth,
} from '../../gateway/transparency/index.ts';

/** Fetches a file below the folder of the history. @returns undefined when it is not there */
export type FetchFile = (path: string) => Promise<Buffer | undefined>;

/** The tiles of a checkpoint cannot be had, or are not those of it: nothing can be said of it. */
export class TilesError extends Error {
  override readonly name = 'TilesError';
}

const timeoutMs = 30_000;
const maxBytes = 64 * 1024;
/** A tree of 2^53 leaves needs no more for any proof. */
const maxTiles = 64;

/** @param folder address of the history, without a slash at its end */
export function fetchFrom(folder: URL): FetchFile {
  return async (path) => {
    const response = await request(new URL(`${folder.href}/${path}`), {
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.statusCode !== 200) {
      await response.body.dump({ limit: maxBytes });
      if (response.statusCode === 404) return undefined;
      throw new TilesError(`${path}: HTTP status ${response.statusCode}`);
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw new TilesError(`${path} is larger than ${maxBytes} octets`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };
}

/**
 * Whether the tree of a checkpoint goes on from an older one, by its own tiles.
 * @throws TilesError when the tiles cannot be had or do not make the root of `young`; Error of the network
 */
export async function goesOnFrom(old: Checkpoint, young: Checkpoint, fetchFile: FetchFile): Promise<boolean> {
  if (old.size > young.size) throw new RangeError('the older checkpoint has more leaves');
  if (old.size === young.size) return old.root.equals(young.root);
  const proof = await withTiles(young, fetchFile, (reader) => proveConsistency(reader, old.size, young.size));
  return checkConsistency({
    ...{ oldSize: old.size, oldRoot: old.root, newSize: young.size, newRoot: young.root, proof },
  });
}

class MissingTile extends Error {
  readonly level: number;
  readonly index: number;

  constructor(level: number, index: number) {
    super(`tile ${level}/${index} is not there yet`);
    this.level = level;
    this.index = index;
  }
}

/** Works on a tree, fetching its tiles as they are asked for, once they are known to be of its root. */
async function withTiles<Answer>(
  { size, root }: Checkpoint,
  fetchFile: FetchFile,
  work: (reader: HashReader) => Answer,
): Promise<Answer> {
  const tiles = new Map<string, Buffer>();
  const reader: HashReader = {
    read: (level, first, count) => {
      const hashes: Buffer[] = [];
      for (let at = first; at < first + count; at += 1) {
        const index = Math.floor(at / tileWidth);
        const tile = tiles.get(`${level}/${index}`);
        if (tile === undefined) throw new MissingTile(level, index);
        const start = (at % tileWidth) * hashBytes;
        hashes.push(tile.subarray(start, start + hashBytes));
      }
      return Buffer.concat(hashes);
    },
  };
  for (;;) {
    try {
      if (!rootOf(reader, size).equals(root)) {
        throw new TilesError(`the tiles that are served are not those of the checkpoint of ${size} entries`);
      }
      return work(reader);
    } catch (error) {
      if (!(error instanceof MissingTile)) throw error;
      if (tiles.size >= maxTiles) throw new TilesError('the proof asks for more tiles than any can');
      const { level, index } = error;
      tiles.set(`${level}/${index}`, await fetchTile(size, level, index, fetchFile));
    }
  }
}

/** A tile that was partial at `size` may be whole by now, and then be there as that alone. */
async function fetchTile(size: number, level: number, index: number, fetchFile: FetchFile): Promise<Buffer> {
  const width = Math.min(tileWidth, Math.floor(size / tileWidth ** level) - index * tileWidth);
  const path = tilePath(level, index, width);
  const tile = (await fetchFile(path)) ?? (await fetchFile(tilePath(level, index)));
  if (tile === undefined || tile.length < width * hashBytes) throw new TilesError(`${path} is not there`);
  return tile.subarray(0, width * hashBytes);
}
