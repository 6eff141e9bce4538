import { createHash } from 'node:crypto';

/** What somebody did, or was refused. Never a secret, never what was read. */
export interface JournalEvent {
  /** ISO 8601 in UTC, with milliseconds. */
  readonly at: string;
  /** Who: the name of a key or person; `anonymous` before anyone was known; `system` for the program itself. */
  readonly actor: string;
  /** Dotted, or a method and the pattern of a path: `evidence.body-read`, `PUT /api/v1/clients/:client`. */
  readonly action: string;
  /** What it was done to. */
  readonly target: string;
  readonly outcome: 'done' | 'refused' | 'failed';
  /** Code of a refusal. */
  readonly code?: string;
  /** Why, in the words of who did it. */
  readonly purpose?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export type NewEvent = Omit<JournalEvent, 'at'>;

export const saltBytes = 16;
const maxTextLength = 2_000;
const maxEventLength = 16_384;
const eventForm = 'waygate.journal.v1';

/**
 * The one form of an event: one line of JSON with its keys in this order. Control characters stand escaped in it, so
 * nothing that is written down can pretend to be another line.
 */
export function writeEvent(
  at: Date,
  { actor, action, target, outcome, code, purpose, detail }: NewEvent,
): string {
  const event = {
    at: at.toISOString(),
    ...{ actor: cut(actor), action: cut(action), target: cut(target), outcome },
    ...{ code: code && cut(code), purpose: purpose && cut(purpose) },
  };
  const text = print({ ...event, detail });
  // A detail that is too long says less than that it was; what was done and to what is always told.
  return text.length <= maxEventLength ? text : print({ ...event, detail: { omitted: text.length } });
}

/** JSON in which also those characters are escaped that end a line, or turn it around, in some reader of logs. */
function print(event: unknown): string {
  return JSON.stringify(event).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * The leaf of a text, such as an event: it tells nothing to whom the text is not shown.
 * @param form names what kind of text it is, so that none counts as one of another kind
 */
export function entryOf(salt: Buffer, text: string, form: string = eventForm): Buffer {
  const commitment = createHash('sha256').update(salt).update(text).digest('base64');
  return Buffer.from(`${form}\n${commitment}\n`);
}

/** Half a character is none in UTF-8: a column would not hold what the event says. */
function cut(text: string): string {
  const short = text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}…`;
  return short.replace(/\p{Surrogate}/gu, '\ufffd');
}
