import { createHash, type Hash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DigestName } from '../../certs/key/index.ts';
import { Fault } from '../fault/index.ts';
import { openSealedFile, SealedFileWriter } from './sealed-file.ts';

export interface BodySinkOptions {
  /** Folder for bodies that outgrow the memory; on the file system of the message log, which takes them over. */
  readonly dir: string;
  /** Bytes of one body kept in memory; default 256 KiB. */
  readonly memoryLimit?: number;
  /** Bytes of one body that are taken at all. */
  readonly maxSize: number;
  readonly digest: DigestName;
}

/** Takes one body, hashing it on the way. Ends with either `finish` or `abort`. */
export interface BodySink {
  /**
   * Takes the next bytes. A promise must be awaited before the next call: it is how a slow disk slows the sender.
   * @throws Fault InvalidMessage when the body grows too large, IOError when it cannot be kept
   */
  write(chunk: Buffer): Promise<void> | void;
  finish(): Promise<HeldBody>;
  /** Leaves nothing behind; does nothing after `finish`. */
  abort(): Promise<void>;
}

/** A whole body, waiting to be read, kept or let go. */
export interface HeldBody {
  readonly size: number;
  readonly digest: Buffer;
  /** The body itself, when it is small enough for memory. */
  readonly bytes?: Buffer;
  /** The body from its beginning, anew each time; never bytes that differ from those written. */
  chunks(): AsyncIterable<Buffer>;
  /**
   * Hands the body over as a durable encrypted file; the caller owns the file from then on.
   * @param toPath where no file is yet, on the same file system
   * @returns what `openHeldFile` needs to read it
   */
  adopt(toPath: string): Promise<{ readonly key: Buffer }>;
  /** Lets go of the body, unless it was adopted. */
  discard(): Promise<void>;
}

const defaultMemoryLimit = 256 * 1024;
const suffix = '.body';

/**
 * Makes the spool folder ready at start: private, and without what a crash left behind. The keys of such bodies
 * died with the process.
 */
export async function prepareSpool(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const left = (await readdir(dir)).filter((name) => name.endsWith(suffix));
  await Promise.all(left.map((name) => rm(join(dir, name), { force: true })));
}

export function createBodySink(options: BodySinkOptions): BodySink {
  return new SpoolingSink(options);
}

class SpoolingSink implements BodySink {
  readonly #options: BodySinkOptions;
  readonly #hash: Hash;
  #pieces: Buffer[] = [];
  #size = 0;
  #file: SealedFileWriter | undefined;
  #isFinished = false;

  constructor(options: BodySinkOptions) {
    this.#options = options;
    this.#hash = createHash(options.digest);
  }

  write(chunk: Buffer): Promise<void> | void {
    this.#size += chunk.length;
    if (this.#size > this.#options.maxSize) {
      throw new Fault(
        'InvalidMessage',
        `A body of more than ${this.#options.maxSize} bytes is not taken here`,
      );
    }
    this.#hash.update(chunk);
    if (this.#file !== undefined) return ioFaults(this.#file.write(chunk));
    this.#pieces.push(chunk);
    if (this.#size > (this.#options.memoryLimit ?? defaultMemoryLimit)) return ioFaults(this.#spill());
  }

  async finish(): Promise<HeldBody> {
    if (this.#file !== undefined) await ioFaults(this.#file.finish());
    this.#isFinished = true;
    const digest = this.#hash.digest();
    if (this.#file !== undefined) return new BodyInFile(this.#file, this.#size, digest);
    const [only, ...more] = this.#pieces;
    const bytes = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#pieces);
    return new BodyInMemory(bytes, digest);
  }

  async abort(): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#pieces = [];
    if (this.#file === undefined) return;
    await this.#file.abort();
    await rm(this.#file.path, { force: true });
  }

  async #spill(): Promise<void> {
    this.#file = await SealedFileWriter.create(join(this.#options.dir, `${randomUUID()}${suffix}`));
    const pieces = this.#pieces;
    this.#pieces = [];
    for (const piece of pieces) await this.#file.write(piece);
  }
}

class BodyInMemory implements HeldBody {
  readonly bytes: Buffer;
  readonly size: number;
  readonly digest: Buffer;

  constructor(bytes: Buffer, digest: Buffer) {
    this.bytes = bytes;
    this.size = bytes.length;
    this.digest = digest;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    if (this.size > 0) yield this.bytes;
  }

  async adopt(toPath: string): Promise<{ readonly key: Buffer }> {
    const file = await SealedFileWriter.create(toPath);
    await file.write(this.bytes);
    await file.finish(true);
    await syncFolder(dirname(toPath));
    return { key: file.key };
  }

  async discard(): Promise<void> {
    // Memory is let go of by itself.
  }
}

class BodyInFile implements HeldBody {
  readonly size: number;
  readonly digest: Buffer;
  readonly #key: Buffer;
  #path: string;
  #isOurs = true;

  constructor(file: SealedFileWriter, size: number, digest: Buffer) {
    this.#path = file.path;
    this.#key = file.key;
    this.size = size;
    this.digest = digest;
  }

  chunks(): AsyncGenerator<Buffer> {
    return openSealedFile({ path: this.#path, key: this.#key, size: this.size });
  }

  async adopt(toPath: string): Promise<{ readonly key: Buffer }> {
    const file = await open(this.#path, 'r+');
    try {
      // Before the name: a file found under its final name after a crash must be whole.
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(this.#path, toPath);
    this.#path = toPath;
    this.#isOurs = false;
    await syncFolder(dirname(toPath));
    return { key: this.#key };
  }

  async discard(): Promise<void> {
    if (this.#isOurs) await rm(this.#path, { force: true });
  }
}

/** Makes a new name in a folder survive a crash. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A full disk is not the sender's fault, and its message would show strangers our paths. */
async function ioFaults(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    throw new Fault('IOError', 'A body could not be kept', { cause });
  }
}
