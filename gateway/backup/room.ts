import { statfs } from 'node:fs/promises';
import { BackupError } from './error.ts';
import { measureFolder } from './folder.ts';

/** Left to those who write messages and registers: a tenth of the disk, of which a large one needs less. */
const maxReserve = 5 * 1024 ** 3;

/**
 * Refuses a backup that would fill the disk that the program works on.
 * @param isLeftOut whether a file or folder, by its relative path, is not part of it
 * @throws BackupError no-room
 */
export async function requireRoom(data: string, isLeftOut: (path: string) => boolean): Promise<void> {
  const { total, largest } = await measureFolder(data, isLeftOut);
  const { bavail, blocks, bsize } = await statfs(data);
  const reserve = Math.min((blocks * bsize) / 10, maxReserve);
  const needed = Math.ceil(total + largest + reserve);
  const free = bavail * bsize;
  if (free >= needed) return;
  const text = `A backup needs ${needed} free octets, and there are ${free}: remove backups that were taken elsewhere, or make the disk larger`;
  throw new BackupError('no-room', text);
}
