import { sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';

/** Names as `node:crypto` has them. SHA-1 names things here, and protects nothing. */
const algorithms = new Map([
  ['sha1', sha1],
  ['sha224', sha224],
  ['sha256', sha256],
  ['sha384', sha384],
  ['sha512', sha512],
]);

/** `Hash` of `node:crypto`, as much of it as judging uses. */
export class Hash {
  readonly #hash: ReturnType<typeof sha256.create>;

  constructor(name: string) {
    const algorithm = algorithms.get(name);
    if (algorithm === undefined) throw new Error(`there is no digest ${name} here`);
    this.#hash = algorithm.create() as ReturnType<typeof sha256.create>;
  }

  update(data: Uint8Array | string): this {
    this.#hash.update(typeof data === 'string' ? Buffer.from(data) : data);
    return this;
  }

  digest(): Buffer;
  digest(encoding: BufferEncoding): string;
  digest(encoding?: BufferEncoding): Buffer | string {
    const digest = Buffer.from(this.#hash.digest());
    return encoding === undefined ? digest : digest.toString(encoding);
  }
}

export function createHash(name: string): Hash {
  return new Hash(name);
}

export function hash(name: string, data: Uint8Array | string, encoding: BufferEncoding): string {
  return new Hash(name).update(data).digest(encoding);
}

export function sha256Hex(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

export function sha512Hex(bytes: Uint8Array): string {
  return hash('sha512', bytes, 'hex');
}
