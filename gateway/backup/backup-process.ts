import { setPriority } from 'node:os';
import { type BackupOrder, type MadeBackup, makeBackup } from './backup.ts';
import { BackupError, type BackupErrorCode } from './error.ts';

/** What crosses to the process that makes a backup. */
export type SentOrder = Omit<BackupOrder, 'onFile'>;

/** What comes back. */
export type OrderAnswer =
  | { readonly made: MadeBackup }
  | { readonly error: string; readonly code?: BackupErrorCode };

const niceness = 10;

/** Makes the one backup it is sent. Exchanges go first on the machine, and when who asked is gone, so is this. */
process.once('message', (order: SentOrder) => {
  setPriority(niceness);
  makeBackup(order).then(
    (made) => answer({ made }),
    (error: unknown) => answer(explain(error)),
  );
});
process.once('disconnect', () => process.exit(1));

function answer(said: OrderAnswer): void {
  process.send?.(said, () => process.exit(0));
}

function explain(error: unknown): OrderAnswer {
  const text = error instanceof Error ? error.message : String(error);
  return { error: text, ...(error instanceof BackupError && { code: error.code }) };
}
