import { createHash } from 'node:crypto';

/** Octets of a hash of the tree: SHA-256. */
export const hashBytes = 32;

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** Root of the tree without leaves. @see RFC 6962 §2.1 */
export const emptyRoot: Buffer = createHash('sha256').digest();

/** @see RFC 6962 §2.1: a leaf can never be taken for an inner node */
export function hashLeaf(entry: Uint8Array): Buffer {
  return createHash('sha256').update(leafPrefix).update(entry).digest();
}

export function hashChildren(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}
