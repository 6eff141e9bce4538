import type Database from 'better-sqlite3';
import type { FoundRecord, StoredBody, StoredRecord } from './model.ts';

interface RecordRow extends StoredRecord {
  readonly timestampId: number | null;
  readonly timestampChain: Buffer | null;
}

/** Reads of the message log; they never wait for the writer. */
export interface RecordReader {
  /** Both directions, oldest first. */
  byQueryId(queryId: string): FoundRecord[];
  condition(name: string): number | undefined;
  countWithoutTimestamp(): number;
  lastTimestampAt(): number | undefined;
  /** Names of all body files that records refer to. */
  bodyFiles(): Set<string>;
}

export function openRecordReader(database: Database.Database): RecordReader {
  const byQueryId = database.prepare<[string], RecordRow>(
    'SELECT * FROM record WHERE queryId = ? ORDER BY id',
  );
  const bodies = database.prepare<[number], StoredBody>(
    'SELECT position, size, bytes, file, key FROM body WHERE recordId = ? ORDER BY position',
  );
  const timestamp = database.prepare<[number], { token: Buffer; result: Buffer | null }>(
    'SELECT token, result FROM timestamp WHERE id = ?',
  );
  const condition = database.prepare<[string], { value: number }>(
    'SELECT value FROM condition WHERE name = ?',
  );
  const unstamped = database.prepare<[], { count: number }>(
    'SELECT count(*) AS count FROM record WHERE timestampId IS NULL',
  );
  const lastTimestamp = database.prepare<[], { at: number | null }>('SELECT max(at) AS at FROM timestamp');
  const files = database.prepare<[], { file: string }>('SELECT file FROM body WHERE file IS NOT NULL');

  return {
    byQueryId: (queryId) =>
      byQueryId.all(queryId).map(({ timestampId, timestampChain, ...record }) => {
        const found = timestampId === null ? undefined : timestamp.get(timestampId);
        return {
          ...record,
          bodies: bodies.all(record.id),
          timestamp: found && { ...found, chain: timestampChain },
        };
      }),
    condition: (name) => condition.get(name)?.value,
    countWithoutTimestamp: () => unstamped.get()?.count ?? 0,
    lastTimestampAt: () => lastTimestamp.get()?.at ?? undefined,
    bodyFiles: () => new Set(files.all().map(({ file }) => file)),
  };
}
