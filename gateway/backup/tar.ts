import { BackupError } from './error.ts';

/** One file of a backup. */
export interface BackupEntry {
  /** Relative, with slashes. */
  readonly path: string;
  /** Octets. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

const block = 512;
const maxNameBytes = 100;
/** What 11 octal digits hold. */
const maxSize = 8 ** 11 - 1;
const maxEntries = 1_000_000;
/** Letters, digits and the few signs that names in a data folder have; no name is `.` or `..`, nor begins with a dot. */
const pathPattern = /^[A-Za-z0-9_][A-Za-z0-9_.=@+-]*(\/[A-Za-z0-9_][A-Za-z0-9_.=@+-]*){0,8}$/;

/** Files as a tar archive of plain files, the only kind it knows. @see POSIX.1-2017 pax, ustar interchange format */
export async function* writeTar(entries: AsyncIterable<BackupEntry>, at: Date): AsyncGenerator<Uint8Array> {
  for await (const { path, size, content } of entries) {
    yield headerOf(path, size, at);
    let written = 0;
    for await (const chunk of content) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== size) throw new Error(`${path} has ${written} octets, and ${size} were announced`);
    if (size % block !== 0) yield new Uint8Array(block - (size % block));
  }
  yield new Uint8Array(2 * block);
}

function headerOf(path: string, size: number, at: Date): Buffer {
  if (!isSafePath(path)) throw new Error(`${path} is no name for a file of a backup`);
  if (size > maxSize) throw new Error(`${path} is larger than a tar archive can hold`);
  const header = Buffer.alloc(block);
  header.write(path, 0, 'latin1');
  header.write('0000600\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  header.write(`${octal(size, 11)}\0`, 124, 'latin1');
  header.write(`${octal(Math.floor(at.getTime() / 1000), 11)}\0`, 136, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  header.write(`${octal(checksumOf(header), 6)}\0 `, 148, 'latin1');
  return header;
}

/**
 * Reads what `writeTar` wrote and refuses all else: links, devices, long names, extensions, paths that could lead out
 * of a folder, a name twice. The content of an entry is to be read before the next is asked for.
 * @throws BackupError hostile, damaged
 */
export async function* readTar(octets: AsyncIterable<Uint8Array>): AsyncGenerator<BackupEntry> {
  const source = new Source(octets);
  const known = new Set<string>();
  for (;;) {
    const header = await source.take(block);
    if (header.every((octet) => octet === 0)) break;
    const { path, size } = readHeader(header);
    // Of names that differ in case alone, some disks keep one.
    const name = path.toLowerCase();
    if (known.has(name)) throw hostile(`${path} is there twice`);
    if (known.size === maxEntries) throw hostile(`it has more than ${maxEntries} files`);
    known.add(name);
    let left = size;
    const content = async function* () {
      while (left > 0) {
        const chunk = await source.some(left);
        left -= chunk.length;
        yield chunk;
      }
    };
    yield { path, size, content: content() };
    if (left > 0) throw new Error('the content of an entry was not read');
    const padding = await source.take((block - (size % block)) % block);
    if (padding.some((octet) => octet !== 0)) throw hostile(`there is something behind ${path}`);
  }
  if (!(await source.isZeroToTheEnd())) throw hostile('there is something behind its end');
}

function readHeader(header: Buffer): { path: string; size: number } {
  const end = header.indexOf(0);
  const path = header.toString('latin1', 0, Math.min(end < 0 ? maxNameBytes : end, maxNameBytes));
  if (header.toString('latin1', 257, 265) !== 'ustar\u000000') throw damaged('a header is no ustar header');
  const claimed = /^[0-7]{6}\0 $/.test(header.toString('latin1', 148, 156))
    ? Number.parseInt(header.toString('latin1', 148, 154), 8)
    : -1;
  if (claimed !== checksumOf(header)) throw damaged('a header does not fit its checksum');
  const kind = header.toString('latin1', 156, 157);
  if (kind !== '0') throw hostile(`${printable(path)} is no plain file`);
  if (header.subarray(157, 257).some((octet) => octet !== 0)) throw hostile('a file names another');
  if (header.subarray(345).some((octet) => octet !== 0)) throw hostile('a name goes on elsewhere');
  if (!isSafePath(path)) throw hostile(`${printable(path)} is no name for a file of a backup`);
  const size = header.toString('latin1', 124, 136);
  if (!/^[0-7]{11}\0$/.test(size)) throw hostile('a size is not written in octal digits');
  return { path, size: Number.parseInt(size, 8) };
}

export function isSafePath(path: string): boolean {
  return path.length <= maxNameBytes && pathPattern.test(path);
}

/** The sum of all octets, those of the checksum itself counted as blanks. */
function checksumOf(header: Buffer): number {
  return header.reduce((sum, octet, at) => sum + (at >= 148 && at < 156 ? 0x20 : octet), 0);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

/** Octets of a stream, as many as are wanted at a time. */
class Source {
  readonly #octets: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(octets: AsyncIterable<Uint8Array>) {
    this.#octets = octets[Symbol.asyncIterator]();
  }

  /** At least one, and at most `limit`. @throws BackupError damaged at the end */
  async some(limit: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#octets.next();
      if (done === true) throw damaged('it ends too early');
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.length);
    }
    const taken = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  async take(count: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const chunk = await this.some(left);
      chunks.push(chunk);
      left -= chunk.length;
    }
    return Buffer.concat(chunks);
  }

  /** Reads on to the end, at which the seal of the whole is known to be good. */
  async isZeroToTheEnd(): Promise<boolean> {
    let isZero = this.#rest.every((octet) => octet === 0);
    for (;;) {
      const { done, value } = await this.#octets.next();
      if (done === true) return isZero;
      isZero &&= value.every((octet) => octet === 0);
    }
  }
}

function hostile(what: string): BackupError {
  return new BackupError('hostile', `This backup was not made by Waygate: ${what}`);
}

function damaged(what: string): BackupError {
  return new BackupError('damaged', `This backup is damaged: ${what}. Take another copy of it`);
}
