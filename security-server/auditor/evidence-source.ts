import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import type { BundleConfiguration } from '../../gateway/evidence/index.ts';
import type { SqliteMessageLog } from '../message-log/index.ts';

/** What an auditor needs of a message log; nothing of it writes but tallies and timestamps, which are evidence too. */
export type EvidenceSource = Pick<
  SqliteMessageLog,
  | 'origin'
  | 'verifierKey'
  | 'tree'
  | 'search'
  | 'find'
  | 'read'
  | 'leaf'
  | 'openBody'
  | 'checkpoint'
  | 'signContents'
  | 'tallyNow'
  | 'readTally'
  | 'lastTally'
  | 'stampNow'
  | 'partitions'
  | 'statistics'
>;

/** Configurations as of then, by the id that records name. */
export interface ConfigurationArchive {
  /** @returns undefined when it was not kept */
  snapshot(id: string): Promise<BundleConfiguration | undefined>;
  /** For names of parties; the present one when that of then was not kept. */
  configurationOf(id: string): Promise<GlobalConfiguration>;
}

export type EvidenceAccessErrorCode =
  | 'export-too-large'
  | 'export-busy'
  | 'exchange-not-found'
  | 'record-not-found'
  | 'body-not-found'
  | 'log-older-than-held'
  | 'period-empty'
  | 'period-not-begun'
  | 'period-too-long'
  | 'cursor-unreadable';

/** Why evidence is not handed out as it was asked for, in a code and in words that tell what to ask instead. */
export class EvidenceAccessError extends Error {
  readonly code: EvidenceAccessErrorCode;

  constructor(code: EvidenceAccessErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EvidenceAccessError';
    this.code = code;
  }
}
