import { z } from 'zod';
import { type ConfigurationVersion, versions } from './model.ts';
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

/** The directory that one instance's files came with, exactly as it was downloaded: headers, parts, signature. */
export interface SignedDirectory {
  readonly instance: string;
  readonly body: Buffer;
}

/** Name of the signed directory in its instance's folder. It is no part, has no metadata, and is not read by X-Road. */
export const directoryFile = 'directory';

/** Name of the file beside each instance's folder that says whose configuration it is. */
export const ownerFile = 'instance-identifier';

/** Ending of the file that stands beside each other file. */
export const metadataEnding = '.metadata';

/** Files without metadata, as verifiers are given them, never expire. */
const never = new Date(8.64e15);

/** What a file is when no metadata say so. */
const usualIdentifiers: ReadonlyMap<string, string> = new Map([
  ['private-params.xml', 'PRIVATE-PARAMETERS'],
  ['shared-params.xml', 'SHARED-PARAMETERS'],
]);

const metadataSchema = z.object({
  contentIdentifier: z.string().optional(),
  expirationDate: z.string().optional(),
  contentLocation: z.string().optional(),
  configurationVersion: z.coerce.number().optional(),
});

/**
 * A file as its metadata describe it.
 * @param metadata undefined when there are none
 * @throws Fault MalformedGlobalConf
 */
export function describeFile(
  instance: string,
  fileName: string,
  content: Buffer,
  metadata: Buffer | undefined,
): ConfigurationFile {
  const known = metadata === undefined ? {} : readMetadata(metadata, fileName);
  const version = versions.find((one) => one === (known.configurationVersion ?? 2));
  if (version === undefined) {
    throw malformed(`${fileName} has version ${known.configurationVersion}, which is not known`);
  }
  const expiresAt = known.expirationDate === undefined ? never : new Date(known.expirationDate);
  if (Number.isNaN(expiresAt.getTime())) {
    throw malformed(`${fileName} has the expiration date '${known.expirationDate}'`);
  }
  const location = known.contentLocation;
  return {
    instance,
    contentIdentifier: known.contentIdentifier ?? usualIdentifiers.get(fileName) ?? fileName,
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

/** JSON that stands beside a file. Instants are cut to the second, so no file counts longer than it may. */
export function metadataOf(file: ConfigurationFile): string {
  const { contentIdentifier, instance, expiresAt, fileName, location, version } = file;
  return JSON.stringify({
    contentIdentifier,
    instanceIdentifier: instance,
    expirationDate: `${expiresAt.toISOString().slice(0, 19)}Z`,
    contentFileName: fileName,
    ...(location !== undefined && { contentLocation: location }),
    configurationVersion: String(version),
  });
}

/**
 * Name of an instance's folder, URL-encoded as X-Road does it: a space becomes a plus sign.
 * @throws Fault MalformedGlobalConf for an instance whose folder would be another one
 */
export function instanceFolder(instance: string): string {
  // A federated instance chooses its name; it must not lead out of the configuration.
  if (instance === '' || instance === '.' || instance === '..') {
    throw malformed(`'${instance}' cannot be the name of an instance`);
  }
  return encodeURIComponent(instance).replaceAll('%20', '+');
}

/** @throws Fault MalformedGlobalConf */
export function instanceOfFolder(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch (error) {
    throw malformed(`folder '${name}' is not named after an instance`, error);
  }
}

/** @throws Fault MalformedGlobalConf for a name that would be another file, the metadata of one, or the directory */
export function requireFileName(name: string): void {
  const isTaken = name === directoryFile || name.endsWith(metadataEnding);
  if (!/^[^/\\\0]+$/.test(name) || name === '.' || name === '..' || isTaken) {
    throw malformed(`'${name}' cannot be the name of a configuration file`);
  }
}
