import {
  ArchiveError,
  type ArchiveLink,
  linkContainers,
  linkingInfoName,
  verifyLinks,
  writeLinkingInfo,
} from './linking-info.ts';
import { readSideFiles, sideFolder, writeSideFiles } from './side-files.ts';
import { ZipError } from './zip-error.ts';
import { readZip, type ZipLimits } from './zip-read.ts';
import { writeZip } from './zip-write.ts';

export interface ArchivedContainer {
  /** File name inside the archive. */
  readonly name: string;
  readonly bytes: Buffer;
}

export interface WrittenArchive {
  readonly bytes: Buffer;
  /** Last linking digest, lower-case hex: the next archive goes on from it. */
  readonly lastDigest: string;
}

/**
 * Writes containers as one archive of a message log.
 * @param previous the archive before; undefined for the first of all
 * @param beside more that proves them, by names inside a folder that X-Road passes over
 * @throws RangeError without containers
 */
export function writeArchive(
  containers: readonly ArchivedContainer[],
  previous?: ArchiveLink,
  beside: ReadonlyMap<string, Buffer> = new Map(),
): WrittenArchive {
  const info = linkContainers(containers, previous);
  const last = info.containers.at(-1);
  if (last === undefined) throw new RangeError('an archive holds at least one container');
  const files = containers.map(({ name, bytes }) => ({ name, data: bytes }));
  // Containers are compressed already.
  const entries = [
    ...files,
    { name: linkingInfoName, data: writeLinkingInfo(info) },
    ...writeSideFiles(beside),
  ];
  const bytes = writeZip(entries, { level: 0 });
  return { bytes, lastDigest: last.digest };
}

export interface VerifiedArchive {
  /** In the order in which they were linked. */
  readonly containers: readonly ArchivedContainer[];
  /** What the archive says to follow. */
  readonly previous?: ArchiveLink;
  readonly lastDigest: string;
  /** What is beside the containers, as `writeArchive` takes it; empty in archives of X-Road. */
  readonly beside: ReadonlyMap<string, Buffer>;
}

const defaultLimits: ZipLimits = { maxEntries: 65_535, maxOctets: 1024 * 1024 * 1024 };

/**
 * Reads an archive and checks that nothing in it was altered, added, left out or moved. Its containers are still
 * to be verified.
 * @param previous link of the archive before; left out when that is not at hand
 * @throws ArchiveError
 */
export async function readArchive(
  bytes: Buffer,
  previous?: ArchiveLink,
  limits: ZipLimits = defaultLimits,
): Promise<VerifiedArchive> {
  const files = await readFiles(bytes, limits);
  const beside = readSideFiles(files);
  const linked = new Map([...files].filter(([name]) => !name.startsWith(sideFolder)));
  const { info, lastDigest } = verifyLinks(linked, previous);
  const containers = info.containers.map(({ name }) => {
    const container = files.get(name);
    if (container === undefined) throw new ArchiveError('missing', `${name} is not in the archive`);
    return { name, bytes: container };
  });
  return { containers, ...(info.previous !== undefined && { previous: info.previous }), lastDigest, beside };
}

async function readFiles(bytes: Buffer, limits: ZipLimits): Promise<ReadonlyMap<string, Buffer>> {
  try {
    return readZip(bytes, limits);
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    throw new ArchiveError('unreadable', error.message, { cause: error });
  }
}
