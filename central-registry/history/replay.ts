import type { HistoryEntry, Row, RowChange } from './entry.ts';

/** Rows by table and key, as the entries of a history leave them. */
export type Replayed = ReadonlyMap<string, ReadonlyMap<string, Row>>;

/** The rows of a table as they are stored. */
interface PresentTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: Iterable<{ readonly key: string; readonly row: Row }>;
}

/** What the register must be after all that was written down of it. @param texts entries, oldest first */
export function replay(texts: Iterable<string>): Replayed {
  const tables = new Map<string, Map<string, Row>>();
  for (const text of texts) {
    const { changes } = JSON.parse(text) as HistoryEntry;
    for (const { table, key, after } of changes) {
      const rows = tables.get(table) ?? new Map<string, Row>();
      tables.set(table, rows);
      if (after === null) rows.delete(key);
      else rows.set(key, after);
    }
  }
  return tables;
}

/** From what a history says to what is there, row by row. */
export function differences(replayed: Replayed, present: readonly PresentTable[]): RowChange[] {
  const found: RowChange[] = [];
  const known = new Set(present.map(({ name }) => name));
  for (const { name: table, columns, rows } of present) {
    const told = new Map(replayed.get(table));
    for (const { key, row } of rows) {
      const before = told.get(key) ?? null;
      told.delete(key);
      if (before === null || !isSame(columns, before, row)) found.push({ table, key, before, after: row });
    }
    for (const [key, before] of told) found.push({ table, key, before, after: null });
  }
  for (const [table, rows] of replayed) {
    if (known.has(table)) continue;
    for (const [key, before] of rows) found.push({ table, key, before, after: null });
  }
  return found;
}

/** Columns may stand in another order than when the entry was written. */
function isSame(columns: readonly string[], before: Row, after: Row): boolean {
  return (
    Object.keys(before).length === columns.length && columns.every((name) => before[name] === after[name])
  );
}
