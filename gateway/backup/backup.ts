import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { syncFolder } from '../store/index.ts';
import { BackupError } from './error.ts';
import { readFolder } from './folder.ts';
import { type BackedUpProgram, backedUpPrograms, programFolders } from './programs.ts';
import { type SealFor, sealStream } from './seal.ts';
import { type BackupEntry, writeTar } from './tar.ts';

/** Folder, in the data folder, of the backups that a program keeps; it is part of none. */
export const backupsFolder = 'backups';

/** First file of a backup, which says what the others are. */
export const headFile = 'waygate-backup.json';
export const headSchema = z.strictObject({
  version: z.literal(1),
  program: z.enum(backedUpPrograms),
  /** Name of the instance or server. */
  name: z.string().max(1_000),
  createdAt: z.iso.datetime(),
});
export type BackupHead = z.infer<typeof headSchema>;

export interface BackupOrder {
  /** Folder of the program, which may be running. */
  readonly data: string;
  readonly program: BackedUpProgram;
  readonly name: string;
  /** File to write, which must not be there yet. */
  readonly out: string;
  readonly seal: SealFor;
  readonly now: Date;
  /** Told of each file. */
  readonly onFile?: (path: string, octets: number) => void;
}

export interface MadeBackup {
  readonly file: string;
  readonly octets: number;
  readonly files: number;
  readonly sha256: string;
}

/**
 * Writes a data folder into one sealed file: a tar archive within age. It is whole when it has its name: until then
 * it lies beside under another, and what is on disk is read again and compared.
 * @throws BackupError not-empty when the file is there already, damaged; Error of the disk
 */
export async function makeBackup(order: BackupOrder): Promise<MadeBackup> {
  const { data, program, name, out, seal, now, onFile } = order;
  const folder = dirname(out);
  const aside = join(folder, `.${randomUUID()}.tmp`);
  const work = await mkdtemp(join(folder, '.backup-'));
  let files = 0;
  const head: BackupHead = { version: 1, program, name, createdAt: now.toISOString() };
  async function* entries(): AsyncGenerator<BackupEntry> {
    yield entryOf(headFile, Buffer.from(`${JSON.stringify(head)}\n`));
    for await (const entry of readFolder(data, leftOutOf(program), work)) {
      files += 1;
      onFile?.(entry.path, entry.size);
      yield entry;
    }
  }
  try {
    const written = await writeDurably(aside, await sealStream(writeTar(entries(), now), seal));
    const read = await digestOfFile(aside);
    if (read !== written.sha256) {
      throw new BackupError(
        'damaged',
        `${folder} does not give back what was written to it: see to its disk`,
      );
    }
    await putInPlace(aside, out);
    return { file: out, files, ...written };
  } finally {
    await rm(aside, { force: true });
    await rm(work, { recursive: true, force: true });
  }
}

/** Whether a file or folder, by its relative path, is not kept. */
export function leftOutOf(program: BackedUpProgram): (path: string) => boolean {
  const { madeAnew } = programFolders[program];
  return (path) => path === backupsFolder || madeAnew.test(path);
}

function entryOf(path: string, bytes: Buffer): BackupEntry {
  const content = async function* () {
    yield bytes;
  };
  return { path, size: bytes.length, content: content() };
}

async function writeDurably(
  path: string,
  octets: AsyncIterable<Uint8Array>,
): Promise<{ octets: number; sha256: string }> {
  const file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let length = 0;
  try {
    for await (const chunk of octets) {
      hash.update(chunk);
      length += chunk.length;
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { octets: length, sha256: hash.digest('hex') };
}

/** SHA-256, in hexadecimal digits. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** A backup that is there already is never written over. */
async function putInPlace(aside: string, out: string): Promise<void> {
  const taken = await open(out, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') throw cause;
    throw new BackupError('not-empty', `${out} is there already: choose another name`, { cause });
  });
  await taken.close();
  await rename(aside, out);
  await syncFolder(dirname(out));
}
