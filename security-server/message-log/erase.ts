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

/** @returns files of the bodies of records whose time has come, how many there were, and whether more are due */
export function eraseDueIn(
  database: Database.Database,
  now: number,
): { readonly files: string[]; readonly count: number; readonly isMore: boolean } {
  const due = database
    .prepare<[number, number], { id: number }>(
      'SELECT id FROM record WHERE eraseAt <= ? ORDER BY eraseAt LIMIT ?',
    )
    .all(now, recordsAtOnce);
  if (due.length === 0) return { files: [], count: 0, isMore: false };
  const files = database.transaction(() => due.flatMap(({ id }) => eraseRecord(database, id))).immediate();
  return { files, count: due.length, isMore: due.length === recordsAtOnce };
}

/** Records are not kept waiting for a reader that holds the write-ahead log for long. */
const waitForReadersMs = 100;

/**
 * Moves all into the database file and empties the write-ahead log, where erased pages would go on to lie.
 * @returns whether it is empty: a check that reads the partition meanwhile keeps it
 */
export function emptyWriteAheadLog(database: Database.Database): boolean {
  const usualMs = database.pragma('busy_timeout', { simple: true });
  database.pragma(`busy_timeout = ${waitForReadersMs}`);
  try {
    const [answer] = database.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
    return answer?.busy === 0;
  } finally {
    database.pragma(`busy_timeout = ${usualMs}`);
  }
}
