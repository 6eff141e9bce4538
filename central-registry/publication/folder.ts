import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigurationVersion } from '../../gateway/configuration/index.ts';
import { syncFolder, writeFileDurably } from '../../gateway/store/index.ts';
import type { ConfigurationSource } from '../register/index.ts';

/** One file of a generation, which never changes once written. */
interface GenerationFile {
  readonly fileName: string;
  readonly content: Buffer;
}

/** Checkpoint and tiles of the register's history. */
export const historyFolder = 'history';

/** `V6`: everything of one version. */
function versionFolder(root: string, version: ConfigurationVersion): string {
  return join(root, `V${version}`);
}

/** `V6/internalconf`: the signed directory that names the parts in force. */
export function directoryPath(
  root: string,
  version: ConfigurationVersion,
  source: ConfigurationSource,
): string {
  return join(versionFolder(root, version), `${source}conf`);
}

const generationPattern = /^\d{23}$/;

/**
 * Writes parts as a new generation. They are durable before this resolves, so a directory may then name them.
 * @param at goes into the name, so that people see when it was made
 * @returns name of the generation: the instant (UTC) and a count, 23 digits
 */
export async function writeGeneration(
  root: string,
  version: ConfigurationVersion,
  at: Date,
  files: readonly GenerationFile[],
): Promise<string> {
  const parent = versionFolder(root, version);
  const name = await takeName(parent, at.toISOString().replace(/\D/g, ''));
  try {
    for (const { fileName, content } of files) {
      await writeFileDurably(join(parent, name, fileName), content, 0o644);
    }
    await syncFolder(parent);
  } catch (error) {
    // Usually the disk is full: what no directory names must not fill it further with every attempt.
    await removeGeneration(root, version, name);
    throw error;
  }
  return name;
}

/** A name in use is never taken again, even if the clock is set back: a valid directory may name what is there. */
async function takeName(parent: string, instant: string): Promise<string> {
  for (let count = 0; ; count++) {
    const name = `${instant}${String(count).padStart(6, '0')}`;
    try {
      await mkdir(join(parent, name), { mode: 0o755 });
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Puts a signed directory in force: readers get the former one or this one, whole. */
export async function writeSignedDirectory(
  root: string,
  version: ConfigurationVersion,
  source: ConfigurationSource,
  body: Buffer,
): Promise<void> {
  await writeFileDurably(directoryPath(root, version, source), body, 0o644);
}

/** Generations on disk, oldest first. */
export async function listGenerations(root: string, version: ConfigurationVersion): Promise<string[]> {
  const names = await readdir(versionFolder(root, version));
  return names.filter((name) => generationPattern.test(name)).sort();
}

export async function removeGeneration(
  root: string,
  version: ConfigurationVersion,
  generation: string,
): Promise<void> {
  await rm(join(versionFolder(root, version), generation), { recursive: true, force: true });
}

/** Makes the folder of a version, and removes what a crash in the middle of a durable write left there. */
export async function prepareVersion(root: string, version: ConfigurationVersion): Promise<void> {
  const folder = versionFolder(root, version);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  for (const name of await readdir(folder)) {
    if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
  }
}

/** Removes everything of a version: readers find that there is none. */
export async function removeVersion(root: string, version: ConfigurationVersion): Promise<void> {
  await rm(versionFolder(root, version), { recursive: true, force: true });
}
