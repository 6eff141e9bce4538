import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parseCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { TransparencyError } from './error.ts';
import { hashBytes, hashLeaf } from './hash.ts';
import { createNoteSigner, openNote } from './note.ts';
import { writeTileFolder } from './publish.ts';
import { type HashReader, rootOf } from './reader.ts';
import { readerOf } from './testing/trees.ts';
import { readTile, tilePath } from './tile.ts';

const root = mkdtempSync(join(tmpdir(), 'waygate-tiles-'));
let dir = root;
const signer = createNoteSigner('example.org/log', generateKeyPairSync('ed25519').privateKey);
const contents = Array.from({ length: 66_000 }, (_, index) => Buffer.from(`entry ${index}`));
const reader = readerOf(contents.map(hashLeaf));
const entries = (first: number, count: number) => contents.slice(first, first + count);

beforeEach(() => {
  dir = mkdtempSync(join(root, 'folder-'));
});
afterAll(() => rmSync(root, { recursive: true }));

function checkpointOf(size: number, of: HashReader = reader, origin = 'example.org/log'): string {
  return signer.sign(writeCheckpoint({ origin, size, root: rootOf(of, size) }));
}

function publish(size: number) {
  return writeTileFolder({ dir, reader, checkpoint: checkpointOf(size), entries });
}

/** Paths of all files, sorted. */
function files(): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
}

describe('a folder of tiles', () => {
  it('has all tiles and bundles of its checkpoint, and nothing else', async () => {
    expect(await publish(700)).toEqual({ from: 0, size: 700, filesWritten: 7 });
    expect(files()).toEqual([
      'checkpoint',
      'tile/0/000',
      'tile/0/001',
      'tile/0/002.p/188',
      'tile/1/000.p/2',
      'tile/entries/000',
      'tile/entries/001',
      'tile/entries/002.p/188',
    ]);
    const note = readFileSync(join(dir, 'checkpoint'), 'utf8');
    expect(parseCheckpoint(openNote(note, [signer.verifierKey]).text).size).toBe(700);
    expect(readFileSync(join(dir, tilePath(0, 2, 188)))).toEqual(readTile(reader, 700, 0, 2));
    const bundle = readFileSync(join(dir, 'tile/entries/001'));
    expect(bundle.readUInt16BE(0)).toBe('entry 256'.length);
    expect(bundle.subarray(2, 11).toString()).toBe('entry 256');
  });

  it('grows by what is new, and ends up the same as one written at once', async () => {
    const sizes = [0, 1, 1, 255, 256, 300, 511, 512, 65_535, 65_536, 65_537, 66_000];
    let from = 0;
    for (const size of sizes) {
      expect(await publish(size)).toMatchObject({ from, size });
      from = size;
    }
    const grown = dir;
    const paths = files();
    dir = mkdtempSync(join(root, 'folder-'));
    await publish(66_000);
    for (const path of files()) {
      expect(readFileSync(join(grown, path)).equals(readFileSync(join(dir, path)))).toBe(true);
    }
    const atOnce = new Set(files());
    // What is left over are parts of tiles that are still open.
    const more = paths.filter((path) => !atOnce.has(path));
    expect(more).toEqual([]);
    expect(await publish(66_000)).toMatchObject({ from: 66_000, filesWritten: 0 });
  });

  it('keeps the parts of a tile until it is whole', async () => {
    await publish(10);
    await publish(20);
    expect(files()).toContain('tile/0/000.p/10');
    expect(files()).toContain('tile/0/000.p/20');
    await publish(256);
    expect(files()).toEqual(['checkpoint', 'tile/0/000', 'tile/1/000.p/1', 'tile/entries/000']);
  });

  it('goes on without the entries that are not kept any more', async () => {
    await publish(300);
    const gone = () => undefined;
    await writeTileFolder({ dir, reader, checkpoint: checkpointOf(600), entries: gone });
    expect(files().filter((path) => path.startsWith('tile/entries'))).toEqual([
      'tile/entries/000',
      'tile/entries/001.p/44',
    ]);
  });

  it('never takes back what was published, nor forks from it', async () => {
    await publish(300);
    const before = files();
    const otherLog = checkpointOf(400, reader, 'example.org/other');
    const forged = [...contents.slice(0, 400)].map(hashLeaf);
    forged[7] = Buffer.alloc(hashBytes);
    const otherTree = readerOf(forged);
    expect(await codeOf(publish(299))).toBe('fork');
    expect(await codeOf(writeTileFolder({ dir, reader, checkpoint: otherLog }))).toBe('fork');
    const fork = { dir, reader: otherTree, checkpoint: checkpointOf(400, otherTree) };
    expect(await codeOf(writeTileFolder(fork))).toBe('fork');
    expect(await codeOf(writeTileFolder({ ...fork, reader }))).toBe('fork');
    expect(files()).toEqual(before);
    expect(await publish(400)).toMatchObject({ from: 300 });
  });

  it('is not gone on with when its checkpoint is damaged', async () => {
    await publish(300);
    writeFileSync(join(dir, 'checkpoint'), 'nonsense');
    expect(await codeOf(publish(400))).toBe('checkpoint-malformed');
  });

  it('gets its checkpoint only once all else is there', async () => {
    await publish(300);
    const failing: HashReader = {
      read: (level, first, count) => {
        if (level === 0 && first >= 512 && count > 1) throw new RangeError('the disk is gone');
        return reader.read(level, first, count);
      },
    };
    const checkpoint = checkpointOf(513 + 256);
    await expect(writeTileFolder({ dir, reader: failing, checkpoint })).rejects.toThrow(RangeError);
    expect(readFileSync(join(dir, 'checkpoint'), 'utf8').split('\n')[1]).toBe('300');
    expect(await publish(769)).toMatchObject({ from: 300, size: 769 });
  });

  it('refuses entries that do not fit', async () => {
    const long = () => [Buffer.alloc(65_536)];
    const few = () => [];
    for (const wrong of [long, few]) {
      const options = { dir, reader, checkpoint: checkpointOf(1), entries: wrong };
      await expect(writeTileFolder(options)).rejects.toThrow(RangeError);
    }
    expect(files()).not.toContain('checkpoint');
  });
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof TransparencyError) return error.code;
    throw error;
  }
  return 'accepted';
}
