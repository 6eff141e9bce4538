import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** An empty file would let in who sends nothing, and a short one who guesses. Spaces and dashes hold no secret. */
const minLength = 16;

/** A file that holds no secret to speak of: it was emptied, cut off, or written by hand. */
class WeakSecret extends Error {
  override readonly name = 'WeakSecret';
  readonly code = 'secret-too-short';

  constructor(path: string) {
    super(
      `${path} holds no secret of at least ${minLength} characters: put one into it, or delete it and start again, which makes a new one`,
    );
  }
}

/**
 * The key of an administration API, from its file; made on the first start.
 * @param write puts the file in place, readable by its owner alone
 * @param make another kind of secret than a key of 256 bits
 * @throws WeakSecret for a file that is there, with fewer than 16 characters
 */
export async function loadOrCreateApiKey(
  path: string,
  write: (path: string, text: string) => Promise<void>,
  make: () => string = () => randomBytes(32).toString('base64url'),
): Promise<string> {
  const kept = await readKept(path);
  if (kept !== undefined) {
    if (kept.replace(/[\s-]/g, '').length < minLength) throw new WeakSecret(path);
    return kept;
  }
  const key = make();
  await write(path, `${key}\n`);
  return key;
}

async function readKept(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
