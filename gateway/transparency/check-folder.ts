import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { TransparencyError } from './error.ts';
import { hashBytes, hashLeaf } from './hash.ts';
import { openNote } from './note.ts';
import { foldHashes, rootOf, tileWidth } from './reader.ts';
import { hashesAtLevel, parseTilePath, tilePath } from './tile.ts';

export interface TileFolderQuestion {
  /** As `writeTileFolder` lays it out. */
  readonly dir: string;
  /** Of the log, from its owner: what lies in the folder cannot vouch for itself. */
  readonly verifierKey: string;
  /** Signed notes that somebody kept, by names for the report. */
  readonly held?: readonly { readonly name: string; readonly note: string }[];
}

export interface TileFinding {
  /** Path below the folder, or the name of a held checkpoint. */
  readonly file: string;
  /**
   * altered: other octets than were signed for; missing: not there; unknown: no file of such a folder; forked: of other
   * leaves than were signed for; rolled-back: a held checkpoint is of more leaves.
   */
  readonly code: 'altered' | 'missing' | 'unknown' | 'forked' | 'rolled-back';
  readonly text: string;
}

export interface TileFolderReport {
  readonly origin: string | null;
  readonly size: number;
  /** Files that were compared with what the checkpoint commits to. */
  readonly tiles: number;
  readonly bundles: number;
  /** Files beyond the checkpoint, for a log writes its tiles first, and ones that a writer broke off. */
  readonly beyond: number;
  readonly isGood: boolean;
  readonly findings: readonly TileFinding[];
  /** Findings beyond those that are told. */
  readonly omitted: number;
}

const checkpointName = 'checkpoint';
const maxFindings = 1_000;
/** What a writer that died left: its file had no name yet. */
const unfinished = /\.[0-9a-f]{8}-[0-9a-f-]{27}\.tmp$/;

/**
 * Whether the tiles and entries in a folder are those of its signed checkpoint, all of them. The root vouches for the
 * right edge of the tree, and each tile for those below it, so that what was altered is named and not its neighbour.
 * @throws Error when the folder cannot be read; TransparencyError key-malformed
 * @see C2SP tlog-tiles
 */
export function checkTileFolder({ dir, verifierKey, held = [] }: TileFolderQuestion): TileFolderReport {
  const check = new FolderCheck(dir);
  const checkpoint = check.openCheckpoint(verifierKey);
  if (checkpoint !== undefined) {
    check.checkTree(checkpoint);
    check.checkNames(checkpoint);
    for (const { name, note } of held) check.checkHeld(name, note, verifierKey, checkpoint);
  }
  return check.report(checkpoint);
}

class FolderCheck {
  readonly #dir: string;
  readonly #findings: TileFinding[] = [];
  #omitted = 0;
  #tiles = 0;
  #bundles = 0;
  #beyond = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  openCheckpoint(verifierKey: string): Checkpoint | undefined {
    const bytes = readFileSync(join(this.#dir, checkpointName));
    const note = bytes.toString('utf8');
    try {
      if (!Buffer.from(note).equals(bytes)) {
        throw new TransparencyError('note-malformed', 'This is not a signed note: it is not UTF-8');
      }
      return parseCheckpoint(openNote(note, [verifierKey]).text);
    } catch (error) {
      if (!(error instanceof TransparencyError) || error.code === 'key-malformed') throw error;
      this.#note(checkpointName, 'altered', error.message);
      return undefined;
    }
  }

  checkTree({ size, root }: Checkpoint): void {
    const edges = this.#readEdges(size);
    const hashes = this.#trustEdges(edges, root);
    for (const [level, { index, width }] of edges.entries()) {
      const trusted = hashes[level];
      if (width > 0) this.#checkTile(level, index, width, trusted);
    }
  }

  /** Whether the tree goes on from a checkpoint that was kept. */
  checkHeld(name: string, note: string, verifierKey: string, { origin, size }: Checkpoint): void {
    let kept: Checkpoint;
    try {
      kept = parseCheckpoint(openNote(note, [verifierKey]).text);
    } catch (error) {
      if (!(error instanceof TransparencyError)) throw error;
      this.#note(name, 'altered', error.message);
      return;
    }
    if (kept.origin !== origin) {
      this.#note(name, 'forked', `it is of the log ${kept.origin}, the folder of ${origin}`);
    } else if (kept.size > size) {
      const text = `${kept.size} leaves were signed for, and the folder has ${size}: it is an older copy, or its end was cut off`;
      this.#note(name, 'rolled-back', text);
    } else if (this.#rootAt(kept.size)?.equals(kept.root) !== true) {
      this.#note(
        name,
        'forked',
        `the first ${kept.size} leaves of the folder are not those it was signed for`,
      );
    }
  }

  /** Every file is one that such a folder has; those that the tree does not reach are counted. */
  checkNames({ size }: Checkpoint): void {
    const root = join(this.#dir, 'tile');
    if (!existsSync(root)) return;
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue;
      const path = relative(this.#dir, join(entry.parentPath, entry.name)).split(sep).join('/');
      const place = parseTilePath(path);
      if (place === undefined) {
        if (unfinished.test(path)) this.#beyond += 1;
        else this.#note(path, 'unknown', 'a folder of tiles has no such file');
        continue;
      }
      const level = place.level === 'entries' ? 0 : place.level;
      if (place.index * tileWidth >= hashesAtLevel(size, level)) this.#beyond += 1;
    }
  }

  report(checkpoint: Checkpoint | undefined): TileFolderReport {
    return {
      ...{ origin: checkpoint?.origin ?? null, size: checkpoint?.size ?? 0 },
      ...{ tiles: this.#tiles, bundles: this.#bundles, beyond: this.#beyond },
      ...{ isGood: this.#findings.length === 0, findings: this.#findings, omitted: this.#omitted },
    };
  }

  #note(file: string, code: TileFinding['code'], text: string): void {
    if (this.#findings.length < maxFindings) this.#findings.push({ file, code, text });
    else this.#omitted += 1;
  }

  /** Of each level the tile that is not full, which the root is made of. */
  #readEdges(size: number): Edge[] {
    const edges: Edge[] = [];
    for (let level = 0; hashesAtLevel(size, level) > 0; level += 1) {
      const count = hashesAtLevel(size, level);
      const [index, width] = [Math.floor(count / tileWidth), count % tileWidth];
      const hashes = width === 0 ? Buffer.alloc(0) : this.#readHashes(level, index, width);
      edges.push({ index, width, hashes });
    }
    return edges;
  }

  /** @returns of each level the hashes that the root vouches for; undefined where it vouches for none */
  #trustEdges(edges: readonly Edge[], root: Buffer): (Buffer | undefined)[] {
    const rows = edges.map(({ hashes }) => hashes);
    if (rootOfEdges(rows)?.equals(root) === true) return rows;
    // One of them is wrong or missing: it is the one in whose place what lies below it gives the root.
    const made = edges.map(({ index, width }, level) =>
      width === 0 ? Buffer.alloc(0) : this.#makeFromBelow(level, index, width),
    );
    const isOther = (level: number) => rows[level]?.equals(made[level] ?? Buffer.alloc(0)) !== true;
    for (const [level, { index, width }] of edges.entries()) {
      const mended = rows.map((row, at) => (at === level ? made[level] : row));
      if (width === 0 || rootOfEdges(mended)?.equals(root) !== true) continue;
      this.#noteTile(tilePath(level, index, width), rows[level]);
      return mended;
    }
    const upper = edges.flatMap(({ index, width }, level) =>
      level > 0 && width > 0 && made[level] !== undefined && isOther(level) ? [{ level, index, width }] : [],
    );
    for (const { level, index, width } of upper) this.#noteTile(tilePath(level, index, width), rows[level]);
    const [lowest] = edges;
    const isMissing = rows.includes(undefined);
    if (
      upper.length === 0 &&
      lowest !== undefined &&
      lowest.width > 0 &&
      (rows[0] === undefined || !isMissing)
    ) {
      // Those above are the hashes of what lies below them: it is the leaves at the end that were not signed for.
      this.#noteTile(tilePath(0, lowest.index, lowest.width), rows[0]);
      return rows.map((row, level) => (level === 0 ? undefined : row));
    }
    if (upper.length === 0 && !isMissing) {
      this.#note(checkpointName, 'forked', 'the tiles are those of a tree that was not signed for');
    }
    for (const [level, { index, width }] of edges.entries()) {
      if (rows[level] === undefined) this.#noteTile(tilePath(level, index, width), undefined);
    }
    return rows.map(() => undefined);
  }

  /**
   * Checks a tile's other files against its hashes, and the tiles below by them.
   * @param trusted undefined when nothing vouches for them: then it is the tile above that was found to be wrong
   */
  #checkTile(level: number, index: number, width: number, trusted: Buffer | undefined): void {
    this.#tiles += 1;
    this.#checkParts(level, index, width, trusted);
    if (level === 0) this.#checkBundles(index, width, trusted);
    for (let at = 0; level > 0 && at < width; at += 1) {
      const below = index * tileWidth + at;
      const expected = trusted?.subarray(at * hashBytes, (at + 1) * hashBytes);
      this.#checkTile(level - 1, below, tileWidth, this.#trustTile(level - 1, below, expected));
    }
  }

  /** @returns its hashes, or those that should be there as far as what lies below it tells */
  #trustTile(level: number, index: number, expected: Buffer | undefined): Buffer | undefined {
    const found = this.#readHashes(level, index, tileWidth);
    if (found === undefined && expected === undefined) this.#noteTile(tilePath(level, index), undefined);
    if (expected === undefined) return undefined;
    if (found !== undefined && foldHashes(found, tileWidth).equals(expected)) return found;
    this.#noteTile(tilePath(level, index), found);
    const made = this.#makeFromBelow(level, index, tileWidth);
    return made !== undefined && foldHashes(made, tileWidth).equals(expected) ? made : undefined;
  }

  /** Parts of a tile from when it was narrower, and the whole one where only a part is signed for yet. */
  #checkParts(level: number, index: number, width: number, trusted: Buffer | undefined): void {
    for (const { path, wide } of this.#otherWidths(level, index, width)) {
      this.#tiles += 1;
      const bytes = readFileSync(join(this.#dir, path));
      const common = Math.min(wide, width) * hashBytes;
      const isSame = trusted?.subarray(0, common).equals(bytes.subarray(0, common)) ?? true;
      if (bytes.length !== wide * hashBytes || !isSame) this.#noteTile(path, bytes);
    }
  }

  /** Entries may have been removed; those that are there hash to the leaves. */
  #checkBundles(index: number, width: number, trusted: Buffer | undefined): void {
    const own = tilePath('entries', index, width);
    const paths = existsSync(join(this.#dir, own)) ? [{ path: own, wide: width }] : [];
    for (const { path, wide } of [...paths, ...this.#otherWidths('entries', index, width)]) {
      this.#bundles += 1;
      const hashes = hashesOfBundle(readFileSync(join(this.#dir, path)));
      const common = Math.min(wide, width) * hashBytes;
      const isSame = trusted === undefined || hashes?.subarray(0, common).equals(trusted.subarray(0, common));
      if (hashes?.length !== wide * hashBytes || isSame !== true) {
        this.#note(path, 'altered', 'its entries are not those whose hashes were signed for');
      }
    }
  }

  #otherWidths(level: number | 'entries', index: number, width: number): { path: string; wide: number }[] {
    const whole = tilePath(level, index);
    const folder = join(this.#dir, `${whole}.p`);
    const parts = existsSync(folder) ? readdirSync(folder) : [];
    const widths = parts.flatMap((name) => parseTilePath(`${whole}.p/${name}`)?.width ?? []);
    const all = existsSync(join(this.#dir, whole)) ? [...widths, tileWidth] : widths;
    return all.filter((wide) => wide !== width).map((wide) => ({ path: tilePath(level, index, wide), wide }));
  }

  /** @returns undefined when the file is missing or not of that length */
  #readHashes(level: number, index: number, width: number): Buffer | undefined {
    const path = join(this.#dir, tilePath(level, index, width));
    if (!existsSync(path)) return undefined;
    const bytes = readFileSync(path);
    return bytes.length === width * hashBytes ? bytes : undefined;
  }

  /** What a tile should hold by the tiles below it, or by the entries; undefined when they are not all there. */
  #makeFromBelow(level: number, index: number, width: number): Buffer | undefined {
    if (level === 0) {
      const path = join(this.#dir, tilePath('entries', index, width));
      const hashes = existsSync(path) ? hashesOfBundle(readFileSync(path)) : undefined;
      return hashes?.length === width * hashBytes ? hashes : undefined;
    }
    const made: Buffer[] = [];
    for (let at = 0; at < width; at += 1) {
      const below = this.#readHashes(level - 1, index * tileWidth + at, tileWidth);
      if (below === undefined) return undefined;
      made.push(foldHashes(below, tileWidth));
    }
    return Buffer.concat(made);
  }

  #noteTile(path: string, found: Buffer | undefined): void {
    if (found === undefined && !existsSync(join(this.#dir, path))) {
      this.#note(path, 'missing', 'the checkpoint commits to it, and it is not there');
    } else this.#note(path, 'altered', 'its hashes are not those that were signed for');
  }

  #rootAt(size: number): Buffer | undefined {
    try {
      return rootOf({ read: (level, first, count) => this.#readRange(level, first, count) }, size);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  #readRange(level: number, first: number, count: number): Buffer {
    const pieces: Buffer[] = [];
    for (let at = first; at < first + count; ) {
      const index = Math.floor(at / tileWidth);
      const end = Math.min(first + count, (index + 1) * tileWidth);
      const wanted = end - index * tileWidth;
      const widths = [tileWidth, ...this.#otherWidths(level, index, tileWidth).map(({ wide }) => wide)];
      const wide = widths.find((one) => one >= wanted && this.#readHashes(level, index, one) !== undefined);
      const tile = wide === undefined ? undefined : this.#readHashes(level, index, wide);
      if (tile === undefined) throw new RangeError(`${tilePath(level, index)} is not there`);
      pieces.push(tile.subarray((at % tileWidth) * hashBytes, wanted * hashBytes));
      at = end;
    }
    return Buffer.concat(pieces);
  }
}

interface Edge {
  readonly index: number;
  readonly width: number;
  /** Undefined when the file is missing or of another length; empty for a level that ends with a whole tile. */
  readonly hashes: Buffer | undefined;
}

/** Folds the right edge, level by level: what came from below stands to the right. */
function rootOfEdges(rows: readonly (Buffer | undefined)[]): Buffer | undefined {
  let below = Buffer.alloc(0);
  for (const row of rows) {
    if (row === undefined) return undefined;
    const all = Buffer.concat([row, below]);
    below = Buffer.from(all.length === 0 ? all : foldHashes(all, all.length / hashBytes));
  }
  return below.length === 0 ? foldHashes(below, 0) : below;
}

/** @returns hashes of the entries, each of which has its length before it; undefined when one is cut off */
function hashesOfBundle(bytes: Buffer): Buffer | undefined {
  const hashes: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 2 > bytes.length) return undefined;
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) return undefined;
    hashes.push(hashLeaf(bytes.subarray(at + 2, end)));
    at = end;
  }
  return Buffer.concat(hashes);
}
