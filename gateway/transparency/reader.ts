import { emptyRoot, hashBytes, hashChildren } from './hash.ts';

/** Leaves of a subtree whose root is kept: a tile of the next level counts in this many. */
export const tileWidth = 256;

/**
 * Complete subtrees of a tree, by tile level: level 0 holds the hashes of leaves, level L those of subtrees of
 * 256^L leaves.
 */
export interface HashReader {
  /**
   * @returns `count` hashes of 32 octets, one after another
   * @throws RangeError when they are not all there
   */
  read(level: number, first: number, count: number): Buffer;
}

/** Root of `count` hashes as the leaves of a tree of their own; pairs as RFC 6962 does. */
export function foldHashes(hashes: Buffer, count: number): Buffer {
  if (count === 0) return emptyRoot;
  let level: Buffer[] = [];
  for (let at = 0; at < count; at += 1) level.push(hashes.subarray(at * hashBytes, (at + 1) * hashBytes));
  // Left-balanced by levels: an odd last hash moves up as it is, which gives RFC 6962's split at the largest power of two.
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at], level[at + 1]];
      if (left === undefined) continue;
      above.push(right === undefined ? left : hashChildren(left, right));
    }
    level = above;
  }
  return level[0] ?? emptyRoot;
}

/**
 * Root of the leaves in [start, end), which must be a subtree that a tree of RFC 6962 has: `start` is a multiple of
 * the smallest power of two that is not below its size.
 */
export function subtreeRoot(reader: HashReader, start: number, end: number): Buffer {
  const size = end - start;
  if (size === 0) return emptyRoot;
  if (size === 1) return reader.read(0, start, 1);
  // The largest tile level of which this subtree holds at least one whole hash and begins at one's edge.
  let level = 0;
  let unit = 1;
  while (size >= unit * tileWidth) {
    level += 1;
    unit *= tileWidth;
  }
  const whole = Math.floor(size / unit);
  const rest = size - whole * unit;
  const hashes = reader.read(level, start / unit, whole);
  if (rest === 0) return foldHashes(hashes, whole);
  // What is left over stands to the right of all whole ones, as one more, odd last, hash.
  return foldHashes(Buffer.concat([hashes, subtreeRoot(reader, start + whole * unit, end)]), whole + 1);
}

/** Root of the tree of the first `size` leaves. @throws RangeError when the reader has fewer */
export function rootOf(reader: HashReader, size: number): Buffer {
  return subtreeRoot(reader, 0, size);
}
