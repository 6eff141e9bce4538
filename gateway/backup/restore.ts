import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { syncFolder } from '../store/index.ts';
import { type BackupHead, headFile, headSchema } from './backup.ts';
import { BackupError } from './error.ts';
import type { BackedUpProgram } from './programs.ts';
import { type OpenWith, openStream } from './seal.ts';
import { type BackupEntry, readTar } from './tar.ts';

export interface RestoreOrder {
  readonly file: string;
  readonly open: OpenWith;
  readonly program: BackedUpProgram;
  /** Folder that is not there, or empty. */
  readonly data: string;
  /** Told of each file. */
  readonly onFile?: (path: string, octets: number) => void;
}

export interface Restored extends Pick<BackupHead, 'name' | 'createdAt'> {
  readonly files: number;
}

const maxHeadOctets = 10_000;

/**
 * Puts a backup into an empty folder. Nothing has its place before the end of the backup was seen, and nothing of it
 * is run.
 * @throws BackupError not-empty, not-a-backup, wrong-key, wrong-program, later-release, hostile, damaged
 */
export async function restoreBackup({
  file,
  open: key,
  program,
  data,
  onFile,
}: RestoreOrder): Promise<Restored> {
  const target = resolve(data);
  await requireEmpty(target);
  await mkdir(dirname(target), { recursive: true });
  const aside = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    const folders = new Set([aside]);
    const restored = await readBackup(
      { file, open: key, program, ...(onFile !== undefined && { onFile }) },
      (entry) => writeEntry(aside, entry, folders),
    );
    for (const folder of folders) await syncFolder(folder);
    await requireEmpty(target);
    await rmdir(target).catch(ignoreAbsent);
    await rename(aside, target);
    await syncFolder(dirname(target));
    return restored;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/**
 * Opens a backup and reads it to its end, writing nothing: whoever has the key sees that it would come back.
 * @throws BackupError as `restoreBackup`, but for not-empty
 */
export function checkBackup(order: Omit<RestoreOrder, 'data'>): Promise<Restored> {
  return readBackup(order, async ({ content }) => {
    for await (const chunk of content) void chunk;
  });
}

/** @param take reads the content of each file */
async function readBackup(
  { file, open: key, program, onFile }: Omit<RestoreOrder, 'data'>,
  take: (entry: BackupEntry) => Promise<void>,
): Promise<Restored> {
  let head: BackupHead | undefined;
  let files = 0;
  for await (const entry of readTar(await openStream(createReadStream(file), key))) {
    if (head === undefined) {
      head = await readHead(entry, program);
      continue;
    }
    await take(entry);
    files += 1;
    onFile?.(entry.path, entry.size);
  }
  if (head === undefined) throw notOurs('it is empty');
  return { name: head.name, createdAt: head.createdAt, files };
}

async function requireEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    ignoreAbsent(error);
    return [];
  });
  if (names.length > 0) {
    throw new BackupError('not-empty', `${folder} has files in it: restore into an empty folder`);
  }
}

async function readHead({ path, size, content }: BackupEntry, program: BackedUpProgram): Promise<BackupHead> {
  if (path !== headFile || size > maxHeadOctets) throw notOurs(`it does not begin with ${headFile}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  const head = parseHead(Buffer.concat(chunks).toString('utf8'));
  if (head.program !== program) {
    const text = `This is a backup of a ${head.program.replace('-', ' ')}: restore it with the command of that`;
    throw new BackupError('wrong-program', text);
  }
  return head;
}

function parseHead(text: string): BackupHead {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw notOurs(`its ${headFile} is not JSON`, cause);
  }
  if (typeof value === 'object' && value !== null && 'version' in value && value.version !== 1) {
    throw new BackupError('later-release', 'This backup was made by a later release: restore it with that');
  }
  const read = headSchema.safeParse(value);
  if (!read.success) throw notOurs(`its ${headFile} does not say what it is`);
  return read.data;
}

/** @param folders made so far */
async function writeEntry(root: string, { path, content }: BackupEntry, folders: Set<string>): Promise<void> {
  const place = join(root, path);
  for (let folder = dirname(place); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  await mkdir(dirname(place), { recursive: true, mode: 0o700 }).catch(explainClash);
  // `wx`: a name is written once, whatever the disk takes two names for.
  const file = await open(place, 'wx', 0o600).catch(explainClash);
  try {
    for await (const chunk of content) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

function explainClash(error: NodeJS.ErrnoException): never {
  if (!['EEXIST', 'ENOTDIR', 'EISDIR'].includes(error.code ?? '')) throw error;
  throw new BackupError('hostile', 'This backup was not made by Waygate: two of its names are one', {
    cause: error,
  });
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

function notOurs(what: string, cause?: unknown): BackupError {
  return new BackupError('not-a-backup', `This is not a backup of Waygate: ${what}`, { cause });
}
