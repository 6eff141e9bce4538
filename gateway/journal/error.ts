import { SqliteError } from 'better-sqlite3';

/** `rolled-back`: events are gone that were signed for. `damaged`: what is there is not what was signed for. */
export type JournalErrorCode = 'rolled-back' | 'damaged';

/** Why a journal is not gone on with. Its message names the place and the remedy. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: JournalErrorCode;
  /** `event 7`, `checkpoint`, `key.json`, `events.sqlite`. */
  readonly place: string;

  constructor(code: JournalErrorCode, place: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.place = place;
  }
}

/** The words for a database that cannot be read; other errors stay what they are. */
export function explainUnreadable(error: unknown, dir: string): unknown {
  if (!isUnreadable(error)) return error;
  const text = `The events in ${dir} cannot be read: ${error.message}. Restore the folder from its newest backup`;
  return new JournalError('damaged', 'events.sqlite', text, { cause: error });
}

/** Whether SQLite says that the file is not what it wrote; a full or locked disk is another matter. */
export function isUnreadable(error: unknown): error is Error {
  return error instanceof SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}
