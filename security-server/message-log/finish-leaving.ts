import { join } from 'node:path';
import { syncFolder } from '../../gateway/store/index.ts';
import type { LogKeys } from './log-keys.ts';
import { partitionNames, removePartition } from './partition.ts';

/**
 * Ends the removal of partitions that something broke off after their file was gone: what lay beside it goes, and their
 * keys. One whose file is there is whole, and whoever wanted it removed will ask again.
 */
export async function finishLeaving(dir: string, keys: LogKeys): Promise<void> {
  const present = partitionNames(dir);
  for (const name of keys.leaving.filter((leaving) => !present.includes(leaving))) {
    removePartition(dir, name);
    await syncFolder(join(dir, 'partitions'));
    await keys.forget(name);
  }
}
