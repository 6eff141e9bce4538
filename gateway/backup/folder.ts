import { createReadStream } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { BackupError } from './error.ts';
import { type BackupEntry, isSafePath } from './tar.ts';

const databaseMagic = Buffer.from('SQLite format 3\0');
/** What SQLite and unfinished writes keep beside their files. */
const passing = /(-wal|-shm|-journal|\.tmp)$/;

/**
 * The files of a data folder that may be in use, in an order in which they fit each other:
 * 1. checkpoints, which what follows can only be newer than;
 * 2. the hashes of trees, which are made up for from rows;
 * 3. databases, each as it is at one moment;
 * 4. all else, where a key that nobody knows of yet does no harm.
 * @param isLeftOut whether a file or folder, by its relative path, is not kept
 * @param work folder for copies of databases, on a disk with room for the largest
 */
export async function* readFolder(
  data: string,
  isLeftOut: (path: string) => boolean,
  work: string,
): AsyncGenerator<BackupEntry> {
  const paths = (await listFiles(data, isLeftOut)).sort();
  const databases = new Set<string>();
  for (const path of paths) if (await isDatabase(join(data, path))) databases.add(path);
  const rank = (path: string) => {
    if (databases.has(path)) return 2;
    const segments = path.split('/');
    if (segments.at(-1) === 'checkpoint') return 0;
    return segments.includes('tree') ? 1 : 3;
  };
  const ordered = [...paths].sort((a, b) => rank(a) - rank(b));
  for (const path of ordered) {
    if (databases.has(path)) yield* readDatabase(data, path, join(work, 'database.copy'));
    else yield* readFile(data, path);
  }
}

/**
 * Octets of what `readFolder` would read, without opening any of it.
 * @returns also those of the largest file, of which there may be a copy for a while
 */
export async function measureFolder(
  data: string,
  isLeftOut: (path: string) => boolean,
): Promise<{ readonly total: number; readonly largest: number }> {
  let total = 0;
  let largest = 0;
  for (const path of await listFiles(data, isLeftOut)) {
    const size = await stat(join(data, path)).then((found) => found.size, ignoreAbsent);
    total += size;
    largest = Math.max(largest, size);
  }
  return { total, largest };
}

/** Between the list and now it was done with. */
function ignoreAbsent(error: NodeJS.ErrnoException): number {
  if (error.code !== 'ENOENT') throw error;
  return 0;
}

async function listFiles(data: string, isLeftOut: (path: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  const enter = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(data, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (isLeftOut(path) || passing.test(entry.name)) continue;
      if (entry.isDirectory()) await enter(path);
      else if (!entry.isFile()) throw unexpected(path, 'is neither a file nor a folder');
      else if (!isSafePath(path)) throw unexpected(path, 'has a name that no part of Waygate gives');
      else found.push(path);
    }
  };
  await enter('');
  return found;
}

async function isDatabase(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(databaseMagic.length),
      0,
      databaseMagic.length,
      0,
    );
    return bytesRead === databaseMagic.length && buffer.equals(databaseMagic);
  } finally {
    await file.close();
  }
}

/** A copy made within one transaction: whoever writes meanwhile is not waited for. */
async function* readDatabase(data: string, path: string, copy: string): AsyncGenerator<BackupEntry> {
  await rm(copy, { force: true });
  const database = new Database(join(data, path), { readonly: true, fileMustExist: true });
  try {
    database.prepare('VACUUM INTO ?').run(copy);
  } finally {
    database.close();
  }
  const check = new Database(copy, { readonly: true });
  try {
    const [found] = check.pragma('integrity_check(1)') as readonly { readonly integrity_check: string }[];
    if (found?.integrity_check !== 'ok') throw unexpected(path, 'is damaged: see to the disk');
  } finally {
    check.close();
  }
  yield* readOpened(copy, path);
  await rm(copy);
}

async function* readFile(data: string, path: string): AsyncGenerator<BackupEntry> {
  try {
    yield* readOpened(join(data, path), path);
  } catch (error) {
    // Between the list and now it was done with.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The octets there were when it was opened, though it may grow. */
async function* readOpened(file: string, path: string): AsyncGenerator<BackupEntry> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const content =
      size === 0
        ? empty()
        : createReadStream('', { fd: handle.fd, autoClose: false, start: 0, end: size - 1 });
    yield { path, size, content };
  } finally {
    await handle.close();
  }
}

async function* empty(): AsyncGenerator<Uint8Array> {
  // There is nothing in it.
}

function unexpected(path: string, what: string): BackupError {
  return new BackupError('damaged', `${path} ${what}`);
}
