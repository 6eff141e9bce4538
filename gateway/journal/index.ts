export { checkLog, type JournalFinding, type NamedNote } from './check.ts';
export { explainUnreadable, JournalError } from './error.ts';
export type { JournalEvent, NewEvent } from './event.ts';
export { entryOf, saltBytes } from './event.ts';
export { type FoundEvent, Journal, type JournalQuery } from './journal.ts';
export { addJournalRoutes } from './routes.ts';
export { checkpointFile, type LogRows, SignedLog } from './signed-log.ts';
