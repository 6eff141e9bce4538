import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/**
 * The key of an administration API, from its file; made on the first start.
 * @param write puts the file in place, readable by its owner alone
 * @param make another kind of secret than a key of 256 bits
 */
export async function loadOrCreateApiKey(
  path: string,
  write: (path: string, text: string) => Promise<void>,
  make: () => string = () => randomBytes(32).toString('base64url'),
): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = make();
  await write(path, `${key}\n`);
  return key;
}
