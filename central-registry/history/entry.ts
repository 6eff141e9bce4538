import { entryOf } from '../../gateway/journal/index.ts';
import { oneLine } from './one-line.ts';

export type Value = string | number | null;

/** A row by column; octets as hex digits, secrets as `sha256:` and the hash of what is stored. */
export type Row = Readonly<Record<string, Value>>;

/** Of one row of the register: null is no row. */
export interface RowChange {
  readonly table: string;
  /** Parts of the row's name, parted by slashes. */
  readonly key: string;
  readonly before: Row | null;
  readonly after: Row | null;
}

/** Who changes the register. */
export interface Act {
  /** `user:anna`, `key:3`, `api-key`, `server:<identifier>`, `invited:<id>`, `system`. */
  readonly by: string;
  /** Why, in the words of who did it, or what it came from. */
  readonly why?: string;
}

/** One change of the register, as it is written down for good. */
export interface HistoryEntry extends Act {
  /** ISO 8601 in UTC, with milliseconds. */
  readonly at: string;
  /**
   * change: somebody's act. statement: the registry says what it finds in the register, without anybody's act: once
   * when the history begins, and when a later release has brought the tables into another form.
   */
  readonly kind: 'change' | 'statement';
  /** Version of the tables' form. */
  readonly schema: number;
  readonly changes: readonly RowChange[];
}

const form = 'waygate.registry-history.v1';
const maxTextLength = 2_000;

/** The one form of an entry: JSON with its keys in this order. */
export function writeEntry({ at, by, why, kind, schema, changes }: HistoryEntry): string {
  return JSON.stringify({
    at,
    by: cut(by),
    ...(why !== undefined && { why: cut(why) }),
    ...{ kind, schema, changes },
  });
}

/** What the leaf of an entry is made of. */
export function leafEntryOf(salt: Buffer, text: string): Buffer {
  return entryOf(salt, text, form);
}

/** Half a character is none in UTF-8: the column would not hold what was hashed. */
function cut(text: string): string {
  return oneLine(text.slice(0, maxTextLength).replace(/\p{Surrogate}/gu, '\ufffd'));
}
