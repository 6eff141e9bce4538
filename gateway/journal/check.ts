import { setImmediate } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { type HashReader, judgeCheckpoint, wrongHashes } from '../transparency/index.ts';
import { isUnreadable } from './error.ts';

/** One thing that is not as it must be. */
export interface JournalFinding {
  /** inserted: a row that was never written down; unreadable: the file is not a sound database. */
  readonly code: 'missing' | 'altered' | 'inserted' | 'unreadable' | 'rolled-back' | 'forked';
  /** `event 7`, `events 5 to 6`, `tree level 1 hash 0`, `checkpoint`, the name of a file. */
  readonly place: string;
  readonly text: string;
}

export interface NamedNote {
  readonly name: string;
  readonly note: string;
}

/** A row that was read, and how it compares to its leaf. */
export interface CheckedRow {
  readonly id: number;
  /** What is wrong with it; undefined when nothing is. @param leaf its hash in the tree */
  readonly wrongWith: (leaf: Buffer) => string | undefined;
}

export interface CheckedLog {
  readonly database: Database.Database;
  /** Table of the rows in it, with their places as `id`; also what one of them is called. */
  readonly table: string;
  readonly word: string;
  /** Name of its file. */
  readonly file: string;
  /** Some rows with places in [from, below), in their order. */
  readonly read: (from: number, below: number) => readonly CheckedRow[];
  /** Caught up with the rows. */
  readonly tree: HashReader & { readonly size: number };
  readonly verifierKey: string;
  /** Absent: there is none on disk. */
  readonly ownCheckpoint: NamedNote | undefined;
  readonly held: readonly NamedNote[];
}

/** What is beyond says nothing new: the journal is another one. */
const maxFindings = 1_000;

/** Compares every row, hash and checkpoint; lets others work now and then. */
export async function checkLog(log: CheckedLog): Promise<JournalFinding[]> {
  const findings: JournalFinding[] = [];
  for await (const finding of faultsOf(log)) {
    findings.push(finding);
    if (findings.length === maxFindings) break;
  }
  return findings;
}

async function* faultsOf(log: CheckedLog): AsyncGenerator<JournalFinding> {
  const { tree, verifierKey, ownCheckpoint, held } = log;
  // First, and at once: a checkpoint that is signed meanwhile would not be of the tree that is judged.
  const notes = ownCheckpoint === undefined ? held : [ownCheckpoint, ...held];
  const verdicts = notes.map(({ name, note }) => ({ name, ...judgeCheckpoint(note, verifierKey, tree) }));
  try {
    yield* wrongFile(log);
    yield* wrongRows(log);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    yield { code: 'unreadable', place: log.file, text: error.message };
  }
  for (const { level, index, text } of wrongHashes(tree)) {
    yield { code: 'altered', place: `tree level ${level} hash ${index}`, text };
  }
  if (ownCheckpoint === undefined) {
    yield { code: 'missing', place: 'checkpoint', text: `There are ${log.word}s, and no checkpoint of them` };
  }
  for (const { name, ...verdict } of verdicts) {
    if (!verdict.isGood) yield { code: verdict.code, place: name, text: verdict.text };
  }
}

/** An index that was changed hides events from a search, though each is in its place. */
function* wrongFile({ database, file }: CheckedLog): Generator<JournalFinding> {
  const answers = database.pragma('integrity_check(10)') as readonly { readonly integrity_check: string }[];
  for (const { integrity_check: text } of answers) {
    if (text !== 'ok') yield { code: 'unreadable', place: file, text };
  }
}

async function* wrongRows({ database, table, word, tree, read }: CheckedLog): AsyncGenerator<JournalFinding> {
  // As text: a place may be past what a number can hold.
  const strays = database
    .prepare<[number, number], { place: string }>(
      `SELECT CAST(id AS TEXT) AS place FROM ${table} WHERE id < 0 OR id >= ? LIMIT ?`,
    )
    .all(tree.size, maxFindings);
  for (const { place } of strays) {
    yield {
      code: 'inserted',
      place: `${word} ${place}`,
      text: `It was put in: the tree knows no such ${word}`,
    };
  }
  for (let next = 0; ; ) {
    // Rows and hashes grow together between two turns, so both are read in one.
    const found: JournalFinding[] = [];
    const rows = read(next, tree.size);
    for (const row of rows) {
      if (row.id > next) found.push(missing(word, next, row.id - 1));
      next = row.id + 1;
      const text = row.wrongWith(leafAt(tree, row.id));
      if (text !== undefined) found.push({ code: 'altered', place: `${word} ${row.id}`, text });
    }
    if (rows.length === 0 && next < tree.size) found.push(missing(word, next, tree.size - 1));
    yield* found;
    if (rows.length === 0) return;
    await setImmediate();
  }
}

function missing(word: string, first: number, last: number): JournalFinding {
  const place = first === last ? `${word} ${first}` : `${word}s ${first} to ${last}`;
  return { code: 'missing', place, text: 'The tree has what the log has not' };
}

/** Of no row when the file of the tree was cut: that hash is found wrong then. */
function leafAt(tree: HashReader, index: number): Buffer {
  try {
    return tree.read(0, index, 1);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return Buffer.alloc(0);
  }
}
