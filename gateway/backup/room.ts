import { statfs } from 'node:fs/promises';
import { BackupError } from './error.ts';
import { measureFolder } from './folder.ts';

/** Octets of the disk that the data folder is on. */
interface DiskSpace {
  readonly free: number;
  readonly size: number;
}

/** Left to those who write messages and registers: a tenth of the disk, of which a large one needs less. */
const maxReserve = 5 * 1024 ** 3;

/** What the file system says that a folder is on. */
export async function readSpace(folder: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, size: blocks * bsize };
}

/**
 * Refuses a backup that would fill the disk that the program works on.
 * @param isLeftOut whether a file or folder, by its relative path, is not part of it
 * @throws BackupError no-room
 */
export async function requireRoom(
  data: string,
  isLeftOut: (path: string) => boolean,
  { free, size }: DiskSpace,
): Promise<void> {
  const { total, largest } = await measureFolder(data, isLeftOut);
  const needed = Math.ceil(total + largest + Math.min(size / 10, maxReserve));
  if (free >= needed) return;
  const text = `A backup needs ${needed} free octets, and there are ${free}: remove backups that were taken elsewhere, or make the disk larger`;
  throw new BackupError('no-room', text);
}
