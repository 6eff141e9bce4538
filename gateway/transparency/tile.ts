import { hashBytes } from './hash.ts';
import { type HashReader, tileWidth } from './reader.ts';

const maxLevel = 63;

/**
 * Path of a tile below the log's address.
 * @param level of hashes, or `entries` for the leaves themselves
 * @param width hashes in a tile that is not full
 * @see C2SP tlog-tiles
 */
export function tilePath(level: number | 'entries', index: number, width: number = tileWidth): string {
  if (level !== 'entries' && (!Number.isInteger(level) || level < 0 || level > maxLevel)) {
    throw new RangeError(`there is no tile level ${level}`);
  }
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`there is no tile ${index}`);
  if (!Number.isInteger(width) || width < 1 || width > tileWidth) {
    throw new RangeError(`a tile holds 1 to ${tileWidth} hashes, not ${width}`);
  }
  const partial = width === tileWidth ? '' : `.p/${width}`;
  return `tile/${level}/${encodeIndex(index)}${partial}`;
}

/** Groups of three digits, all but the last with an x before them. */
function encodeIndex(index: number): string {
  const groups: string[] = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return groups.join('/');
}

const pathPattern = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/;

/** Reads a path that `tilePath` printed; undefined for every other spelling of one. */
export function parseTilePath(
  path: string,
): { readonly level: number | 'entries'; readonly index: number; readonly width: number } | undefined {
  const [, first, groups = '', part] = pathPattern.exec(path) ?? [];
  if (first === undefined) return undefined;
  const level = first === 'entries' ? first : Number(first);
  const index = Number(groups.replace(/[x/]/g, ''));
  const width = part === undefined ? tileWidth : Number(part);
  const isPlace = (level === 'entries' || level <= maxLevel) && width >= 1 && width <= tileWidth;
  if (!isPlace || !Number.isSafeInteger(index) || tilePath(level, index, width) !== path) return undefined;
  return { level, index, width };
}

/** How many hashes a level of a tree of `size` leaves has. */
export function hashesAtLevel(size: number, level: number): number {
  return Math.floor(size / tileWidth ** level);
}

/**
 * The tile as a tree of `treeSize` leaves has it.
 * @param width asked for; all the tree has unless told
 * @throws RangeError when the tree has no such tile, or not that wide
 */
export function readTile(
  reader: HashReader,
  treeSize: number,
  level: number,
  index: number,
  width?: number,
): Buffer {
  const available = Math.min(tileWidth, hashesAtLevel(treeSize, level) - index * tileWidth);
  const wanted = width ?? available;
  if (wanted < 1 || wanted > available) {
    throw new RangeError(`tile ${level}/${index} of ${wanted} hashes is not in a tree of ${treeSize} leaves`);
  }
  const tile = reader.read(level, index * tileWidth, wanted);
  if (tile.length !== wanted * hashBytes) throw new RangeError(`tile ${level}/${index} is not whole`);
  return tile;
}
