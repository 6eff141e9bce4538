import { type CipherGCMTypes, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { deflateRaw, inflateRawSync } from 'node:zlib';
import { Fault } from '../fault/index.ts';

const deflate = promisify(deflateRaw);
const cipher: CipherGCMTypes = 'aes-256-gcm';
const chunkBytes = 64 * 1024;
const tagBytes = 16;
const secretBytes = 32;
const noBytes = Buffer.alloc(0);
/** Before the secret of a file with deflated chunks; there is nothing before that of one without. */
const deflatedMark = Buffer.of(1);
const lengthBytes = 4;
/** What the first octet of a chunk in a file with deflated chunks says of the rest. */
const asItWas = 0;
const deflated = 1;
/** Less than a tenth is not worth the time of reading it. */
const worthwhile = 0.9;
/** Chunks in a row that gain nothing, after which no more is tried. */
const maxVain = 8;

/** Where the bytes of one body lie encrypted, and what it takes to read them. */
export interface SealedFile {
  readonly path: string;
  /** Of this file alone: 32 bytes, and one before them when its chunks are deflated. */
  readonly key: Buffer;
  /** Of the body in clear, in bytes. */
  readonly size: number;
}

/**
 * Writes bytes into a file that is of no use without its key: chunks of 64 KiB, each sealed with AES-256-GCM
 * under its position and whether it is the last, so that chunks can be neither changed, moved, dropped nor cut
 * off unnoticed. When the first chunk shows that it is worthwhile, chunks are deflated before they are sealed, each
 * with its length before it; what is compressed already is not tried again.
 */
export class SealedFileWriter {
  readonly path: string;
  readonly #secret = randomBytes(secretBytes);
  readonly #file: FileHandle;
  /** The chunk not yet written: a chunk is sealed only once it is known whether another follows. */
  #chunk: Buffer<ArrayBuffer> = Buffer.allocUnsafe(chunkBytes);
  /** The one on its way to the file: it is deflated while the next is being filled. */
  #leaving: Buffer<ArrayBuffer> = Buffer.allocUnsafe(chunkBytes);
  #left: Promise<void> = Promise.resolve();
  #filled = 0;
  #position = 0;
  /** Known after the first chunk. */
  #isDeflated: boolean | undefined;
  #vain = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Creates the file, for this process's user alone; it must not exist yet. */
  static async create(path: string): Promise<SealedFileWriter> {
    return new SealedFileWriter(path, await open(path, 'wx', 0o600));
  }

  /** What it takes to read the file; to be asked for once it is finished. */
  get key(): Buffer {
    return this.#isDeflated === true ? Buffer.concat([deflatedMark, this.#secret]) : this.#secret;
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
    await this.#left;
    if (durable) await this.#file.datasync();
    await this.#file.close();
  }

  /** Lets go of the file without making it readable. */
  async abort(): Promise<void> {
    await Promise.allSettled([this.#left]);
    await this.#file.close();
  }

  /** @throws Error of the chunk before */
  async #flush(isLast: boolean): Promise<void> {
    await this.#left;
    [this.#chunk, this.#leaving] = [this.#leaving, this.#chunk];
    this.#left = this.#seal(this.#leaving.subarray(0, this.#filled), isLast);
    // Whoever comes next is told; until then nobody waits for it.
    this.#left.catch(() => undefined);
    this.#filled = 0;
  }

  async #seal(plain: Buffer<ArrayBuffer>, isLast: boolean): Promise<void> {
    const smaller = await this.#smaller(plain);
    this.#isDeflated ??= smaller !== undefined;
    const pieces = !this.#isDeflated
      ? [plain]
      : smaller === undefined
        ? [Buffer.of(asItWas), plain]
        : [Buffer.of(deflated), smaller];
    const sealing = createCipheriv(cipher, this.#secret, nonceOf(this.#position, isLast));
    const sealed: Buffer[] = pieces.map((piece) => sealing.update(piece));
    sealing.final();
    sealed.push(sealing.getAuthTag());
    this.#position += 1;
    if (this.#isDeflated) sealed.unshift(lengthOf(sealed.reduce((sum, { length }) => sum + length, 0)));
    await writeFully(this.#file, Buffer.concat(sealed));
  }

  /** @returns undefined when deflating gains too little, or has for a while */
  async #smaller(plain: Buffer<ArrayBuffer>): Promise<Buffer | undefined> {
    if (this.#isDeflated === false || this.#vain === maxVain) return undefined;
    const smaller = await deflate(plain, { level: 1 });
    const isSmaller = smaller.length < plain.length * worthwhile;
    this.#vain = isSmaller ? 0 : this.#vain + 1;
    return isSmaller ? smaller : undefined;
  }
}

function lengthOf(octets: number): Buffer {
  const length = Buffer.allocUnsafe(lengthBytes);
  length.writeUInt32BE(octets);
  return length;
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
    const isDeflated = key.length === 1 + secretBytes && key[0] === deflatedMark[0];
    if (!isDeflated && key.length !== secretBytes) throw damaged();
    const secret = key.subarray(-secretBytes);
    const { size: stored } = await file.stat();
    if (!isDeflated && stored !== size + chunks * tagBytes) throw damaged();
    let at = 0;
    for (let position = 0; position < chunks; position += 1) {
      const isLast = position === chunks - 1;
      const plainBytes = isLast ? size - position * chunkBytes : chunkBytes;
      const length = isDeflated ? await readLength(file) : plainBytes + tagBytes;
      at += length + (isDeflated ? lengthBytes : 0);
      const opened = unseal(await readFully(file, length), secret, nonceOf(position, isLast));
      yield isDeflated ? inflated(opened, plainBytes) : opened;
    }
    if (at !== stored) throw damaged();
  } finally {
    await file.close();
  }
}

/** Not sealed, and so not believed: what has another length does not open. */
async function readLength(file: FileHandle): Promise<number> {
  const length = (await readFully(file, lengthBytes)).readUInt32BE();
  if (length <= tagBytes || length > 1 + chunkBytes + tagBytes) throw damaged();
  return length;
}

function inflated(chunk: Buffer, plainBytes: number): Buffer {
  const plain = chunk[0] === deflated ? inflate(chunk.subarray(1), plainBytes) : chunk.subarray(1);
  if (plain.length !== plainBytes) throw damaged();
  return plain;
}

/** At once: it takes less time than handing it to another thread. */
function inflate(bytes: Buffer, plainBytes: number): Buffer {
  try {
    return inflateRawSync(bytes, { maxOutputLength: Math.max(1, plainBytes) });
  } catch (cause) {
    throw damaged(cause);
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
