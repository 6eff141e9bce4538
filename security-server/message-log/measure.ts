import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { partitionFile, partitionNames } from './partition.ts';

/** What one month of the log takes on the disk, in octets. */
export interface MonthSize {
  /** Month in UTC: `2026-11`. */
  readonly name: string;
  /** Records with their evidence, heads and small bodies. */
  readonly database: number;
  /** Large bodies, which are files of their own; by when they were written. */
  readonly bodies: number;
}

/** Files looked at in a row before others get their turn at the disk. */
const atOnce = 64;

/**
 * Sizes of the months of a message log, oldest first.
 * @param dir folder of the log
 */
export async function measureLog(dir: string): Promise<MonthSize[]> {
  const months = new Map<string, { database: number; bodies: number }>();
  const monthOf = (name: string) => {
    const month = months.get(name) ?? { database: 0, bodies: 0 };
    months.set(name, month);
    return month;
  };
  for (const name of partitionNames(dir)) {
    const path = partitionFile(dir, name);
    const sizes = await Promise.all([path, `${path}-wal`].map(fileOf));
    monthOf(name).database = sizes.reduce((sum, file) => sum + (file?.size ?? 0), 0);
  }
  const bodies = join(dir, 'bodies');
  let some: string[] = [];
  const add = async () => {
    for (const file of await Promise.all(some.map(fileOf))) {
      if (file !== undefined) monthOf(file.mtime.toISOString().slice(0, 7)).bodies += file.size;
    }
    some = [];
  };
  for await (const { name } of await opendir(bodies)) {
    if (some.push(join(bodies, name)) === atOnce) await add();
  }
  await add();
  return [...months].map(([name, size]) => ({ name, ...size })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A file may be erased while it is counted. */
async function fileOf(path: string): Promise<{ readonly size: number; readonly mtime: Date } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
