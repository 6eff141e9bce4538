import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../gateway/store/index.ts';

/** PINs of the pilot's tokens, the secret of its authority, and the password for its consoles. */
export interface PilotSecrets {
  readonly authority: string;
  readonly registry: string;
  readonly ministry: string;
  readonly city: string;
  readonly issue: string;
  /** Password of the person who signs in to every console. */
  readonly console: string;
}

/**
 * A pilot starts without anybody at the keyboard, so its PINs lie in a file that only its owner can read. A real
 * server is given its PIN by a person or a secret store.
 */
export async function loadOrMakeSecrets(data: string): Promise<PilotSecrets> {
  const path = join(data, 'pilot-secrets.json');
  try {
    const kept = JSON.parse(await readFile(path, 'utf8')) as PilotSecrets;
    // Of a pilot from before there was somebody who signs in.
    return kept.console === undefined ? await keep(path, { ...kept, console: secret() }) : kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return keep(path, {
    authority: secret(),
    registry: secret(),
    ministry: secret(),
    city: secret(),
    issue: secret(),
    console: secret(),
  });
}

async function keep(path: string, secrets: PilotSecrets): Promise<PilotSecrets> {
  await writeFileDurably(path, `${JSON.stringify(secrets)}\n`);
  return secrets;
}

function secret(): string {
  return randomBytes(18).toString('base64url');
}
