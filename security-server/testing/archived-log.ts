import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trust } from '../../gateway/evidence/index.ts';
import type { ArchiveRow } from '../archive/archive-index.ts';
import { Archiver } from '../archive/archiver.ts';
import { FolderTarget } from '../archive/target/folder.ts';
import type { SqliteMessageLog } from '../message-log/index.ts';
import type { LogBench } from './log-bench.ts';

export interface ArchivedLog {
  /** Archives, one for each part, in the order in which they were made. */
  readonly made: readonly (ArchiveRow & { readonly bytes: Buffer })[];
  readonly trust: Trust;
  readonly log: SqliteMessageLog;
}

/**
 * Records messages of these ids, and archives each part of them by itself.
 * @param parts message ids, each with a body
 */
export async function archiveParts(
  bench: LogBench,
  parts: readonly (readonly string[])[],
): Promise<ArchivedLog> {
  const log = await bench.open();
  const dir = mkdtempSync(join(bench.root, 'archived-'));
  const archiver = await Archiver.open({
    ...{ dir: join(dir, 'own'), log, target: new FolderTarget(join(dir, 'target')), grouping: 'none' },
    ...{ maxBytes: 33_554_432, intervalMs: 0, now: bench.services.now, token: bench.services.token },
    configurations: bench.noSnapshots,
    onTrouble: (error) => {
      throw error;
    },
  });
  const rows: ArchiveRow[] = [];
  for (const ids of parts) {
    for (const id of ids) await log.record(await bench.entry(id, Buffer.from(`the body of ${id}`)));
    await log.stampNow();
    bench.services.at += 60_000;
    rows.push(...(await archiver.run()).delivered);
  }
  await archiver.close();
  return {
    made: rows.map((row) => ({ ...row, bytes: readFileSync(join(dir, 'target', row.name)) })),
    log,
    trust: { configuration: bench.services.configuration, verifierKey: log.verifierKey ?? '' },
  };
}
