import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { openStore, type Store } from '../store/index.ts';
import { hashLeaf } from '../transparency/index.ts';
import { entryOf, type JournalEvent } from './event.ts';
import type { LogRows } from './signed-log.ts';

/** An event as it is stored: its text counts, the other columns are what it is searched by. */
export interface EventRow {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly event: string;
  readonly salt: Buffer;
}

export const eventsFile = 'events.sqlite';
const rowsAtOnce = 1_000;

const steps = [
  `CREATE TABLE event (
     id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL,
     outcome TEXT NOT NULL, event TEXT NOT NULL, salt BLOB NOT NULL
   ) STRICT;
   CREATE INDEX event_by_actor ON event (actor, id);
   CREATE INDEX event_by_action ON event (action, id);`,
];

export function openRows(dir: string): Store<object> {
  return openStore(join(dir, eventsFile), steps);
}

/** Up to `rowsAtOnce` rows with places in [from, below). */
export function readRows(database: Database.Database, from: number, below: number): EventRow[] {
  return database
    .prepare<[number, number], EventRow>(
      `SELECT * FROM event WHERE id >= ? AND id < ? ORDER BY id LIMIT ${rowsAtOnce}`,
    )
    .all(from, below);
}

/** The events as a log is made of them. */
export function logRowsOf(database: Database.Database): LogRows {
  const last = database.prepare<[], { id: number | null }>('SELECT max(id) AS id FROM event');
  return {
    count: () => (last.get()?.id ?? -1) + 1,
    read: (from, below) =>
      readRows(database, from, below).map(({ id, salt, event }) => ({ id, entry: entryOf(salt, event) })),
  };
}

/** What is wrong with a stored event; undefined when nothing is. @param leaf its hash in the tree */
export function wrongWith(row: EventRow, leaf: Buffer): string | undefined {
  if (!hashLeaf(entryOf(row.salt, row.event)).equals(leaf))
    return 'The event and its hash in the tree differ: one of them was changed';
  const event = JSON.parse(row.event) as JournalEvent;
  const isSame =
    Date.parse(event.at) === row.at &&
    event.actor === row.actor &&
    event.action === row.action &&
    event.target === row.target &&
    event.outcome === row.outcome;
  return isSame ? undefined : 'What it is searched by is not what it says';
}
