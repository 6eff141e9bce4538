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

/** A directory with its shared parameters, kept because they named the certificate that signed a later one. */
export interface Introduction {
  readonly directory: Buffer;
  readonly shared: Buffer;
}

/** The directory that one instance's files came with, exactly as it was downloaded: headers, parts, signature. */
export interface SignedDirectory {
  readonly instance: string;
  readonly body: Buffer;
  /** How the anchor leads to who signed it; absent when the anchor names that certificate itself. */
  readonly introductions?: readonly Introduction[];
}

/** Name of the signed directory in its instance's folder. It is no part, has no metadata, and is not read by X-Road. */
export const directoryFile = 'directory';

/** A registry replaces its keys every few years, and an anchor that is given anew needs none. */
const maxIntroductions = 32;

/** Whether a file of an instance's folder proves where the parts came from, and is none itself. */
export function isProofName(name: string): boolean {
  return name === directoryFile || name.startsWith('introduction-');
}

/** Files that prove where the parts of an instance came from, by their names in its folder. */
export function proofFiles({ body, introductions = [] }: SignedDirectory): [name: string, bytes: Buffer][] {
  return [
    [directoryFile, body],
    ...introductions.flatMap(({ directory, shared }, index): [string, Buffer][] => {
      const names = introductionNames(index + 1);
      return [
        [names.directory, directory],
        [names.shared, shared],
      ];
    }),
  ];
}

/**
 * The reverse of `proofFiles`.
 * @returns undefined when there is no directory
 */
export function readProof(
  instance: string,
  read: (name: string) => Buffer | undefined,
): SignedDirectory | undefined {
  const body = read(directoryFile);
  const introductions: Introduction[] = [];
  for (let number = 1; number <= maxIntroductions; number += 1) {
    const names = introductionNames(number);
    const [directory, shared] = [read(names.directory), read(names.shared)];
    if (directory === undefined || shared === undefined) break;
    introductions.push({ directory, shared });
  }
  if (body === undefined) return undefined;
  return { instance, body, ...(introductions.length > 0 && { introductions }) };
}

function introductionNames(number: number) {
  const name = `introduction-${number}`;
  return { directory: `${name}.directory`, shared: `${name}.shared-params.xml` };
}

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

/** @throws Fault MalformedGlobalConf for a name that would be another file, the metadata of one, or a proof */
export function requireFileName(name: string): void {
  const isTaken = isProofName(name) || name.endsWith(metadataEnding);
  if (!/^[^/\\\0]+$/.test(name) || name === '.' || name === '..' || isTaken) {
    throw malformed(`'${name}' cannot be the name of a configuration file`);
  }
}
