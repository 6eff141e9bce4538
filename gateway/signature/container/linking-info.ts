import { createHash } from 'node:crypto';
import { type DigestName, digestByHeaderName, digestOf } from '../../../certs/key/index.ts';

export type ArchiveErrorCode = 'unreadable' | 'malformed' | 'missing' | 'broken-link' | 'left-over';

/** An archive that is not what its linking information says. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code: ArchiveErrorCode;

  constructor(code: ArchiveErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Where a chain of archives goes on. */
export interface ArchiveLink {
  /** Last linking digest of that archive, lower-case hex. */
  readonly digest: string;
  readonly fileName: string;
}

interface LinkedContainer {
  /** Lower-case hex. */
  readonly digest: string;
  readonly name: string;
}

/** Ties containers of an archive to each other, and the archive to the one before: none can go unnoticed. */
export interface LinkingInfo {
  /** Absent in the first archive of all. */
  readonly previous?: ArchiveLink;
  /** As headers spell it, e.g. `SHA-512`. */
  readonly algorithm: string;
  readonly containers: readonly LinkedContainer[];
}

/** Name of its file inside an archive. */
export const linkingInfoName = 'linkinginfo';

/**
 * Links containers in the order in which they stand in an archive.
 * @param previous the archive before; undefined for the first of all
 */
export function linkContainers(
  containers: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  previous?: ArchiveLink,
): LinkingInfo {
  let digest = previous?.digest ?? '';
  const linked = containers.map(({ name, bytes }) => {
    digest = nextDigest('sha512', digest, bytes);
    return { digest, name };
  });
  return { ...(previous !== undefined && { previous }), algorithm: 'SHA-512', containers: linked };
}

/** Over the hex of both, as text. */
function nextDigest(digest: DigestName, before: string, container: Uint8Array): string {
  return createHash(digest).update(before).update(digestOf(digest, container).toString('hex')).digest('hex');
}

export function writeLinkingInfo({ previous, algorithm, containers }: LinkingInfo): Buffer {
  const first = `${previous?.digest ?? '-'} ${previous?.fileName ?? '-'} ${algorithm}`;
  return Buffer.from(`${[first, ...containers.map(({ digest, name }) => `${digest} ${name}`)].join('\n')}\n`);
}

/** @throws ArchiveError malformed */
function readLinkingInfo(bytes: Uint8Array): LinkingInfo {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const [first = '', ...rest] = lines;
  const [, digest, fileName, algorithm] = /^(-|[0-9a-f]+) ([^ ]+) ([^ ]+)$/.exec(first) ?? [];
  if (digest === undefined || fileName === undefined || algorithm === undefined) {
    throw new ArchiveError(
      'malformed',
      'the first line of linkinginfo is not <digest> <archive> <algorithm>',
    );
  }
  if ((digest === '-') !== (fileName === '-')) {
    throw new ArchiveError('malformed', 'linkinginfo names the archive before only in part');
  }
  const containers = rest.map((line) => {
    const [, linked, name] = /^([0-9a-f]+) ([^ ].*)$/.exec(line) ?? [];
    if (linked === undefined || name === undefined) {
      throw new ArchiveError('malformed', 'a line of linkinginfo is not <digest> <container>');
    }
    return { digest: linked, name };
  });
  return { ...(digest !== '-' && { previous: { digest, fileName } }), algorithm, containers };
}

/**
 * Whether an archive holds exactly the containers its linking information names, unaltered and in that order.
 * @param files of the archive by name, linking information included
 * @param previous link of the archive before; left out when that is not at hand
 * @returns names of the containers in order, and the link for the archive after
 * @throws ArchiveError
 */
export function verifyLinks(
  files: ReadonlyMap<string, Uint8Array>,
  previous?: ArchiveLink,
): { readonly info: LinkingInfo; readonly lastDigest: string } {
  const document = files.get(linkingInfoName);
  if (document === undefined) throw new ArchiveError('missing', 'the archive has no linkinginfo');
  const info = readLinkingInfo(document);
  const algorithm = digestByHeaderName(info.algorithm);
  if (algorithm === undefined) {
    throw new ArchiveError(
      'malformed',
      `linkinginfo names the digest ${info.algorithm}, which is not accepted`,
    );
  }
  if (info.containers.length === 0) throw new ArchiveError('missing', 'linkinginfo names no containers');
  if (previous !== undefined && info.previous?.digest !== previous.digest) {
    throw new ArchiveError('broken-link', `the archive does not follow ${previous.fileName}`);
  }
  const seen = new Set([linkingInfoName]);
  let digest = info.previous?.digest ?? '';
  for (const { name, digest: expected } of info.containers) {
    const bytes = files.get(name);
    if (bytes === undefined || seen.has(name)) {
      throw new ArchiveError('missing', `${name} of linkinginfo is not in the archive, or is named twice`);
    }
    seen.add(name);
    digest = nextDigest(algorithm.name, digest, bytes);
    if (digest !== expected)
      throw new ArchiveError('broken-link', `${name} is not the container that was linked`);
  }
  const extra = [...files.keys()].filter((name) => !seen.has(name));
  if (extra.length > 0) {
    throw new ArchiveError(
      'left-over',
      `the archive holds what is not linked: ${extra.slice(0, 5).join(', ')}`,
    );
  }
  return { info, lastDigest: digest };
}
