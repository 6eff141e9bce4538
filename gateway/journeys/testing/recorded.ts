import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

export interface RecordedMessage {
  readonly queryId: string;
  readonly direction: string;
}

/** Messages in the log of a server, as they lie on disk. @param data folder of the server */
export function recordedIn(data: string): RecordedMessage[] {
  const dir = join(data, 'messages', 'partitions');
  return readdirSync(dir)
    .filter((name) => name.endsWith('.sqlite'))
    .flatMap((name) => {
      const database = new Database(join(dir, name), { readonly: true });
      const rows = database
        .prepare<[], RecordedMessage>('SELECT queryId, direction FROM record ORDER BY id')
        .all();
      database.close();
      return rows;
    });
}
