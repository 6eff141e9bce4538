import { emptyRoot, hashBytes, hashChildren, hashLeaf } from '../hash.ts';
import { foldHashes, type HashReader, tileWidth } from '../reader.ts';

/** A tree in memory. */
export function readerOf(leaves: readonly Buffer[]): HashReader {
  const levels: Buffer[] = [Buffer.concat(leaves)];
  for (let below = levels[0]; below !== undefined && below.length >= tileWidth * hashBytes; ) {
    const tiles: Buffer[] = [];
    for (let at = 0; at + tileWidth * hashBytes <= below.length; at += tileWidth * hashBytes) {
      tiles.push(foldHashes(below.subarray(at, at + tileWidth * hashBytes), tileWidth));
    }
    below = Buffer.concat(tiles);
    levels.push(below);
  }
  return {
    read: (level, first, count) => {
      const hashes = levels[level]?.subarray(first * hashBytes, (first + count) * hashBytes);
      if (hashes?.length !== count * hashBytes) throw new RangeError('not there');
      return hashes;
    },
  };
}

/** A tree of any size whose leaves are all the same: its hashes need not be kept to be known. */
export function uniformReader(leaf: Buffer): HashReader {
  const levels = [leaf];
  for (let level = 1, hash = leaf; level < 7; level += 1) {
    for (let step = 0; step < 8; step += 1) hash = hashChildren(hash, hash);
    levels.push(hash);
  }
  return {
    read: (level, _first, count) => {
      const hash = levels[level] ?? leaf;
      return Buffer.concat(Array.from({ length: count }, () => hash));
    },
  };
}

/** Leaves that tell their place. */
export function leavesOf(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => hashLeaf(Buffer.from(`entry ${index}`)));
}

/** Root by the words of the standard, without tiles. @see RFC 6962 §2.1 MTH */
export function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return emptyRoot;
  if (leaves.length === 1) return only;
  const split = naiveSplit(leaves.length);
  return hashChildren(naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

/** @see RFC 6962 §2.1.1 PATH */
export function naiveInclusion(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const split = naiveSplit(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...naiveInclusion(index, left), naiveRoot(right)]
    : [...naiveInclusion(index - split, right), naiveRoot(left)];
}

/** @see RFC 6962 §2.1.2 SUBPROOF; `isKnown`: whether the verifier has the root of these leaves */
export function naiveConsistency(old: number, leaves: readonly Buffer[], isKnown = true): Buffer[] {
  if (old === leaves.length) return isKnown ? [] : [naiveRoot(leaves)];
  const split = naiveSplit(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return old <= split
    ? [...naiveConsistency(old, left, isKnown), naiveRoot(right)]
    : [...naiveConsistency(old - split, right, false), naiveRoot(left)];
}

function naiveSplit(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}
