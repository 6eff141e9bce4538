import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The folder of a message log on disk.
 * @param folder data folder of a security server, or the folder of a log alone
 * @throws Error when there is no log
 */
export function findLogFolder(folder: string): string {
  const inner = join(folder, 'messages');
  const dir = existsSync(join(inner, 'partitions')) ? inner : folder;
  if (existsSync(join(dir, 'partitions'))) return dir;
  throw new Error(
    `${folder} holds no message log: expected is the data folder of a security server, or the folder with ` +
      '`partitions`, `tree` and `checkpoint` in it',
  );
}
