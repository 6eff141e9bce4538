import { openNote, parseCheckpoint } from '../../gateway/transparency/index.ts';

/** Leaves that a signed checkpoint covers. @throws TransparencyError for a note that the log did not sign */
export function checkpointSize(note: string, verifierKey: string | undefined): number {
  return parseCheckpoint(openNote(note, verifierKey === undefined ? [] : [verifierKey]).text).size;
}
