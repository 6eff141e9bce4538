import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { buildFromFiles } from './build-from-files.ts';
import {
  type ConfigurationFile,
  describeFile,
  instanceOfFolder,
  isProofName,
  metadataEnding,
  metadataOf,
  ownerFile,
  readProof,
  type SignedDirectory,
} from './folder-layout.ts';
import type { GlobalConfiguration } from './global-configuration.ts';
import { malformed } from './xml-fields.ts';

/** A file together with its metadata as they stand beside each other on disk. */
export interface ConfigurationFileOnDisk extends ConfigurationFile {
  readonly metadata: Buffer;
}

/** A configuration on disk, with what proves where it came from, as far as that was kept. */
export interface ConfigurationOnDisk {
  /** Own instance. */
  readonly own: string;
  readonly files: readonly ConfigurationFileOnDisk[];
  readonly directories: readonly SignedDirectory[];
}

/**
 * Reads a configuration as X-Road lays it out on disk: `instance-identifier`, and a folder per instance.
 * @throws Fault MalformedGlobalConf
 */
export async function readConfigurationFolder(dir: string): Promise<GlobalConfiguration> {
  return buildFromFiles(...(await readConfigurationFiles(dir)));
}

/**
 * @returns the own instance, and the files of every instance
 * @throws Fault MalformedGlobalConf, also when there is no configuration
 */
export async function readConfigurationFiles(
  dir: string,
): Promise<[string, readonly ConfigurationFileOnDisk[]]> {
  const { own, files } = await readConfigurationOnDisk(dir);
  return [own, files];
}

/** @throws Fault MalformedGlobalConf, also when there is no configuration */
export async function readConfigurationOnDisk(dir: string): Promise<ConfigurationOnDisk> {
  for (;;) {
    const generation = await generationAt(dir);
    const read = await readGeneration(generation).then(
      (found) => () => found,
      (error: unknown) => () => {
        throw error;
      },
    );
    // A writer may have put the next one in place and begun to remove this one: then files may be missing in silence.
    if (generation === (await generationAt(dir))) return read();
  }
}

/** The folder itself, so that all is read from one generation although the link may change. */
async function generationAt(dir: string): Promise<string> {
  try {
    return await realpath(dir);
  } catch (error) {
    throw malformed(`there is no configuration in ${dir}`, error);
  }
}

async function readGeneration(dir: string): Promise<ConfigurationOnDisk> {
  const own = await readIfThere(join(dir, ownerFile));
  if (own === undefined) throw malformed(`${dir} has no file ${ownerFile}`);
  const files: ConfigurationFileOnDisk[] = [];
  const directories: SignedDirectory[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(dir, entry.name);
    const instance = instanceOfFolder(entry.name);
    files.push(...(await readInstance(folder, instance)));
    const directory = await readProofs(folder, instance);
    if (directory !== undefined) directories.push(directory);
  }
  return { own: own.toString('utf8').trim(), files, directories };
}

async function readInstance(folder: string, instance: string): Promise<ConfigurationFileOnDisk[]> {
  const files: ConfigurationFileOnDisk[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isFile() || isProofName(entry.name) || entry.name.endsWith(metadataEnding)) continue;
    const path = join(folder, entry.name);
    const metadata = await readIfThere(`${path}${metadataEnding}`);
    const file = describeFile(instance, entry.name, await readFile(path), metadata);
    files.push({ ...file, metadata: metadata ?? Buffer.from(metadataOf(file)) });
  }
  return files;
}

async function readProofs(folder: string, instance: string): Promise<SignedDirectory | undefined> {
  const found = new Map<string, Buffer>();
  for (const name of await readdir(folder)) {
    if (isProofName(name)) found.set(name, await readFile(join(folder, name)));
  }
  return readProof(instance, (name) => found.get(name));
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
