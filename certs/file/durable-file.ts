import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Puts a file in place whole: whoever reads `path` finds the former bytes or these, also after a crash, and once
 * this resolves a power cut cannot take them back.
 * @param mode access bits of the new file; 0o600 unless told
 */
export async function writeFileDurably(
  path: string,
  bytes: Uint8Array | string,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Removes what a crash left of files on their way to `path`: nobody may be putting it in place meanwhile. */
export async function removeUnfinished(path: string): Promise<void> {
  const folder = dirname(path);
  const start = `${basename(path)}.`;
  for (const name of await readdir(folder)) {
    const isOurs = name.startsWith(start) && unfinished.test(name.slice(start.length));
    if (isOurs) await rm(join(folder, name), { force: true });
  }
}

const unfinished = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** Makes names created in or removed from a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
