import { createHash, randomBytes } from 'node:crypto';

const secretBytes = 32;

/** 256 random bits as text of 43 characters: nothing that could be guessed, so that one hash of it is enough. */
export function makeSecret(): string {
  return randomBytes(secretBytes).toString('base64url');
}

/** What is kept of a secret: its thief cannot use it. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
