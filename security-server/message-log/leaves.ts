import type Database from 'better-sqlite3';
import { entryOf, saltBytes } from '../../gateway/evidence/index.ts';
import { hashLeaf } from '../../gateway/transparency/index.ts';
import { MessageLogError } from './model.ts';

interface LeafRow {
  readonly id: number;
  readonly facts: Buffer;
  readonly salts: Buffer;
}

/** Leaf of what a record or tally is made of. */
export function leafOf({ facts, salts }: Pick<LeafRow, 'facts' | 'salts'>): Buffer {
  return hashLeaf(entryOf(salts.subarray(0, saltBytes), facts));
}

/** The leaf at each place of a partition from `first` on, in order, made anew from what is stored. */
export function* leavesFrom(
  database: Database.Database,
  first: number,
): Generator<{ readonly id: number; readonly leaf: Buffer }> {
  const rows = database.prepare<[number, number], LeafRow>(
    `SELECT id, facts, salts FROM content WHERE id >= ?
     UNION ALL SELECT id, facts, salt AS salts FROM tally WHERE id >= ?
     ORDER BY id LIMIT 1000`,
  );
  for (let next = first; ; ) {
    const page = rows.all(next, next);
    for (const row of page) {
      if (row.id !== next) {
        throw new MessageLogError(
          'damaged',
          `Record ${next} is missing from the log, though ${row.id} is there`,
        );
      }
      yield { id: row.id, leaf: leafOf(row) };
      next += 1;
    }
    if (page.length === 0) return;
  }
}

/** What the leaf at a place is made of: a message or a tally. */
export interface StoredLeaf {
  readonly facts: Buffer;
  readonly salt: Buffer;
}

export function leafAt(database: Database.Database, index: number): StoredLeaf | undefined {
  const row = database
    .prepare<[number, number], Omit<LeafRow, 'id'>>(
      `SELECT facts, salts FROM content WHERE id = ? UNION ALL SELECT facts, salt AS salts FROM tally WHERE id = ?`,
    )
    .get(index, index);
  return row && { facts: row.facts, salt: row.salts.subarray(0, saltBytes) };
}
