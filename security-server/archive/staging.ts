import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../../gateway/store/index.ts';
import { ArchivingError } from './archive-source.ts';
import type { KeyWrapping } from './open-pgp.ts';
import { sha256Of } from './sha256.ts';

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
/** First line of a sealed file; an archive begins with the mark of its own format. */
const mark = 'waygate sealed archive 1';

/**
 * Folder of archives on their way to the target: each is on disk before the index counts it. They lie sealed under a
 * key that the token wraps, as the log does: a target that is away leaves nothing here that the log has erased
 * meanwhile, and that could be read without the token.
 */
export class Staging {
  readonly #dir: string;
  readonly #token: KeyWrapping;

  private constructor(dir: string, token: KeyWrapping) {
    this.#dir = dir;
    this.#token = token;
  }

  /** @param waiting names that the index counts; what else is there was never entered, and is made again */
  static async open(dir: string, token: KeyWrapping, waiting: ReadonlySet<string>): Promise<Staging> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    for (const name of await readdir(dir)) if (!waiting.has(name)) await rm(join(dir, name), { force: true });
    return new Staging(dir, token);
  }

  /** @throws TokenError not-active */
  add(name: string, bytes: Buffer): Promise<void> {
    const key = randomBytes(32);
    const nonce = randomBytes(nonceBytes);
    const sealing = createCipheriv(cipher, key, nonce);
    const lines = `${mark}\n${this.#token.wrapKey(key, purposeOf(name))}\n`;
    const sealed = [sealing.update(bytes), sealing.final()];
    const file = Buffer.concat([Buffer.from(lines), nonce, ...sealed, sealing.getAuthTag()]);
    return writeFileDurably(join(this.#dir, name), file);
  }

  /** @throws ArchivingError staging-damaged; TokenError not-active */
  async read(name: string, sha256: string): Promise<Buffer> {
    const path = join(this.#dir, name);
    try {
      const file = await readFile(path);
      // Without a mark it was made by an earlier release.
      const bytes = file.indexOf(`${mark}\n`) === 0 ? this.#open(name, file.subarray(mark.length + 1)) : file;
      if (sha256Of(bytes) === sha256) return bytes;
    } catch (cause) {
      if ((cause as { code?: string }).code === 'not-active') throw cause;
      throw damaged(path, cause);
    }
    throw damaged(path);
  }

  #open(name: string, file: Buffer): Buffer {
    const end = file.indexOf('\n');
    const key = this.#token.unwrapKey(file.subarray(0, end).toString('latin1'), purposeOf(name));
    const sealed = file.subarray(end + 1);
    const opening = createDecipheriv(cipher, key, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    opening.setAuthTag(sealed.subarray(-tagBytes));
    return Buffer.concat([opening.update(sealed.subarray(nonceBytes, -tagBytes)), opening.final()]);
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#dir, name), { force: true });
  }
}

/** Binds a file to its name: none can be put in another's place. */
function purposeOf(name: string): string {
  return `archive on its way ${name}`;
}

function damaged(path: string, cause?: unknown): ArchivingError {
  const remedy = 'restore it from a backup: later archives are linked to it';
  return new ArchivingError('staging-damaged', `${path} is not the archive that was made: ${remedy}`, {
    cause,
  });
}
