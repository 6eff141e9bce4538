import { ImportError, type ImportedQuery } from './model.ts';

/** Place of a message in the order of pages. */
interface Place {
  readonly at: number;
  readonly id: number;
}

/** Base64url of two numbers. */
const maxCursor = 64;

export function writeCursor(at: number, id: number): string {
  return Buffer.from(`${at}.${id}`).toString('base64url');
}

/** @throws ImportError cursor-unreadable */
export function readCursor(cursor: string): Place {
  const text = cursor.length > maxCursor ? '' : Buffer.from(cursor, 'base64url').toString('latin1');
  const [at, id] = text.split('.').map(Number);
  if (Number.isSafeInteger(at) && Number.isSafeInteger(id) && at !== undefined && id !== undefined) {
    if (writeCursor(at, id) === cursor) return { at, id };
  }
  throw new ImportError(
    'cursor-unreadable',
    'This is not a cursor of an earlier answer: search again without one',
  );
}

/** What a query asks for as a condition of SQL with its values. */
export function whereOf(
  query: ImportedQuery,
  after: Place | undefined,
): { readonly where: string; readonly values: readonly (string | number)[] } {
  const { from, to, party, client, service, queryId, userId, issue, direction, onlyBad } = query;
  const conditions: { readonly sql: string; readonly values: readonly (string | number)[] }[] = [];
  const add = (sql: string, ...values: (string | number | undefined)[]) => {
    const given = values.filter((value) => value !== undefined);
    if (given.length === values.length) conditions.push({ sql, values: given });
  };
  add('at >= ?', from);
  add('at < ?', to);
  add('query_id = ?', queryId);
  add('user_id = ?', userId);
  add('issue = ?', issue);
  add('direction = ?', direction);
  if (client !== undefined) add(under('client'), ...rangeOf(client));
  if (service !== undefined) add(under('service'), ...rangeOf(service));
  if (party !== undefined) {
    add(`(${under('client')} OR ${under('service')})`, ...rangeOf(party), ...rangeOf(party));
  }
  if (onlyBad === true) add('code IS NOT NULL');
  if (after !== undefined) add('(at, message.id) < (?, ?)', after.at, after.id);
  if (conditions.length === 0) return { where: '', values: [] };
  return {
    where: `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`,
    values: conditions.flatMap(({ values }) => values),
  };
}

function under(column: 'client' | 'service'): string {
  return `(${column} = ? OR (${column} >= ? AND ${column} < ?))`;
}

/** An encoded identifier and all that begin with it: `;` is what follows the separator `:`. */
function rangeOf(id: string): readonly [string, string, string] {
  return [id, `${id}:`, `${id};`];
}
