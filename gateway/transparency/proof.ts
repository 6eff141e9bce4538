import { emptyRoot, hashChildren } from './hash.ts';
import { type HashReader, subtreeRoot } from './reader.ts';

export interface InclusionClaim {
  readonly leaf: Buffer;
  readonly index: number;
  readonly size: number;
  /** Hashes beside the way up, the one next to the leaf first. */
  readonly proof: readonly Buffer[];
  readonly root: Buffer;
}

export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly oldRoot: Buffer;
  readonly newSize: number;
  readonly newRoot: Buffer;
  readonly proof: readonly Buffer[];
}

/**
 * Proof that leaf `index` is in the tree of the first `size` leaves.
 * @throws RangeError when it is not
 * @see RFC 6962 §2.1.1
 */
export function proveInclusion(reader: HashReader, index: number, size: number): Buffer[] {
  if (!isCount(index) || !isCount(size) || index >= size) {
    throw new RangeError(`leaf ${index} is not in a tree of ${size} leaves`);
  }
  const proof: Buffer[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      proof.push(subtreeRoot(reader, middle, end));
      end = middle;
    } else {
      proof.push(subtreeRoot(reader, start, middle));
      start = middle;
    }
  }
  return proof.reverse();
}

/**
 * Proof that the tree of `newSize` leaves goes on from that of `oldSize`. Empty when either is empty or both are one.
 * @throws RangeError when `oldSize` is above `newSize`
 * @see RFC 6962 §2.1.2
 */
export function proveConsistency(reader: HashReader, oldSize: number, newSize: number): Buffer[] {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) {
    throw new RangeError(`a tree of ${newSize} leaves does not go on from one of ${oldSize}`);
  }
  if (oldSize === 0 || oldSize === newSize) return [];
  const proof: Buffer[] = [];
  let [start, end] = [0, newSize];
  while (oldSize !== end) {
    const middle = start + splitOf(end - start);
    if (oldSize <= middle) {
      proof.push(subtreeRoot(reader, middle, end));
      end = middle;
    } else {
      proof.push(subtreeRoot(reader, start, middle));
      start = middle;
    }
  }
  // The old tree's own root needs no telling; an inner piece of it does.
  if (start !== 0) proof.push(subtreeRoot(reader, start, end));
  return proof.reverse();
}

/** @see RFC 9162 §2.1.3.2 */
export function checkInclusion({ leaf, index, size, proof, root }: InclusionClaim): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  let [node, last] = [index, size - 1];
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = hashChildren(sibling, hash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = hashChildren(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && hash.equals(root);
}

/** @see RFC 9162 §2.1.4.2 */
export function checkConsistency({ oldSize, oldRoot, newSize, newRoot, proof }: ConsistencyClaim): boolean {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) return false;
  if (oldSize === newSize) return proof.length === 0 && oldRoot.equals(newRoot);
  if (oldSize === 0) return proof.length === 0 && oldRoot.equals(emptyRoot);
  let [node, last] = [oldSize - 1, newSize - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // A whole old tree is its own first piece.
  const pieces = node === 0 ? [oldRoot, ...proof] : proof;
  const [first, ...others] = pieces;
  if (first === undefined) return false;
  let [old, young] = [first, first];
  for (const sibling of others) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      old = hashChildren(sibling, old);
      young = hashChildren(sibling, young);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      young = hashChildren(young, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && old.equals(oldRoot) && young.equals(newRoot);
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;
// Not bit operators: sizes may go beyond 32 bits.
const isOdd = (value: number) => value % 2 === 1;
const half = (value: number) => Math.floor(value / 2);
