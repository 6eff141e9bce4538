import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm, rmdir, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { syncFolder, writeFileDurably } from '../store/index.ts';
import {
  type ConfigurationFile,
  instanceFolder,
  metadataEnding,
  metadataOf,
  ownerFile,
  proofFiles,
  requireFileName,
  type SignedDirectory,
} from './folder-layout.ts';

/**
 * Puts a configuration on disk whole: a reader finds the former one or this, never a mixture, also after a crash.
 * The folder is a link to the generation in force; a folder of other software is kept beside it under another name.
 * One process at a time may write.
 * @param directories of the instances of `files`: what proves where those came from
 * @throws Fault MalformedGlobalConf when an instance or a file has a name that cannot stand on disk
 */
export async function writeConfigurationFolder(
  dir: string,
  own: string,
  files: readonly ConfigurationFile[],
  directories: readonly SignedDirectory[] = [],
): Promise<void> {
  const link = resolve(dir);
  const parent = dirname(link);
  const generation = `${basename(link)}.generation-${randomUUID()}`;
  await writeGeneration(join(parent, generation), own, files, directories);
  const newLink = join(parent, `${generation}.link`);
  await symlink(generation, newLink);
  await setForeignFolderAside(link);
  await rename(newLink, link);
  await syncFolder(parent);
  await removeOthers(parent, basename(link), generation);
}

async function writeGeneration(
  target: string,
  own: string,
  files: readonly ConfigurationFile[],
  directories: readonly SignedDirectory[],
): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o755 });
  const folders = new Set<string>();
  for (const file of files) {
    requireFileName(file.fileName);
    const folder = join(target, instanceFolder(file.instance));
    if (!folders.has(folder)) await mkdir(folder, { mode: 0o755 });
    folders.add(folder);
    await writeFileDurably(join(folder, file.fileName), file.content, 0o644);
    await writeFileDurably(join(folder, `${file.fileName}${metadataEnding}`), metadataOf(file), 0o644);
  }
  for (const directory of directories) {
    const folder = join(target, instanceFolder(directory.instance));
    if (!folders.has(folder)) continue;
    for (const [name, bytes] of proofFiles(directory)) {
      await writeFileDurably(join(folder, name), bytes, 0o644);
    }
  }
  await writeFileDurably(join(target, ownerFile), own, 0o644);
  await syncFolder(target);
}

/** A link can be replaced in one step, a folder cannot. */
async function setForeignFolderAside(path: string): Promise<void> {
  const known = await lstat(path).catch(unless('ENOENT'));
  if (known?.isDirectory() !== true) return;
  if ((await readdir(path)).length === 0) await rmdir(path);
  else await rename(path, `${path}.former-${randomUUID()}`);
}

function unless(code: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (error.code !== code) throw error;
  };
}

const generationEnding = /^\.generation-[0-9a-f-]{36}(\.link)?$/;

/** Removes former generations, and what a crash in the middle of a write left. */
async function removeOthers(parent: string, name: string, current: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    const isGeneration = entry.startsWith(name) && generationEnding.test(entry.slice(name.length));
    if (isGeneration && entry !== current) await rm(join(parent, entry), { recursive: true, force: true });
  }
}
