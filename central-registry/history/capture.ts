import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { Row, RowChange, Value } from './entry.ts';

/** What cannot be told from the schema of the tables that are captured. */
export interface CaptureRules {
  /** Tables that are not captured: those of the history itself. */
  readonly exempt: ReadonlySet<string>;
  /** What names a row of a table without a primary key. */
  readonly identities: Readonly<Record<string, readonly string[]>>;
  /** SQL over a row's columns, by table and column: when it holds, the value is told as its hash only. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Column {
  readonly name: string;
  readonly type: string;
  /** Place in the primary key from 1; 0 when it is not of it. */
  readonly pk: number;
}

/** A table that is captured. */
export interface CapturedTable {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Columns that name a row, in order. */
  readonly identity: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
}

/** A name that no table of a program has. */
const scratch = 'temp.capturedChange';

/** The tables of a database, as its schema has them now. @throws Error when the rows of one cannot be named */
export function capturedTables(database: Database.Database, rules: CaptureRules): CapturedTable[] {
  const names = database
    .prepare<[], { name: string }>(
      "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .all()
    .map(({ name }) => name)
    .filter((name) => !rules.exempt.has(name));
  return names.map((name) => {
    const columns = database.pragma(`main.table_info(${quote(name)})`) as readonly Column[];
    const primary = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
    const identity = primary.length > 0 ? primary.map((one) => one.name) : rules.identities[name];
    if (identity === undefined) throw new Error(`table ${name} has no primary key: say what names its rows`);
    return { name, columns, identity, secrets: rules.secrets[name] ?? {} };
  });
}

/**
 * Has SQLite itself write down what changes in the tables, whoever changes it through this connection: temporary
 * triggers, made from the schema as it is now, fill a temporary table that is part of the same transaction.
 */
export function captureChanges(database: Database.Database, tables: readonly CapturedTable[]): void {
  // Without it, rows that are replaced go unseen by triggers.
  database.pragma('recursive_triggers = ON');
  database.pragma('temp_store = MEMORY');
  database.function('historyHash', { deterministic: true }, (value: unknown) => {
    if (typeof value !== 'string' && !Buffer.isBuffer(value)) return null;
    return `sha256:${createHash('sha256').update(value).digest('hex')}`;
  });
  database.exec(`CREATE TEMP TABLE capturedChange (
    id INTEGER PRIMARY KEY, tableName TEXT NOT NULL, before TEXT, after TEXT) STRICT`);
  for (const table of tables) {
    const [before, after] = [rowAsJson(table, 'OLD.'), rowAsJson(table, 'NEW.')];
    for (const [act, old, young] of [
      ['INSERT', 'NULL', after],
      ['UPDATE', before, after],
      ['DELETE', before, 'NULL'],
    ] as const) {
      database.exec(`CREATE TEMP TRIGGER ${quote(`capture_${act}_${table.name}`)}
        AFTER ${act} ON main.${quote(table.name)} BEGIN
          INSERT INTO capturedChange (tableName, before, after) VALUES ('${table.name}', ${old}, ${young});
        END`);
    }
  }
}

/**
 * Takes what was captured since the last taking, row by row: from what it was before all of it to what it is after.
 * Rows that are as they were are left out.
 */
export function takeChanges(database: Database.Database, tables: readonly CapturedTable[]): RowChange[] {
  interface Captured {
    readonly tableName: string;
    readonly before: string | null;
    readonly after: string | null;
  }
  const captured = database
    .prepare<[], Captured>(`SELECT tableName, before, after FROM ${scratch} ORDER BY id`)
    .all();
  if (captured.length === 0) return [];
  database.exec(`DELETE FROM ${scratch}`);
  const byName = new Map(tables.map((table) => [table.name, table]));
  const net = new Map<string, RowChange>();
  for (const { tableName, before, after } of captured) {
    const table = byName.get(tableName);
    if (table === undefined) throw new Error(`${tableName} was captured and is not known`);
    const [old, young] = [before, after].map((text) => (text === null ? null : (JSON.parse(text) as Row)));
    // A row whose name changes is one that went and one that came.
    if (old) note(net, table, keyOf(table, old), old, null);
    if (young) note(net, table, keyOf(table, young), null, young);
  }
  return [...net.values()].filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));
}

function note(
  net: Map<string, RowChange>,
  { name: table }: CapturedTable,
  key: string,
  before: Row | null,
  after: Row | null,
): void {
  const place = `${table}\n${key}`;
  const former = net.get(place);
  net.set(place, { table, key, before: former === undefined ? before : former.before, after });
}

/** All rows of a table as they are now, in no order. */
export function* presentRows(
  database: Database.Database,
  table: CapturedTable,
): Generator<{ readonly key: string; readonly row: Row }> {
  const statement = database.prepare<[], { row: string }>(
    `SELECT ${rowAsJson(table, '')} AS row FROM main.${quote(table.name)}`,
  );
  for (const { row: text } of statement.iterate()) {
    const row = JSON.parse(text) as Row;
    yield { key: keyOf(table, row), row };
  }
}

/** `GOV/1234/population`: what names a row, each part with what is no letter, digit or `-_.!~*'()` escaped. */
function keyOf({ identity }: CapturedTable, row: Row): string {
  return identity.map((name) => printPart(row[name] ?? null)).join('/');
}

/** An absent part differs from an empty one. */
function printPart(value: Value): string {
  return value === null ? '%00' : encodeURIComponent(String(value));
}

/** SQL that makes one JSON object of a row; octets as hex digits. @param source `OLD.`, `NEW.` or none */
function rowAsJson({ columns, secrets }: CapturedTable, source: string): string {
  const fields = columns.map(({ name, type }) => {
    const column = `${source}${quote(name)}`;
    const plain = type === 'BLOB' ? `CASE WHEN ${column} IS NOT NULL THEN lower(hex(${column})) END` : column;
    const condition = secrets[name]?.replaceAll('$', source);
    const told =
      condition === undefined
        ? plain
        : `CASE WHEN ${condition} THEN historyHash(${column}) ELSE ${plain} END`;
    return `'${name}', ${told}`;
  });
  return `json_object(${fields.join(', ')})`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
