export { decoded } from './decoded.ts';
export { contextOfCall, type Followed, follow, instant, type Step, step } from './follow.ts';
export { logEntryOf } from './log-entry.ts';
export { messageSizeOf } from './message-size.ts';
export type * from './needs.ts';
export type * from './road.ts';
export { withRoom } from './room.ts';
export { eventOf, noteRest, noteSoap } from './trace.ts';
export * from './transport-headers.ts';
