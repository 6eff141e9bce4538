import { join } from 'node:path';
import Database from 'better-sqlite3';
import { JoinError } from './error.ts';

/** Backups pass over names that end like this. */
const name = 'joining.tmp';

/**
 * Keeps a folder for one joining at a time. The lock is one of the system's, so that it ends with the process,
 * however that ends.
 * @returns gives it back
 * @throws JoinError wrong-use while another process has it
 */
export function lockFolder(data: string): () => void {
  const file = new Database(join(data, name), { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    file.close();
    if ((cause as { readonly code?: string }).code !== 'SQLITE_BUSY') throw cause;
    const message = `another process works on the joining in ${data}: wait for it, or end it`;
    throw new JoinError('wrong-use', message, { cause });
  }
  return () => file.close();
}
