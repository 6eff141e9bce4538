import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Decides whether a presented key is the right one; holds its digest only. */
export type ApiKeyCheck = (presented: string) => boolean;

/** @param key as it stands in the key file */
export function apiKeyCheck(key: string): ApiKeyCheck {
  const expected = digest(key);
  return (presented) => timingSafeEqual(digest(presented), expected);
}

/**
 * The key of an administration API, from its file; made on the first start.
 * @param write puts the file in place, readable by its owner alone
 */
export async function loadOrCreateApiKey(
  path: string,
  write: (path: string, text: string) => Promise<void>,
): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = randomBytes(32).toString('base64url');
  await write(path, `${key}\n`);
  return key;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
