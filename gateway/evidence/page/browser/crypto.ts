/** What stands for `node:crypto` in the judging page: digests, public keys and the checking of signatures. */
export { createHash, hash } from './hashes.ts';
export { createPublicKey } from './keys.ts';
export { constants, verify } from './signatures.ts';
