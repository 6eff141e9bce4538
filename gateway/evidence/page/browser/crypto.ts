/** What stands for `node:crypto` in the judging page: digests, public keys and the checking of signatures. */
export { createHash, hash } from './hashes.ts';
export { createPublicKey } from './keys.ts';
export { constants, verify } from './signatures.ts';

/** Names that modules import beside what judging uses; nothing in the page calls them. */
export const sign = refuse('sign');
export const generateKeyPair = refuse('generateKeyPair');

function refuse(name: string): () => never {
  return () => {
    throw new Error(`the judging page only verifies: it has no ${name}`);
  };
}
