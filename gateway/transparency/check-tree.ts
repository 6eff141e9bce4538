import { parseCheckpoint } from './checkpoint.ts';
import { TransparencyError } from './error.ts';
import { openNote } from './note.ts';
import { foldHashes, type HashReader, rootOf, tileWidth } from './reader.ts';
import { hashesAtLevel } from './tile.ts';

export interface WrongHash {
  readonly level: number;
  readonly index: number;
  readonly text: string;
}

/** The hashes above the leaves that do not follow from those below them. */
export function* wrongHashes(tree: HashReader & { readonly size: number }): Generator<WrongHash> {
  const { size } = tree;
  for (let level = 1; hashesAtLevel(size, level) > 0; level += 1) {
    for (let index = 0; index < hashesAtLevel(size, level); index += 1) {
      const text = wrongAt(tree, level, index);
      if (text !== undefined) yield { level, index, text };
    }
  }
}

function wrongAt(tree: HashReader, level: number, index: number): string | undefined {
  try {
    const below = tree.read(level - 1, index * tileWidth, tileWidth);
    const isRight = foldHashes(below, tileWidth).equals(tree.read(level, index, 1));
    return isRight ? undefined : `it is not the hash of the ${tileWidth} below it`;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message;
  }
}

export type CheckpointVerdict =
  | { readonly isGood: true; readonly size: number }
  | {
      readonly isGood: false;
      /** altered: not a note of this log; rolled-back: of more leaves than there are; forked: of other leaves. */
      readonly code: 'altered' | 'rolled-back' | 'forked';
      readonly text: string;
    };

/** Whether a checkpoint was signed by the log with this key, and is of this tree as it was then. */
export function judgeCheckpoint(
  note: string,
  verifierKey: string | undefined,
  tree: HashReader & { readonly size: number },
): CheckpointVerdict {
  try {
    const { size, root } = parseCheckpoint(
      openNote(note, verifierKey === undefined ? [] : [verifierKey]).text,
    );
    if (size > tree.size) {
      const text = `${size} records were signed for, ${tree.size} are there: this is an older copy, or its end was cut off`;
      return { isGood: false, code: 'rolled-back', text };
    }
    if (rootOf(tree, size).equals(root)) return { isGood: true, size };
    return {
      isGood: false,
      code: 'forked',
      text: `The first ${size} records are not those that were signed for`,
    };
  } catch (error) {
    if (error instanceof RangeError) return { isGood: false, code: 'forked', text: error.message };
    if (!(error instanceof TransparencyError)) throw error;
    return { isGood: false, code: 'altered', text: error.message };
  }
}
