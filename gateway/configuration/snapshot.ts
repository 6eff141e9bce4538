import { createHash } from 'node:crypto';
import { anchorFingerprint } from './anchor.ts';
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
import { malformed } from './xml-fields.ts';

export interface SnapshotFile {
  /** `anchor.xml`, `instance-identifier`, or a file in the folder of an instance. */
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * All that said whom to trust at one time, together with what proves that the registry said so: the anchor, and for
 * each instance the directory as the registry signed it, beside the files that the directory names. Whoever has the
 * anchor's fingerprint from elsewhere can check the rest, however much later.
 */
export interface ConfigurationSnapshot {
  /** SHA-256, lower-case hex, of its listing; messages are recorded with it. */
  readonly id: string;
  readonly files: readonly SnapshotFile[];
}

export interface SnapshotContent {
  /** The anchor file, byte for byte as people compared its fingerprint. */
  readonly anchor: Buffer;
  /** Own instance. */
  readonly own: string;
  readonly files: readonly ConfigurationFile[];
  /** One for each instance of `files`. */
  readonly directories: readonly SignedDirectory[];
}

export const anchorFile = 'anchor.xml';

/**
 * Fingerprint of the anchor in a snapshot, as people compare it.
 * @throws Fault MalformedGlobalConf when it has none
 */
export function anchorFingerprintOf(files: readonly SnapshotFile[]): string {
  const anchor = files.find(({ name }) => name === anchorFile);
  if (anchor === undefined) throw malformed(`the configuration lacks the file ${anchorFile}`);
  return anchorFingerprint(anchor.bytes);
}

/**
 * Lays the files of a configuration out as on disk, with the anchor and the signed directories beside them.
 * @throws Fault MalformedGlobalConf when an instance or a file has a name that cannot stand on disk
 */
export function buildSnapshot({ anchor, own, files, directories }: SnapshotContent): ConfigurationSnapshot {
  const all: SnapshotFile[] = [
    { name: anchorFile, bytes: anchor },
    { name: ownerFile, bytes: Buffer.from(own) },
  ];
  for (const directory of directories) {
    const folder = instanceFolder(directory.instance);
    for (const [name, bytes] of proofFiles(directory)) all.push({ name: `${folder}/${name}`, bytes });
  }
  for (const file of files) {
    requireFileName(file.fileName);
    const name = `${instanceFolder(file.instance)}/${file.fileName}`;
    all.push({ name, bytes: file.content });
    all.push({ name: `${name}${metadataEnding}`, bytes: Buffer.from(metadataOf(file)) });
  }
  return { id: snapshotId(all), files: all.sort(byName) };
}

/**
 * The listing of a snapshot: a line `<SHA-256 in hex>  <name>` for each file, sorted by name, as sha256sum prints it.
 * @throws Fault MalformedGlobalConf for a name that could pass for another line, or that stands there twice
 */
export function listSnapshot(files: readonly SnapshotFile[]): string {
  return writeListing(
    files.map(({ name, bytes }) => ({ name, hash: createHash('sha256').update(bytes).digest('hex') })),
  );
}

/** SHA-256 in hex of the listing. @throws Fault MalformedGlobalConf */
export function snapshotId(files: readonly SnapshotFile[]): string {
  return createHash('sha256').update(listSnapshot(files)).digest('hex');
}

export interface ListedFile {
  readonly name: string;
  /** SHA-256, lower-case hex. */
  readonly hash: string;
}

function writeListing(files: readonly ListedFile[]): string {
  const sorted = [...files].sort(byName);
  for (const [index, { name }] of sorted.entries()) {
    if (!isSnapshotName(name)) throw malformed(`'${name}' cannot be the name of a file of a configuration`);
    if (name === sorted[index - 1]?.name) throw malformed(`the configuration has the file ${name} twice`);
  }
  return sorted.map(({ name, hash }) => `${hash}  ${name}\n`).join('');
}

/**
 * Reads a listing back, exactly as it is written.
 * @throws Fault MalformedGlobalConf
 */
export function parseListing(text: string): ListedFile[] {
  const files = text
    .split('\n')
    .slice(0, -1)
    .map((line): ListedFile => {
      const [, hash = '', name = ''] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
      return { hash, name };
    });
  if (writeListing(files) !== text) throw malformed('the listing of a configuration cannot be read');
  return files;
}

/** A file of the whole, or one in the folder of an instance: nothing that leads elsewhere, hides, or breaks a line. */
function isSnapshotName(name: string): boolean {
  const [folder = '', file, ...deeper] = name.split('/');
  if (file === undefined) return folder === anchorFile || folder === ownerFile;
  return deeper.length === 0 && isFolderName(folder) && /^[A-Za-z0-9][A-Za-z0-9._-]{0,210}$/.test(file);
}

/** Characters that `instanceFolder` leaves or makes. */
function isFolderName(name: string): boolean {
  return /^[A-Za-z0-9._~!'()*+%-]{1,255}$/.test(name) && name !== '.' && name !== '..';
}

/** By code units, which for these names are octets; never by a locale. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
