export type { JournalEvent, NewEvent } from './event.ts';
export { type FoundEvent, Journal, type JournalQuery } from './journal.ts';
export { addJournalRoutes } from './routes.ts';
