import { readZip, ZipError, zipNames } from '../signature/index.ts';
import { EvidenceError } from './error.ts';
import type { BundleConfiguration, BundleContent, BundleRecord, BundleTimestamp } from './model.ts';
import { readIndex } from './read-index.ts';
import { bundleNames, bundleVersions, timestampFiles, writeBundle } from './write-bundle.ts';

/** Directory entries of a zip file without extensions. */
const maxEntries = 0xffff;
const maxIndexOctets = 256 * 1024 * 1024;
const maxNoteOctets = 1_000_000;

/** Takes entries by their names, and knows which were not taken. */
class Files {
  readonly #left: Map<string, Buffer>;

  constructor(files: ReadonlyMap<string, Buffer>) {
    this.#left = new Map(files);
  }

  take(name: string, maxOctets = Number.POSITIVE_INFINITY): Buffer {
    const bytes = this.#left.get(name);
    if (bytes === undefined) throw malformed(`${name} is missing`, name);
    if (bytes.length > maxOctets) throw malformed(`${name} is longer than ${maxOctets} octets`, name);
    this.#left.delete(name);
    return bytes;
  }

  takeFolder(folder: string): { readonly name: string; readonly bytes: Buffer }[] {
    const names = [...this.#left.keys()].filter((name) => name.startsWith(`${folder}/`));
    if (names.length === 0) throw malformed(`${folder} is missing`, folder);
    return names.map((name) => ({ name: name.slice(folder.length + 1), bytes: this.take(name) }));
  }

  checkEmpty(): void {
    const [name] = this.#left.keys();
    if (name !== undefined)
      throw malformed(`${name} is in the bundle, and bundle.json does not name it`, name);
  }
}

/**
 * Reads a bundle in its one form: what is written again gives the same bytes. Nothing in it has been verified.
 * @throws EvidenceError bundle-malformed, with its place
 */
export function readBundle(bytes: Buffer): BundleContent {
  const zipped = unzip(bytes);
  const files = new Files(zipped);
  const content = readContent(files);
  files.checkEmpty();
  checkForm(bytes, content, zipped);
  return content;
}

const localHeader = { signature: 0x04034b50, length: 30 };
const centralHeader = { signature: 0x02014b50, length: 46 };

/** How a bundle is named where it is made. */
const bundleEnding = /\.evidence\.zip$/i;

/**
 * Whether a file claims to be a bundle: its first entry is a `bundle.json`, or its directory has one. With a bit changed
 * it still has one of these two, and is to be judged as the bundle it was. One that is named as a bundle is one also with
 * more damage; of others nothing within an entry counts, for a message in a container says what its sender likes.
 * @param fileName empty when it is not known
 */
export function isBundle(bytes: Buffer, fileName: string): boolean {
  const { local, central } = zipNames(bytes);
  if (local[0] === bundleNames.index || central.includes(bundleNames.index)) return true;
  return bundleEnding.test(fileName) && hasHeaderAnywhere(bytes);
}

function hasHeaderAnywhere(bytes: Buffer): boolean {
  let at = bytes.indexOf(bundleNames.index);
  while (at !== -1) {
    const here = at;
    const isNamed = [localHeader, centralHeader].some(
      ({ signature, length }) => here >= length && bytes.readUInt32LE(here - length) === signature,
    );
    if (isNamed) return true;
    at = bytes.indexOf(bundleNames.index, at + 1);
  }
  return false;
}

function unzip(bytes: Buffer): ReadonlyMap<string, Buffer> {
  try {
    // Nothing in a bundle is compressed: it cannot hold more than itself.
    return readZip(bytes, { maxEntries, maxOctets: bytes.length });
  } catch (cause) {
    if (!(cause instanceof ZipError)) throw cause;
    throw malformed(cause.message, cause.entry ?? 'zip directory', cause);
  }
}

function readContent(files: Files): BundleContent {
  const { version, ...index } = readIndex(files.take(bundleNames.index, maxIndexOctets));
  const checkpoint = textOf(files, bundleNames.checkpoint);
  const contents = version === bundleVersions.signed ? textOf(files, bundleNames.contents) : undefined;
  const records = index.records.map(
    ({ hasContainer, ...record }): BundleRecord => ({
      ...record,
      container: hasContainer ? files.take(bundleNames.container(record.index)) : null,
    }),
  );
  const timestamps = readTimestamps(files, records);
  const configurations = index.configurations.map(
    (id): BundleConfiguration => ({
      id,
      files: files.takeFolder(bundleNames.configuration(id)),
    }),
  );
  return {
    ...{ ...index, checkpoint, records, timestamps, configurations },
    ...(contents !== undefined && { contents }),
  };
}

/** As many as records refer to, without holes. */
function readTimestamps(files: Files, records: readonly BundleRecord[]): BundleTimestamp[] {
  const used = new Set(records.flatMap(({ timestamp }) => (timestamp === null ? [] : [timestamp])));
  return [...used.keys()]
    .sort((a, b) => a - b)
    .map((place, position) => {
      const folder = bundleNames.timestamp(place);
      if (place !== position) throw malformed(`no record refers to the timestamp before ${folder}`, folder);
      return {
        checkpoint: textOf(files, `${folder}/${timestampFiles.checkpoint}`),
        token: files.take(`${folder}/${timestampFiles.token}`),
        result: files.take(`${folder}/${timestampFiles.result}`),
        chain: files.take(`${folder}/${timestampFiles.chain}`),
      };
    });
}

function textOf(files: Files, name: string): string {
  const bytes = files.take(name, maxNoteOctets);
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) throw malformed(`${name} is not text in UTF-8`, name);
  return text;
}

/** Headers, order, comments and spare octets of the zip file: what means nothing must be nothing. */
function checkForm(bytes: Buffer, content: BundleContent, zipped: ReadonlyMap<string, Buffer>): void {
  const expected = writeBundle(content);
  if (expected.equals(bytes)) return;
  const index = zipped.get(bundleNames.index);
  const isIndexSame = index !== undefined && expected.includes(index);
  const at = firstDifference(expected, bytes);
  throw malformed(
    `the file is not in its one form: octet ${at} is not what writing its content again gives`,
    isIndexSame ? placeOf(at, zipped) : bundleNames.index,
  );
}

function firstDifference(one: Buffer, other: Buffer): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) if (one[at] !== other[at]) return at;
  return length;
}

/** Entries stand one after another, each behind a header of 30 octets and its name. */
function placeOf(octet: number, zipped: ReadonlyMap<string, Buffer>): string {
  let end = 0;
  for (const [name, data] of zipped) {
    end += 30 + Buffer.byteLength(name) + data.length;
    if (octet < end) return name;
  }
  return 'zip directory';
}

function malformed(why: string, place: string, cause?: unknown): EvidenceError {
  return new EvidenceError('bundle-malformed', `This is not an evidence bundle as it was written: ${why}`, {
    place,
    ...(cause !== undefined && { cause }),
  });
}
