export type { CaptureRules } from './capture.ts';
export { checkHistory } from './check.ts';
export type { Act, HistoryEntry, RowChange } from './entry.ts';
export { type FoundEntry, History, historyOrigin, historyPath } from './history.ts';
export { oneLine } from './one-line.ts';
export { type HistoryQuery, HistoryRows, historyStep } from './rows.ts';
export type { EntrySummary } from './summary.ts';
