import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileDurably } from '../../gateway/store/index.ts';

/**
 * forked: it is not what was signed for before, or signed by another key. rolled-back: it has fewer entries than were
 * signed for before. unavailable: whether it goes on from before cannot be told. absent: nothing is said of it any
 * more.
 */
export const historyTroubleCodes = [
  'registry-history-forked',
  'registry-history-rolled-back',
  'registry-history-unavailable',
  'registry-history-absent',
] as const;

const troubleSchema = z.object({
  code: z.enum(historyTroubleCodes),
  text: z.string(),
  /** Since when; ISO 8601. */
  at: z.string(),
  /** The checkpoint that was refused, as evidence. */
  checkpoint: z.string().optional(),
});

const keptSchema = z.object({
  verifierKey: z.string(),
  /** Signed note, the last that was found good. */
  checkpoint: z.string(),
  /** Address of its tiles. */
  folder: z.string(),
  /** When a checkpoint of this history was first kept. */
  since: z.string(),
  /** When this one was. */
  keptAt: z.string(),
});

const stateSchema = z.object({
  kept: keptSchema.optional(),
  /** What is wrong now. */
  trouble: troubleSchema.optional(),
  /** Another server was shown another history: holds until somebody forgets the checkpoint. */
  split: troubleSchema.optional(),
  /** The last checkpoint that contradicts a kept one: it proves what the registry did, also when it does no more. */
  conflict: troubleSchema.optional(),
});

export type HistoryTrouble = z.infer<typeof troubleSchema>;
export type KeptCheckpoint = z.infer<typeof keptSchema>;
export type HistoryState = z.infer<typeof stateSchema>;

/** @throws Error when the file is there and cannot be read: what it kept is not forgotten silently */
export function readState(file: string): HistoryState {
  if (!existsSync(file)) return {};
  try {
    return stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const text = `${file} keeps the last checkpoint of the registry's history and cannot be read. Restore it from a backup; or remove it, and the next checkpoint is taken on trust`;
    throw new Error(text, { cause });
  }
}

export async function writeState(file: string, state: HistoryState): Promise<void> {
  await writeFileDurably(file, JSON.stringify(state));
}
