export { type CheckReport, checkFolder, type Finding, type FolderReport } from './check/index.ts';
export { containerOf, type NamedContainer } from './container.ts';
export { LogStore } from './log-store.ts';
export { type MonthSize, measureLog } from './measure.ts';
export { SqliteMessageLog } from './message-log.ts';
export {
  type FoundRecord,
  type FoundTally,
  MessageLogError,
  type PartitionInfo,
  type RecordSummary,
  type RecordToAppend,
  type StoredBody,
  type StoredTimestamp,
} from './model.ts';
export type { BodyPolicy, LogHealth, MessageLogOptions } from './options.ts';
export { type LogPublication, type LogToPublish, publishLog } from './publish-log.ts';
export { RandomPool } from './random.ts';
export { createRecordSeal, sealedParts } from './seal.ts';
export type { RecordQuery } from './search.ts';
export type { Statistics, StatisticsQuery, StatisticsRow } from './statistics.ts';
