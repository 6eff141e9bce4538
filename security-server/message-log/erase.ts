import type Database from 'better-sqlite3';

const recordsAtOnce = 500;

/**
 * Erases the contents of one record: head and bodies go, with the keys of body files; facts, signature and proofs stay.
 * Inside a transaction of the caller.
 * @returns files of bodies that nothing refers to any more
 */
export function eraseRecord(database: Database.Database, id: number): string[] {
  const files = database
    .prepare<[number], { file: string }>('SELECT file FROM body WHERE recordId = ? AND file IS NOT NULL')
    .all(id)
    .map(({ file }) => file);
  database.prepare('UPDATE content SET head = NULL WHERE id = ?').run(id);
  database.prepare('UPDATE body SET sealed = NULL, file = NULL, fileKey = NULL WHERE recordId = ?').run(id);
  database.prepare('UPDATE record SET eraseAt = NULL WHERE id = ?').run(id);
  return files;
}

/** Erases records whose time has come. @returns files of their bodies, and whether more are due */
export function eraseDueIn(
  database: Database.Database,
  now: number,
): { readonly files: string[]; readonly isMore: boolean } {
  const due = database
    .prepare<[number, number], { id: number }>(
      'SELECT id FROM record WHERE eraseAt <= ? ORDER BY eraseAt LIMIT ?',
    )
    .all(now, recordsAtOnce);
  if (due.length === 0) return { files: [], isMore: false };
  const files = database.transaction(() => due.flatMap(({ id }) => eraseRecord(database, id))).immediate();
  return { files, isMore: due.length === recordsAtOnce };
}

/** Moves all into the database file and empties the write-ahead log, where erased pages would go on to lie. */
export function emptyWriteAheadLog(database: Database.Database): void {
  database.pragma('wal_checkpoint(TRUNCATE)');
}
