export { type LogHealth, type MessageLogOptions, SqliteMessageLog } from './message-log.ts';
export type { FoundRecord, StoredBody, StoredRecord, StoredTimestamp } from './model.ts';
