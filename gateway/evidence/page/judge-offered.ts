import { buildFromFiles } from '../../configuration/index.ts';
import { judgeBundle } from '../judge.ts';
import { hasEvidence, judgeOwnArchive } from '../own-archive.ts';
import { isBundle } from '../read-bundle.ts';
import type { Trust, Verdict } from '../verdict.ts';
import { runUntilAnswered } from './browser/oracle.ts';
import type { HeldConfiguration } from './held.ts';
import { judgeArchive, judgeSingle } from './judge-containers.ts';

/** What whoever opened the page has from elsewhere, as they gave it. */
export interface Held {
  readonly verifierKey?: string;
  readonly heldCheckpoints?: readonly string[];
  readonly anchorHash?: string;
  /** Files of a configuration as of then. */
  readonly configuration?: HeldConfiguration;
}

export interface OfferedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Judges what was dropped into the page: a bundle, a container, or an archive of X-Road's or ours.
 * @throws Unanswerable when this browser cannot check a signature; Fault for a configuration that cannot be read
 */
export function judgeOffered(
  { name, bytes }: OfferedFile,
  { configuration, ...rest }: Held,
): Promise<Verdict> {
  return runUntilAnswered(() => {
    // Built in each run: a configuration remembers what it was found to say, and a run may have been told guesses.
    const given = configuration && buildFromFiles(configuration.own, configuration.files);
    return judge({ name, bytes }, { ...rest, ...(given !== undefined && { configuration: given }) });
  });
}

async function judge({ name, bytes }: OfferedFile, trust: Trust): Promise<Verdict> {
  if (isBundle(bytes, name)) return judgeBundle(bytes, trust);
  if (!name.toLowerCase().endsWith('.zip')) return judgeSingle({ name, bytes }, trust.configuration);
  if (hasEvidence(bytes)) return (await judgeOwnArchive(bytes, trust)).verdict;
  return judgeArchive({ name, bytes }, trust.configuration);
}
