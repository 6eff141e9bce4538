import type Database from 'better-sqlite3';
import { findHole, type StretchHole } from '../../gateway/evidence/index.ts';
import type { ImportedStretch } from './model.ts';

interface StretchRow {
  readonly archive: number;
  readonly name: string;
  readonly log: string;
  readonly first: number;
  readonly behind: number;
  readonly before: string;
  readonly after: string;
}

/** Keeps what an archive is of. */
export function insertStretch(
  database: Database.Database,
  archive: number | bigint,
  { log, from, to, numbers }: ImportedStretch,
): void {
  database
    .prepare('INSERT INTO stretch (archive, log, first, behind, before, after) VALUES (?, ?, ?, ?, ?, ?)')
    .run(archive, log, from, to, write(numbers.before), write(numbers.after));
}

/**
 * Holds archives of the same group of a log to each other, each to the nearest before it that is here, in whatever order
 * they were imported.
 * @returns what does not go on, by the archive that should
 */
export function findHoles(database: Database.Database): ReadonlyMap<number, StretchHole> {
  const rows = database
    .prepare<[], StretchRow>(
      'SELECT stretch.*, name FROM stretch JOIN archive ON archive.id = archive ORDER BY log, first, behind',
    )
    .all();
  const holes = new Map<number, StretchHole>();
  for (const [at, row] of rows.entries()) {
    const before = nearestBefore(rows.slice(0, at), row);
    const hole = before && findHole(named(before), named(row));
    if (hole !== undefined) holes.set(row.archive, hole);
  }
  return holes;
}

function nearestBefore(rows: readonly StretchRow[], { log, first }: StretchRow): StretchRow | undefined {
  const ended = rows.filter((row) => row.log === log && row.behind <= first);
  return ended.reduce<StretchRow | undefined>(
    (best, row) => (best !== undefined && best.behind > row.behind ? best : row),
    undefined,
  );
}

const named = ({ name, before, after }: StretchRow) => ({
  name,
  numbers: { before: read(before), after: read(after) },
});

const write = (numbers: ReadonlyMap<string, number>) => JSON.stringify([...numbers]);
const read = (text: string) => new Map(JSON.parse(text) as [string, number][]);
