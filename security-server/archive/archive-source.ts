import type { BundleSource } from '../auditor/index.ts';
import type { SqliteMessageLog } from '../message-log/index.ts';

/** What archiving asks of a message log. */
export type ArchiveSource = BundleSource &
  Pick<SqliteMessageLog, 'readTally' | 'lastTally' | 'tallyNow' | 'search' | 'partitions' | 'dropPartition'>;

export type ArchivingErrorCode =
  | 'archive-off'
  | 'target-refused'
  | 'target-unreachable'
  | 'target-differs'
  | 'recipient-missing'
  | 'staging-damaged';

/** Why a stretch of the log could not be archived, with what to do about it. */
export class ArchivingError extends Error {
  override readonly name = 'ArchivingError';
  readonly code: ArchivingErrorCode;

  constructor(code: ArchivingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
