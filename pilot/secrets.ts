import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../gateway/store/index.ts';

/** PINs of the pilot's tokens, and the secret of its authority. */
export interface PilotSecrets {
  readonly authority: string;
  readonly registry: string;
  readonly ministry: string;
  readonly city: string;
  readonly issue: string;
}

/**
 * A pilot starts without anybody at the keyboard, so its PINs lie in a file that only its owner can read. A real
 * server is given its PIN by a person or a secret store.
 */
export async function loadOrMakeSecrets(data: string): Promise<PilotSecrets> {
  const path = join(data, 'pilot-secrets.json');
  try {
    return JSON.parse(await readFile(path, 'utf8')) as PilotSecrets;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = () => randomBytes(18).toString('base64url');
  const made: PilotSecrets = {
    authority: secret(),
    registry: secret(),
    ministry: secret(),
    city: secret(),
    issue: secret(),
  };
  await writeFileDurably(path, `${JSON.stringify(made)}\n`);
  return made;
}
