import { randomBytes } from 'node:crypto';
import { access, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncFolder, writeFileDurably } from '../file/index.ts';
import { type AuthorityOptions, createAuthority } from './authority.ts';

/** Holds the secret that opens enrolments, in the folder of an authority. */
export const issueSecretFile = 'issue-secret';

/** Whether a folder holds an authority that was founded to the end. */
export async function isAuthority(dir: string): Promise<boolean> {
  try {
    await access(join(dir, issueSecretFile));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Founds an authority in a folder that is empty or not there yet, with the secret that opens enrolments. It is there
 * whole or not at all: after a crash, founding begins anew.
 * @throws TokenError pin-policy; Error for a folder that holds anything
 */
export async function foundAuthority(dir: string, options: AuthorityOptions): Promise<void> {
  const folder = resolve(dir);
  const unfinished = `${folder}.founding`;
  await rm(unfinished, { recursive: true, force: true });
  try {
    await createAuthority(unfinished, options);
    await writeFileDurably(join(unfinished, issueSecretFile), randomBytes(32).toString('base64url'));
    await rename(unfinished, folder);
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    throw new Error(`${dir} is not empty: an authority is founded in a folder of its own`, { cause });
  }
  await syncFolder(dirname(folder));
}
