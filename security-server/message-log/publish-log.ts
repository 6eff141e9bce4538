import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { entryOf, saltBytes } from '../../gateway/evidence/index.ts';
import { type TileFolderChange, TreeFiles, writeTileFolder } from '../../gateway/transparency/index.ts';
import { readSignedHead } from './checkpoints.ts';
import { findLogFolder } from './log-folder.ts';
import { LogKeys } from './log-keys.ts';
import { MessageLogError } from './model.ts';
import { boundsOf, openPartitionReader, partitionFile, partitionNames } from './partition.ts';

export interface LogToPublish {
  /** Data folder of a security server, or the folder of a log alone. */
  readonly folder: string;
  /** Where the static files go. */
  readonly into: string;
}

export interface LogPublication extends TileFolderChange {
  readonly origin: string;
  readonly verifierKey: string;
}

/**
 * Lays the log out as static files, up to its last checkpoint, whether its server runs or not. The entries are
 * commitments: who has the files sees how many messages passed, not which.
 * @throws Error when there is no log; MessageLogError damaged, locked before the first checkpoint; TransparencyError
 * fork when other things were published before
 */
export async function publishLog({ folder, into }: LogToPublish): Promise<LogPublication> {
  const dir = findLogFolder(folder);
  const locked = { isActive: () => false, wrapKey: noKey, unwrapKey: noKey };
  const { origin, verifierKey } = await LogKeys.open({
    dir,
    token: locked,
    origin: '',
    now: () => new Date(),
  });
  const signed = await readSignedHead(dir, verifierKey);
  if (signed === undefined || verifierKey === undefined) {
    throw new MessageLogError(
      'locked',
      'The log has no checkpoint yet: its server signs one with its first message',
    );
  }
  const tree = TreeFiles.open(join(dir, 'tree'), 'r');
  const partitions = partitionNames(dir).map((name) => openPartitionReader(partitionFile(dir, name)));
  try {
    const change = await writeTileFolder({
      dir: into,
      reader: tree,
      checkpoint: signed.note,
      entries: (first, count) => entriesOf(partitions, first, count),
    });
    return { origin, verifierKey, ...change };
  } finally {
    for (const partition of partitions) partition.close();
    tree.close();
  }
}

/** @returns undefined when some of them are in a partition that was dropped */
function entriesOf(
  partitions: readonly Database.Database[],
  first: number,
  count: number,
): readonly Buffer[] | undefined {
  const end = first + count;
  const rows = partitions.flatMap((partition) => {
    const bounds = boundsOf(partition);
    if (bounds === undefined || bounds.lastId < first || bounds.firstId >= end) return [];
    return partition
      .prepare<{ first: number; end: number }, { facts: Buffer; salts: Buffer }>(
        `SELECT id, facts, salts FROM content WHERE id >= @first AND id < @end
         UNION ALL SELECT id, facts, salt FROM tally WHERE id >= @first AND id < @end
         ORDER BY id`,
      )
      .all({ first, end });
  });
  if (rows.length !== count) return undefined;
  return rows.map(({ facts, salts }) => entryOf(salts.subarray(0, saltBytes), facts));
}

function noKey(): never {
  throw new Error('what is published is not sealed');
}
