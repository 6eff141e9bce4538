import { setImmediate } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { type HashReader, judgeCheckpoint, wrongHashes } from '../transparency/index.ts';
import { isUnreadable } from './error.ts';
import { eventsFile, readRows, wrongWith } from './rows.ts';

/** One thing that is not as it must be. */
export interface JournalFinding {
  /** inserted: a row that was never written down; unreadable: the file is not a sound database. */
  readonly code: 'missing' | 'altered' | 'inserted' | 'unreadable' | 'rolled-back' | 'forked';
  /** `event 7`, `events 5 to 6`, `tree level 1 hash 0`, `checkpoint`, `events.sqlite`. */
  readonly place: string;
  readonly text: string;
}

export interface NamedNote {
  readonly name: string;
  readonly note: string;
}

interface CheckedJournal {
  readonly database: Database.Database;
  /** Caught up with the events. */
  readonly tree: HashReader & { readonly size: number };
  readonly verifierKey: string;
  /** Absent: there is none on disk. */
  readonly ownCheckpoint: NamedNote | undefined;
  readonly held: readonly NamedNote[];
}

/** What is beyond says nothing new: the journal is another one. */
const maxFindings = 1_000;

/** Compares every event, hash and checkpoint; lets others work now and then. */
export async function checkJournal(journal: CheckedJournal): Promise<JournalFinding[]> {
  const findings: JournalFinding[] = [];
  for await (const finding of faultsOf(journal)) {
    findings.push(finding);
    if (findings.length === maxFindings) break;
  }
  return findings;
}

async function* faultsOf(journal: CheckedJournal): AsyncGenerator<JournalFinding> {
  const { tree, verifierKey, ownCheckpoint, held } = journal;
  // First, and at once: a checkpoint that is signed meanwhile would not be of the tree that is judged.
  const notes = ownCheckpoint === undefined ? held : [ownCheckpoint, ...held];
  const verdicts = notes.map(({ name, note }) => ({ name, ...judgeCheckpoint(note, verifierKey, tree) }));
  try {
    yield* wrongFile(journal.database);
    yield* wrongRows(journal);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    yield { code: 'unreadable', place: eventsFile, text: error.message };
  }
  for (const { level, index, text } of wrongHashes(tree)) {
    yield { code: 'altered', place: `tree level ${level} hash ${index}`, text };
  }
  if (ownCheckpoint === undefined) {
    yield { code: 'missing', place: 'checkpoint', text: 'There are events, and no checkpoint of them' };
  }
  for (const { name, ...verdict } of verdicts) {
    if (!verdict.isGood) yield { code: verdict.code, place: name, text: verdict.text };
  }
}

/** An index that was changed hides events from a search, though each is in its place. */
function* wrongFile(database: Database.Database): Generator<JournalFinding> {
  const answers = database.pragma('integrity_check(10)') as readonly { readonly integrity_check: string }[];
  for (const { integrity_check: text } of answers) {
    if (text !== 'ok') yield { code: 'unreadable', place: eventsFile, text };
  }
}

async function* wrongRows({ database, tree }: CheckedJournal): AsyncGenerator<JournalFinding> {
  // As text: a place may be past what a number can hold.
  const strays = database
    .prepare<[number, number], { place: string }>(
      'SELECT CAST(id AS TEXT) AS place FROM event WHERE id < 0 OR id >= ? LIMIT ?',
    )
    .all(tree.size, maxFindings);
  for (const { place } of strays) {
    yield { code: 'inserted', place: `event ${place}`, text: 'It was put in: the tree knows no such event' };
  }
  for (let next = 0; ; ) {
    // Events and hashes grow together between two turns, so both are read in one.
    const found: JournalFinding[] = [];
    const rows = readRows(database, next, tree.size);
    for (const row of rows) {
      if (row.id > next) found.push(missing(next, row.id - 1));
      next = row.id + 1;
      const text = wrongWith(row, leafAt(tree, row.id));
      if (text !== undefined) found.push({ code: 'altered', place: `event ${row.id}`, text });
    }
    if (rows.length === 0 && next < tree.size) found.push(missing(next, tree.size - 1));
    yield* found;
    if (rows.length === 0) return;
    await setImmediate();
  }
}

function missing(first: number, last: number): JournalFinding {
  const place = first === last ? `event ${first}` : `events ${first} to ${last}`;
  return { code: 'missing', place, text: 'The tree has what the journal has not' };
}

/** Of no event when the file of the tree was cut: that hash is found wrong then. */
function leafAt(tree: HashReader, index: number): Buffer {
  try {
    return tree.read(0, index, 1);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return Buffer.alloc(0);
  }
}
