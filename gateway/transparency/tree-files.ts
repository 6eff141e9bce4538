import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { hashBytes } from './hash.ts';
import { foldHashes, type HashReader, tileWidth } from './reader.ts';

/** Levels of a tree of 2^53 leaves, the top one of less than a tile. */
const levels = 7;

/**
 * The hashes of a growing tree in a folder: one file for each tile level, hash after hash. They follow from the
 * entries, so nothing is lost with them; who changes them is found out by the checkpoints. One process writes.
 */
export class TreeFiles implements HashReader {
  readonly #files: readonly number[];
  readonly #counts: number[];
  /** Whether another process or thread writes. */
  readonly #isReader: boolean;

  private constructor(files: readonly number[], isReader: boolean) {
    this.#files = files;
    this.#counts = files.map(countIn);
    this.#isReader = isReader;
  }

  /** Opens what is there, without what a crash left half written. @param mode `r` leaves the files as they are */
  static open(dir: string, mode: 'r' | 'rw' = 'rw'): TreeFiles {
    if (mode === 'rw') mkdirSync(dir, { recursive: true, mode: 0o700 });
    const files: number[] = [];
    for (let level = 0; level < levels; level += 1) {
      const file = mode === 'rw' ? openSync(join(dir, String(level)), 'a+', 0o600) : -1;
      // Not kept open for appending: writes go to the place that belongs to a hash.
      if (mode === 'rw') closeSync(file);
      files.push(openSync(join(dir, String(level)), mode === 'rw' ? 'r+' : 'r'));
    }
    const tree = new TreeFiles(files, mode === 'r');
    if (mode === 'rw') tree.truncate(tree.#wholeSize());
    return tree;
  }

  /** Leaves. */
  get size(): number {
    if (this.#isReader) this.#refresh();
    return this.#counts[0] ?? 0;
  }

  read(level: number, first: number, count: number): Buffer {
    const file = this.#files[level];
    if (this.#isReader && first + count > (this.#counts[level] ?? 0)) this.#refresh();
    if (file === undefined || first < 0 || first + count > (this.#counts[level] ?? 0)) {
      throw new RangeError(`hashes ${first} to ${first + count} of level ${level} are not in the tree`);
    }
    const bytes = Buffer.allocUnsafe(count * hashBytes);
    for (let at = 0; at < bytes.length; ) {
      const got = readSync(file, bytes, at, bytes.length - at, first * hashBytes + at);
      if (got === 0) throw new RangeError(`level ${level} of the tree ends before hash ${first + count}`);
      at += got;
    }
    return bytes;
  }

  append(leafHashes: readonly Buffer[]): void {
    this.#write(0, Buffer.concat(leafHashes));
  }

  /** Forgets all leaves from `size` on. */
  truncate(size: number): void {
    for (let level = 0; level < levels; level += 1) {
      const count = Math.floor(size / tileWidth ** level);
      const file = this.#files[level];
      if (file === undefined) continue;
      if (fstatSync(file).size !== count * hashBytes) ftruncateSync(file, count * hashBytes);
      this.#counts[level] = count;
    }
  }

  /** Returns once all hashes are on the disk. */
  sync(): void {
    for (const file of this.#files) fsyncSync(file);
  }

  close(): void {
    for (const file of this.#files) closeSync(file);
  }

  #write(level: number, hashes: Buffer): void {
    const file = this.#files[level];
    if (file === undefined || hashes.length === 0) return;
    const before = this.#counts[level] ?? 0;
    for (let at = 0; at < hashes.length; ) {
      at += writeSync(file, hashes, at, hashes.length - at, before * hashBytes + at);
    }
    const count = before + hashes.length / hashBytes;
    this.#counts[level] = count;
    const above: Buffer[] = [];
    for (let tile = Math.floor(before / tileWidth); tile < Math.floor(count / tileWidth); tile += 1) {
      above.push(foldHashes(this.read(level, tile * tileWidth, tileWidth), tileWidth));
    }
    if (above.length > 0) this.#write(level + 1, Buffer.concat(above));
  }

  #refresh(): void {
    for (const [level, file] of this.#files.entries()) this.#counts[level] = countIn(file);
  }

  /** Leaves up to which every level has what it must have: the last tiles may lack their hash above. */
  #wholeSize(): number {
    let size = this.#counts[0] ?? 0;
    for (let level = 1; level < levels; level += 1) {
      const unit = tileWidth ** level;
      if ((this.#counts[level] ?? 0) < Math.floor(size / unit)) size = (this.#counts[level] ?? 0) * unit;
    }
    return size;
  }
}

function countIn(file: number): number {
  return Math.floor(fstatSync(file).size / hashBytes);
}
