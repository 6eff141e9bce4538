import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ConfigurationSnapshot,
  parseListing,
  type SnapshotFile,
  snapshotId,
} from '../../gateway/configuration/index.ts';

/** The files of a snapshot are not those that its id names. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
  readonly code = 'snapshot-damaged';
}

/** Where the listings and the files of snapshots lie in their folder. */
export function placesIn(dir: string): { readonly snapshots: string; readonly files: string } {
  return { snapshots: join(dir, 'snapshots'), files: join(dir, 'files') };
}

/**
 * Reads a snapshot as it lies on disk, and writes nothing: also for whoever looks at the folder of another's server.
 * @param dir folder of the snapshots
 * @returns undefined when there is none of that id
 * @throws SnapshotError when it was damaged
 */
export async function loadSnapshot(dir: string, id: string): Promise<ConfigurationSnapshot | undefined> {
  const places = placesIn(dir);
  const listing = isHash(id) ? await readIfThere(join(places.snapshots, id)) : undefined;
  if (listing === undefined) return undefined;
  if (hashOf(listing) !== id) throw damaged(id, 'its listing was changed');
  const files: SnapshotFile[] = [];
  for (const { name, hash } of parseListing(listing.toString('utf8'))) {
    const bytes = await readIfThere(join(places.files, hash));
    if (bytes === undefined) throw damaged(id, `${name} (${hash}) is missing`);
    if (hashOf(bytes) !== hash) throw damaged(id, `${name} (${hash}) was changed`);
    files.push({ name, bytes });
  }
  return { id: snapshotId(files), files };
}

export function damaged(id: string, how: string): SnapshotError {
  return new SnapshotError(`Configuration ${id} is damaged: ${how}; restore it from a backup`);
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function isHash(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
