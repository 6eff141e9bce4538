import { type CipherGCMTypes, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Fault } from '../fault/index.ts';

const cipher: CipherGCMTypes = 'aes-256-gcm';
const chunkBytes = 64 * 1024;
const tagBytes = 16;
const noBytes = Buffer.alloc(0);

/** Where the bytes of one body lie encrypted, and what it takes to read them. */
export interface SealedFile {
  readonly path: string;
  /** 32 bytes, of this file alone. */
  readonly key: Buffer;
  /** Of the body in clear, in bytes. */
  readonly size: number;
}

/**
 * Writes bytes into a file that is of no use without its key: chunks of 64 KiB, each sealed with AES-256-GCM
 * under its position and whether it is the last, so that chunks can be neither changed, moved, dropped nor cut
 * off unnoticed.
 */
export class SealedFileWriter {
  readonly path: string;
  readonly key = randomBytes(32);
  readonly #file: FileHandle;
  /** The chunk not yet written: a chunk is sealed only once it is known whether another follows. */
  readonly #chunk = Buffer.allocUnsafe(chunkBytes);
  #filled = 0;
  #position = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Creates the file, for this process's user alone; it must not exist yet. */
  static async create(path: string): Promise<SealedFileWriter> {
    return new SealedFileWriter(path, await open(path, 'wx', 0o600));
  }

  /** One call at a time. */
  async write(bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      if (this.#filled === chunkBytes) await this.#flush(false);
      const copied = bytes.copy(this.#chunk, this.#filled, from);
      this.#filled += copied;
      from += copied;
    }
  }

  /** @param durable whether the bytes must be on the disk itself when this resolves */
  async finish(durable = false): Promise<void> {
    await this.#flush(true);
    if (durable) await this.#file.datasync();
    await this.#file.close();
  }

  /** Lets go of the file without making it readable. */
  async abort(): Promise<void> {
    await this.#file.close();
  }

  async #flush(isLast: boolean): Promise<void> {
    const sealing = createCipheriv(cipher, this.key, nonceOf(this.#position, isLast));
    const sealed = sealing.update(this.#chunk.subarray(0, this.#filled));
    sealing.final();
    this.#position += 1;
    this.#filled = 0;
    await writeFully(this.#file, Buffer.concat([sealed, sealing.getAuthTag()]));
  }
}

/**
 * Reads a sealed file from its beginning, each chunk checked before it is given out.
 * @throws Fault IOError when the file is not the one that was written, or cannot be read
 */
export async function* openSealedFile({ path, key, size }: SealedFile): AsyncGenerator<Buffer> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new Fault('IOError', 'A stored body cannot be opened', { cause });
  });
  try {
    const chunks = Math.max(1, Math.ceil(size / chunkBytes));
    if ((await file.stat()).size !== size + chunks * tagBytes) throw damaged();
    for (let position = 0; position < chunks; position += 1) {
      const isLast = position === chunks - 1;
      const sealed = await readFully(file, tagBytes + (isLast ? size - position * chunkBytes : chunkBytes));
      yield unseal(sealed, key, nonceOf(position, isLast));
    }
  } finally {
    await file.close();
  }
}

function unseal(sealed: Buffer, key: Buffer, nonce: Buffer): Buffer {
  try {
    const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes });
    opening.setAuthTag(sealed.subarray(sealed.length - tagBytes));
    const bytes = opening.update(sealed.subarray(0, sealed.length - tagBytes));
    opening.final();
    return bytes;
  } catch (cause) {
    throw damaged(cause);
  }
}

/** Unique per chunk under a key that seals one file only. */
function nonceOf(position: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt8(isLast ? 1 : 0, 0);
  nonce.writeUIntBE(position, 6, 6);
  return nonce;
}

async function writeFully(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    from += (await file.write(bytes, from)).bytesWritten;
  }
}

async function readFully(file: FileHandle, length: number): Promise<Buffer> {
  if (length === 0) return noBytes;
  const bytes = Buffer.allocUnsafe(length);
  for (let from = 0; from < length; ) {
    const { bytesRead } = await file.read(bytes, from, length - from);
    if (bytesRead === 0) throw damaged();
    from += bytesRead;
  }
  return bytes;
}

function damaged(cause?: unknown): Fault {
  return new Fault('IOError', 'A stored body is damaged', cause === undefined ? {} : { cause });
}
