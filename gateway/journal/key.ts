import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileDurably } from '../store/index.ts';
import { createNoteSigner, type NoteSigner } from '../transparency/index.ts';
import { JournalError } from './error.ts';

const keyFile = 'key.json';
const storedSchema = z.object({ origin: z.string(), privateKey: z.string() });

/**
 * The key that signs the checkpoints of a journal, made with it. It lies unsealed in the journal's folder (mode
 * 0600), for the journal is written before any token is signed in. Its thief can sign another history of this
 * origin; it does not fit a checkpoint that somebody kept, and whoever holds one sees the fork. They can open
 * nothing and sign no message.
 * @param origin name of the journal if it is new; one that exists keeps the name it was made with
 * @param isNew whether there is no journal yet: a lost key is never replaced silently
 * @throws JournalError damaged
 */
export async function loadOrCreateSigner(dir: string, origin: string, isNew: boolean): Promise<NoteSigner> {
  const path = join(dir, keyFile);
  if (!existsSync(path)) {
    if (!isNew) throw damaged(dir, 'is missing');
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
    await writeFileDurably(path, JSON.stringify({ origin, privateKey: pem }));
  }
  const { name, key } = readKey(dir, readFileSync(path, 'utf8'));
  return createNoteSigner(name, key);
}

function readKey(dir: string, text: string): { name: string; key: KeyObject } {
  try {
    const { origin, privateKey } = storedSchema.parse(JSON.parse(text));
    return { name: origin, key: createPrivateKey(privateKey) };
  } catch (cause) {
    throw damaged(dir, 'cannot be read', cause);
  }
}

function damaged(dir: string, what: string, cause?: unknown): JournalError {
  const text = `The key of the audit log, ${join(dir, keyFile)}, ${what}. Restore it from a backup`;
  return new JournalError('damaged', keyFile, text, { cause });
}
