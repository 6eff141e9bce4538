import { type HashReader, judgeCheckpoint, wrongHashes } from '../../../gateway/transparency/index.ts';
import type { Findings } from './findings.ts';

/** The hashes above the leaves follow from those below them. */
export function checkLevels(tree: HashReader & { readonly size: number }, findings: Findings): void {
  for (const { level, index, text } of wrongHashes(tree)) {
    findings.add('altered', `tree level ${level} hash ${index}`, text);
  }
}

export interface CheckpointToCheck {
  readonly place: string;
  readonly note: string;
  readonly verifierKey: string | undefined;
  readonly tree: HashReader & { readonly size: number };
}

/** @returns leaves that a checkpoint covers; undefined when it is not a good one of this tree */
export function checkCheckpoint(
  { place, note, verifierKey, tree }: CheckpointToCheck,
  findings: Findings,
): number | undefined {
  const verdict = judgeCheckpoint(note, verifierKey, tree);
  if (verdict.isGood) return verdict.size;
  findings.add(verdict.code, place, verdict.text);
  return undefined;
}
