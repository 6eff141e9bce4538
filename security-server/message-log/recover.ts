import { rootOf, type TreeFiles } from '../../gateway/transparency/index.ts';
import { leavesFrom } from './leaves.ts';
import { MessageLogError } from './model.ts';
import { boundsOf, openPartitionReader } from './partition.ts';

/** A tree at one moment. */
export interface SignedHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Leaves written at once while catching up. */
const leavesAtOnce = 10_000;

/**
 * Brings the tree to where the records are. Hashes since the last signed head may not have reached the disk before a
 * crash, or only in part: they are made anew from the records.
 * @param partitions paths of all partitions, oldest first
 * @param size leaves that the records reach to
 * @throws MessageLogError rolled-back when more was signed for than is there, damaged when it was something else
 */
export function recoverTree(
  tree: TreeFiles,
  partitions: () => readonly string[],
  size: number,
  signed: SignedHead | undefined,
): void {
  if (signed !== undefined && size < signed.size) {
    throw new MessageLogError(
      'rolled-back',
      `The message log ends at record ${size}, but a checkpoint of ${signed.size} records was signed: this is an ` +
        'older copy, or records were removed. Restore the newest copy of the whole folder of the log.',
    );
  }
  fillTree(tree, partitions, Math.min(tree.size, signed?.size ?? 0, size), size);
  if (signed !== undefined && !rootOf(tree, signed.size).equals(signed.root)) {
    throw new MessageLogError(
      'damaged',
      `The first ${signed.size} records are not those that were signed for. Find the place with ` +
        '`waygate audit fsck`, and restore the folder of the log from a backup.',
    );
  }
}

/**
 * Makes the leaves of the tree anew from the records.
 * @param from leaves of the tree that are good
 * @throws MessageLogError damaged when there are no records to make them from
 */
export function fillTree(
  tree: TreeFiles,
  partitions: () => readonly string[],
  from: number,
  size: number,
): void {
  tree.truncate(from);
  let leaves: Buffer[] = [];
  for (const path of partitions()) {
    const database = openPartitionReader(path);
    try {
      const bounds = boundsOf(database);
      if (bounds === undefined || bounds.lastId < tree.size + leaves.length) continue;
      if (bounds.firstId > tree.size + leaves.length) {
        throw new MessageLogError(
          'damaged',
          `Hashes of records ${tree.size + leaves.length} to ${bounds.firstId - 1} are neither in the tree nor ` +
            'in a partition. Restore the folder `tree` of the log from a backup.',
        );
      }
      for (const { leaf } of leavesFrom(database, tree.size + leaves.length)) {
        leaves.push(leaf);
        if (leaves.length < leavesAtOnce) continue;
        tree.append(leaves);
        leaves = [];
      }
      tree.append(leaves);
      leaves = [];
    } finally {
      database.close();
    }
  }
  if (tree.size !== size) {
    throw new MessageLogError('damaged', `The tree has ${tree.size} leaves, the records reach to ${size}`);
  }
}
