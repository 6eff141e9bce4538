import { type Checkpoint, openNote, parseCheckpoint, TransparencyError } from '../transparency/index.ts';
import type { BundleContent } from './model.ts';
import { bad, good, type Step, type Trust } from './verdict.ts';
import { bundleNames } from './write-bundle.ts';

const id = 'checkpoint-signature';

/** The log of a bundle, once its signature was found good. */
export interface KnownLog {
  readonly checkpoint: Checkpoint;
  readonly verifierKey: string;
}

/**
 * Whether the log signed the checkpoint.
 * @returns `log` undefined when nothing can be proven by it
 */
export function judgeCheckpoint(
  { origin, verifierKey: own, checkpoint: note }: BundleContent,
  { verifierKey: trusted }: Trust,
): { readonly steps: readonly Step[]; readonly log?: KnownLog; readonly warnings: readonly string[] } {
  const about = bundleNames.checkpoint;
  if (trusted !== undefined && trusted !== own) {
    const text = `The bundle is of a log with the key ${own}, and not of the one with the key you gave, ${trusted}.`;
    return { steps: [bad(id, about, 'verifier-key-differs', text)], warnings: [] };
  }
  try {
    const checkpoint = openCheckpoint(note, own);
    if (checkpoint.origin !== origin) {
      const text = `The checkpoint is of the log ${checkpoint.origin}, the bundle says ${origin}.`;
      return { steps: [bad(id, about, 'origin-differs', text)], warnings: [] };
    }
    const text = `The log ${origin} signed that it had ${checkpoint.size} records, and which.`;
    const details = [
      ['log', origin],
      ['records', String(checkpoint.size)],
      ['root', checkpoint.root.toString('base64')],
      ['key', own],
    ] as const;
    const warning = `The key of the log is the one in the bundle: compare ${own} with the one its owner publishes.`;
    return {
      steps: [good(id, about, text, details)],
      log: { checkpoint, verifierKey: own },
      warnings: trusted === undefined ? [warning] : [],
    };
  } catch (error) {
    if (!(error instanceof TransparencyError)) throw error;
    return { steps: [bad(id, about, error.code, `${error.message}.`)], warnings: [] };
  }
}

/** @throws TransparencyError */
export function openCheckpoint(note: string, verifierKey: string): Checkpoint {
  return parseCheckpoint(openNote(note, [verifierKey]).text);
}
