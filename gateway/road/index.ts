export { logEntryOf } from './log-entry.ts';
export type * from './needs.ts';
export type * from './road.ts';
export * from './transport-headers.ts';
