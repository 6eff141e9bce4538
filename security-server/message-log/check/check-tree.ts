import {
  type HashReader,
  hashesAtLevel,
  openNote,
  parseCheckpoint,
  rootOf,
  tileWidth,
} from '../../../gateway/transparency/index.ts';
import type { Findings } from './findings.ts';

/** The hashes above the leaves follow from those below them. */
export function checkLevels(tree: HashReader & { readonly size: number }, findings: Findings): void {
  const { size } = tree;
  for (let level = 1; hashesAtLevel(size, level) > 0; level += 1) {
    for (let index = 0; index < hashesAtLevel(size, level); index += 1) {
      const place = `tree level ${level} hash ${index}`;
      findings.attempt('unreadable', place, () => {
        const below = tree.read(level - 1, index * tileWidth, tileWidth);
        // A tree of its own over one tile: read through the same code as every root.
        const root = rootOf(
          { read: (_, first, count) => below.subarray(first * 32, (first + count) * 32) },
          tileWidth,
        );
        if (!root.equals(tree.read(level, index, 1))) {
          findings.add('altered', place, 'It is not the hash of the 256 below it');
        }
      });
    }
  }
}

export interface CheckpointToCheck {
  readonly place: string;
  readonly note: string;
  readonly verifierKey: string | undefined;
  readonly tree: HashReader & { readonly size: number };
}

/**
 * Whether a checkpoint was signed by this log, and is of this tree as it was then.
 * @returns leaves that it covers; undefined when it is not good
 */
export function checkCheckpoint(
  { place, note, verifierKey, tree }: CheckpointToCheck,
  findings: Findings,
): number | undefined {
  const checkpoint = findings.attempt('altered', place, () =>
    parseCheckpoint(openNote(note, verifierKey === undefined ? [] : [verifierKey]).text),
  );
  if (checkpoint === undefined) return undefined;
  const { size, root } = checkpoint;
  if (size > tree.size) {
    findings.add(
      'rolled-back',
      place,
      `${size} records were signed for, ${tree.size} are there: this is an older copy, or its end was cut off`,
    );
    return undefined;
  }
  const found = findings.attempt('unreadable', place, () => rootOf(tree, size));
  if (found === undefined) return undefined;
  if (found.equals(root)) return size;
  findings.add('forked', place, `The first ${size} records are not those that were signed for`);
  return undefined;
}
