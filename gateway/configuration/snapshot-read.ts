import { parseAnchor } from './anchor.ts';
import { buildFromFiles, type ReadBefore } from './build-from-files.ts';
import { type Directory, type DirectoryPart, readDirectory } from './directory-read.ts';
import {
  type ConfigurationFile,
  describeFile,
  directoryFile,
  instanceFolder,
  instanceOfFolder,
  metadataEnding,
  metadataOf,
  ownerFile,
  readProof,
  type SignedDirectory,
} from './folder-layout.ts';
import type { GlobalConfiguration } from './global-configuration.ts';
import type { Anchor } from './model.ts';
import { anchorFile, type SnapshotFile, snapshotId } from './snapshot.ts';
import { malformed } from './xml-fields.ts';

export interface ReadSnapshot {
  /** Counts until its directories expire: ask `inForceAt` with the instant that is judged. */
  readonly configuration: GlobalConfiguration;
  readonly anchor: Anchor;
  /** As they say themselves, by instance; `verifySnapshot` tells who signed them. */
  readonly directories: ReadonlyMap<string, Directory>;
}

/** A snapshot taken apart, its documents not yet read. */
export interface SnapshotLayout {
  readonly own: string;
  readonly anchorBytes: Buffer;
  readonly anchor: Anchor;
  /** The own instance is there, and comes first. */
  readonly instances: readonly SnapshotInstance[];
}

export interface SnapshotInstance {
  readonly instance: string;
  /** Name of its folder, for messages. */
  readonly folder: string;
  readonly directory: Directory;
  /** As the registry signed it. */
  readonly signed: SignedDirectory;
  /** Parts that the directory names and the snapshot has. */
  readonly parts: readonly { readonly file: ConfigurationFile; readonly listed: DirectoryPart }[];
}

/** A federation has some dozens of instances with a handful of files each. */
const maxFiles = 2_000;

/**
 * Reads the files of a snapshot as a configuration. Says nothing of whether they are to be believed.
 * @param readBefore kept by whoever reads many: contents that came before, as the same buffers, are not parsed anew
 * @throws Fault MalformedGlobalConf when a file is missing, is one too many, or cannot be read
 */
export function readSnapshot(files: readonly SnapshotFile[], readBefore?: ReadBefore): ReadSnapshot {
  const { own, anchor, instances } = layOut(files);
  const parts = instances.flatMap((one) => one.parts.map(({ file }) => file));
  return {
    configuration: buildFromFiles(own, parts, readBefore),
    anchor,
    directories: new Map(instances.map(({ instance, directory }) => [instance, directory])),
  };
}

/** @throws Fault MalformedGlobalConf */
export function layOut(files: readonly SnapshotFile[]): SnapshotLayout {
  if (files.length > maxFiles) throw malformed(`the configuration has more than ${maxFiles} files`);
  // Refuses names that lead elsewhere, and names that stand there twice.
  snapshotId(files);
  const left = new Map(files.map(({ name, bytes }) => [name, bytes]));
  const take = (name: string): Buffer => {
    const bytes = left.get(name);
    if (bytes === undefined) throw malformed(`the configuration lacks the file ${name}`);
    left.delete(name);
    return bytes;
  };
  const anchorBytes = take(anchorFile);
  const own = take(ownerFile).toString('utf8').trim();
  const anchor = parseAnchor(anchorBytes);
  if (anchor.instance !== own) {
    throw malformed(`the anchor is of instance ${anchor.instance}, the configuration of ${own}`);
  }
  const ownFolder = instanceFolder(own);
  const others = [...left.keys()].map((name) => name.slice(0, name.indexOf('/')));
  const folders = new Set([ownFolder, ...others.sort()]);
  const instances = [...folders].map((folder) => readInstance(folder, left, take));
  const [surplus] = left.keys();
  if (surplus !== undefined) throw malformed(`no directory names the file ${surplus}`);
  // Other instances are reached by their anchors alone.
  const astray = instances.find(({ instance, signed }) => instance !== own && signed.introductions);
  if (astray !== undefined) throw malformed(`folder ${astray.folder} has introductions`);
  return { own, anchorBytes, anchor, instances };
}

function readInstance(
  folder: string,
  left: Map<string, Buffer>,
  take: (name: string) => Buffer,
): SnapshotInstance {
  const instance = instanceOfFolder(folder);
  if (instanceFolder(instance) !== folder) throw malformed(`folder ${folder} is not named as it should be`);
  const signed = readProof(instance, (name) => {
    const bytes = left.get(`${folder}/${name}`);
    left.delete(`${folder}/${name}`);
    return bytes;
  });
  if (signed === undefined) throw malformed(`the configuration lacks the file ${folder}/${directoryFile}`);
  const directory = readDirectory(signed.body);
  const parts: { file: ConfigurationFile; listed: DirectoryPart }[] = [];
  for (const listed of directory.parts) {
    if (listed.instance !== instance) {
      throw malformed(`the directory in folder ${folder} is of instance ${listed.instance}`);
    }
    const name = `${folder}/${partFileName(listed)}`;
    // Of other instances not every part is fetched.
    if (!left.has(name)) continue;
    parts.push({ file: readPart(name, listed, directory, take), listed });
  }
  return { instance, folder, directory, signed, parts };
}

function readPart(
  name: string,
  listed: DirectoryPart,
  { expiresAt, version }: Directory,
  take: (name: string) => Buffer,
): ConfigurationFile {
  const { instance, contentIdentifier, location } = listed;
  const fileName = partFileName(listed);
  const content = take(name);
  const file = { instance, contentIdentifier, fileName, content, expiresAt, version, location };
  // Metadata are signed by nobody: they may repeat what the directory says, and nothing else.
  const metadata = describeFile(instance, fileName, content, take(`${name}${metadataEnding}`));
  if (metadataOf(metadata) !== metadataOf(file)) {
    throw malformed(`the metadata of ${name} are not what the directory says`);
  }
  return file;
}

/** Name a part has on disk: its own, or the last piece of the path it is fetched from. */
export function partFileName({ fileName, location }: DirectoryPart): string {
  return fileName ?? location.slice(location.lastIndexOf('/') + 1);
}
