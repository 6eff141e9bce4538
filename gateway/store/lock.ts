import Database from 'better-sqlite3';

/**
 * Keeps what a file stands for to one process at a time. The lock is one of the system's, so that it ends with the
 * process, however that ends.
 * @param path of the file; backups pass over names that end in `.tmp`
 * @returns gives it back; undefined while another process has it
 */
export function lockFile(path: string): (() => void) | undefined {
  const file = new Database(path, { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if ((error as { readonly code?: string }).code !== 'SQLITE_BUSY') throw error;
    return undefined;
  }
  return () => file.close();
}
