import { createHash, randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { Fault } from '../fault/index.ts';
import { syncFolder, writeFileDurably } from '../store/index.ts';
import {
  buildConfiguration,
  type ConfigurationContent,
  type GlobalConfiguration,
  type InstanceContent,
} from './global-configuration.ts';
import { type ConfigurationVersion, type PrivateParameters, versions } from './model.ts';
import { type OptionalParameters, optionalParts } from './optional-parts.ts';
import { parsePrivateParameters } from './private-parameters.ts';
import { parseSharedParameters } from './shared-parameters-read.ts';
import { malformed } from './xml-fields.ts';

/** One file of a configuration on disk. */
export interface ConfigurationFile {
  readonly instance: string;
  readonly contentIdentifier: string;
  /** Name in the folder of its instance. */
  readonly fileName: string;
  readonly content: Buffer;
  readonly expiresAt: Date;
  readonly version: ConfigurationVersion;
  readonly location?: string;
}

const metadataSchema = z.object({
  contentIdentifier: z.string().optional(),
  expirationDate: z.string().optional(),
  contentLocation: z.string().optional(),
  configurationVersion: z.coerce.number().optional(),
});

/** A file together with its metadata as they stand beside each other on disk. */
export interface ConfigurationFileOnDisk extends ConfigurationFile {
  readonly metadata: Buffer;
}

/** Files without metadata, as verifiers are given them, never expire. */
const never = new Date(8.64e15);

/**
 * Reads a configuration as X-Road lays it out on disk: `instance-identifier`, and a folder per instance.
 * @throws Fault MalformedGlobalConf
 */
export async function readConfigurationFolder(dir: string): Promise<GlobalConfiguration> {
  return buildFromFiles(...(await readConfigurationFiles(dir)));
}

/** @returns the own instance, and the files of every instance */
export async function readConfigurationFiles(dir: string): Promise<[string, ConfigurationFileOnDisk[]]> {
  const own = await read(join(dir, 'instance-identifier'));
  if (own === undefined) throw malformed(`${dir} has no file instance-identifier`);
  const files: ConfigurationFileOnDisk[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(dir, entry.name);
    const instance = decodeURIComponent(entry.name);
    for (const fileName of await readdir(folder)) {
      if (fileName.endsWith('.metadata')) continue;
      const content = await read(join(folder, fileName));
      const metadata = await read(join(folder, `${fileName}.metadata`));
      if (content === undefined) continue;
      const file = describe(instance, fileName, content, metadata);
      files.push({ ...file, metadata: metadata ?? Buffer.from(metadataOf(file)) });
    }
  }
  return [own.toString('utf8').trim(), files];
}

function describe(
  instance: string,
  fileName: string,
  content: Buffer,
  metadata: Buffer | undefined,
): ConfigurationFile {
  const known = metadata === undefined ? {} : readMetadata(metadata, fileName);
  const version = versions.find((one) => one === (known.configurationVersion ?? 2));
  if (version === undefined)
    throw malformed(`${fileName} has version ${known.configurationVersion}, which is not known`);
  const standard = {
    'private-params.xml': 'PRIVATE-PARAMETERS',
    'shared-params.xml': 'SHARED-PARAMETERS',
  } as const;
  const contentIdentifier =
    known.contentIdentifier ??
    (fileName in standard ? standard[fileName as keyof typeof standard] : fileName);
  const expiresAt = known.expirationDate === undefined ? never : new Date(known.expirationDate);
  if (Number.isNaN(expiresAt.getTime()))
    throw malformed(`${fileName} has the expiration date '${known.expirationDate}'`);
  const location = known.contentLocation;
  return {
    instance,
    contentIdentifier,
    fileName,
    content,
    expiresAt,
    version,
    ...(location !== undefined && { location }),
  };
}

function readMetadata(bytes: Buffer, fileName: string): z.infer<typeof metadataSchema> {
  try {
    return metadataSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw malformed(`the metadata of ${fileName} cannot be read`, error);
  }
}

async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Parses the files of a configuration and indexes them.
 * @throws Fault MalformedGlobalConf, also when a file speaks of another instance than it was filed under
 */
export function buildFromFiles(own: string, files: readonly ConfigurationFile[]): GlobalConfiguration {
  const instances: InstanceContent[] = [];
  let optional: OptionalParameters = {};
  let ownPrivate: { readonly parameters: PrivateParameters; readonly expiresAt: Date } | undefined;
  const hash = createHash('sha256').update(own);
  for (const file of [...files].sort((a, b) => (fileKey(a) < fileKey(b) ? -1 : 1))) {
    const { instance, contentIdentifier, content, expiresAt, version } = file;
    hash.update(`\n${fileKey(file)} ${version} ${content.length}\n`).update(content);
    if (contentIdentifier === 'SHARED-PARAMETERS') {
      const shared = parseSharedParameters(content, version);
      requireInstance(shared.instance, instance, 'shared parameters');
      instances.push({ shared, expiresAt });
    } else if (instance === own && contentIdentifier === 'PRIVATE-PARAMETERS') {
      const parameters = parsePrivateParameters(content);
      requireInstance(parameters.instance, instance, 'private parameters');
      ownPrivate = { parameters, expiresAt };
    } else if (instance === own) {
      optional = { ...optional, ...optionalParts.get(contentIdentifier)?.(content) };
    }
  }
  const content: ConfigurationContent = {
    instance: own,
    instances,
    optional,
    id: hash.digest('hex'),
    ...(ownPrivate !== undefined && {
      private: ownPrivate.parameters,
      privateExpiresAt: ownPrivate.expiresAt,
    }),
  };
  return buildConfiguration(content);
}

function fileKey({ instance, contentIdentifier }: ConfigurationFile): string {
  return `${instance}\u0000${contentIdentifier}`;
}

function requireInstance(found: string, expected: string, what: string): void {
  if (found !== expected) throw malformed(`the ${what} filed under ${expected} are those of ${found}`);
}

/**
 * Puts a configuration on disk whole: a reader finds the former one or this, never a mixture. The folder is a link
 * to the generation in force.
 */
export async function writeConfigurationFolder(
  dir: string,
  own: string,
  files: readonly ConfigurationFile[],
): Promise<void> {
  const parent = dirname(dir);
  const generation = `${basename(dir)}.${Date.now()}-${randomUUID().slice(0, 8)}`;
  const target = join(parent, generation);
  await mkdir(target, { recursive: true });
  for (const file of files) {
    const folder = join(target, encodeURIComponent(file.instance));
    await mkdir(folder, { recursive: true });
    if (basename(file.fileName) !== file.fileName)
      throw new Fault('MalformedGlobalConf', `'${file.fileName}' is not a file name`);
    await writeFileDurably(join(folder, file.fileName), file.content, 0o644);
    await writeFileDurably(join(folder, `${file.fileName}.metadata`), metadataOf(file), 0o644);
    await syncFolder(folder);
  }
  await writeFileDurably(join(target, 'instance-identifier'), own, 0o644);
  await syncFolder(target);
  const link = join(parent, `${generation}.link`);
  await symlink(generation, link);
  const former = await lstat(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  // A folder that is no link was laid there by other software; it gives way to generations once.
  if (former?.isDirectory() === true) await rename(dir, join(parent, `${basename(dir)}.0-former`));
  await rename(link, dir);
  await syncFolder(parent);
  await removeOldGenerations(parent, basename(dir), generation);
}

async function removeOldGenerations(parent: string, name: string, current: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    if (entry.startsWith(`${name}.`) && entry !== current)
      await rm(join(parent, entry), { recursive: true, force: true });
  }
}

function metadataOf({
  contentIdentifier,
  instance,
  expiresAt,
  fileName,
  location,
  version,
}: ConfigurationFile): string {
  return JSON.stringify({
    contentIdentifier,
    instanceIdentifier: instance,
    expirationDate: `${expiresAt.toISOString().slice(0, 19)}Z`,
    contentFileName: fileName,
    ...(location !== undefined && { contentLocation: location }),
    configurationVersion: String(version),
  });
}
