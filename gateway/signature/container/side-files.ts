import { createHash } from 'node:crypto';
import { ArchiveError } from './linking-info.ts';

/** Folder of an archive for what proves more than X-Road asks for; its readers pass it over. */
export const sideFolder = 'waygate/';
const manifestName = `${sideFolder}manifest`;

/**
 * Files for the side folder, with a manifest that tells the digest of each.
 * @param files by their names inside the folder
 */
export function writeSideFiles(
  files: ReadonlyMap<string, Buffer>,
): { readonly name: string; readonly data: Buffer }[] {
  if (files.size === 0) return [];
  const named = [...files].map(([name, data]) => ({ name: `${sideFolder}${name}`, data }));
  return [...named, { name: manifestName, data: manifestOf(files) }];
}

/**
 * What the side folder of an archive holds, by names inside it; nothing when there is no such folder.
 * @throws ArchiveError missing, broken-link when the manifest tells of other files
 */
export function readSideFiles(files: ReadonlyMap<string, Buffer>): ReadonlyMap<string, Buffer> {
  const inside = new Map(
    [...files]
      .filter(([name]) => name.startsWith(sideFolder) && name !== manifestName)
      .map(([name, data]) => [name.slice(sideFolder.length), data]),
  );
  const manifest = files.get(manifestName);
  if (manifest === undefined) {
    if (inside.size === 0) return inside;
    throw new ArchiveError('missing', `the archive has no ${manifestName}`);
  }
  const expected = manifestOf(inside).toString('utf8').split('\n');
  const told = manifest.toString('utf8').split('\n');
  const at = expected.findIndex((line, index) => line !== told[index]);
  if (at < 0 && told.length === expected.length) return inside;
  // A digest is 64 digits and two spaces wide.
  const name = (expected[at] ?? told[expected.length] ?? '').slice(66);
  const place = name === '' ? manifestName : `${sideFolder}${name}`;
  throw new ArchiveError('broken-link', `${place} is not what ${manifestName} tells`);
}

function manifestOf(files: ReadonlyMap<string, Buffer>): Buffer {
  const lines = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, data]) => `${createHash('sha256').update(data).digest('hex')}  ${name}\n`);
  return Buffer.from(lines.join(''));
}
