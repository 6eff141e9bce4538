import type Database from 'better-sqlite3';
import type { RecordSummary } from './model.ts';

/** What is looked for; everything named must hold. */
export interface RecordQuery {
  /** Milliseconds since the epoch, in [from, to). */
  readonly from?: number;
  readonly to?: number;
  /** Encoded member or subsystem: it and everything under it, as client or as provider. */
  readonly party?: string;
  /** Encoded, with everything under it. */
  readonly client?: string;
  readonly service?: string;
  readonly queryId?: string;
  readonly requestId?: string;
  readonly userId?: string;
  readonly issue?: string;
  readonly direction?: RecordSummary['direction'];
  readonly side?: RecordSummary['side'];
  /** Of responses: whether their status is below 400. */
  readonly outcome?: 'succeeded' | 'failed';
  /** Newest first; go on below this place. */
  readonly before?: number;
  readonly limit: number;
}

const columns = `r.id AS "index", r.sequence, r.at, r.direction, r.side, r.protocol, route.client, route.provider,
  route.service, r.queryId, r.requestId, r.userId, r.issue, r.status`;
/** What few records share, each with an index of its own. */
const indexedNames = ['queryId', 'requestId', 'userId', 'issue'] as const;
/** Above so many routes one walk through the records is quicker than one for each route. */
const maxRoutesApart = 1_000;

/** Records of one partition, newest first. */
export function searchPartition(database: Database.Database, query: RecordQuery): RecordSummary[] {
  const conditions: string[] = [];
  const values: Record<string, string | number> = { limit: query.limit };
  const add = (condition: string, name: string, value: string | number) => {
    conditions.push(condition);
    values[name] = value;
  };
  if (query.before !== undefined) add('r.id < @before', 'before', query.before);
  const bounds = timeBounds(database, query);
  if (bounds === undefined) return [];
  if (bounds.first !== undefined) add('r.id >= @first', 'first', bounds.first);
  if (bounds.last !== undefined) add('r.id <= @last', 'last', bounds.last);
  if (query.from !== undefined) add('r.at >= @from', 'from', query.from);
  if (query.to !== undefined) add('r.at < @to', 'to', query.to);
  for (const name of ['queryId', 'requestId', 'userId', 'issue', 'direction', 'side'] as const) {
    const value = query[name];
    if (value !== undefined) add(`r.${name} = @${name}`, name, value);
  }
  if (query.outcome === 'failed') conditions.push('r.status >= 400');
  if (query.outcome === 'succeeded') conditions.push('r.status < 400');

  const routes = routesOf(database, query);
  const isFound = indexedNames.some((name) => query[name] !== undefined);
  if (routes?.length === 0) return [];
  const ofRoutes = routes === undefined ? [] : [`r.route IN (${routes.join(',')})`];
  // Few fail: all of them are quicker to look through than what a route carried.
  if (query.outcome === 'failed' && !isFound) {
    return select(database, [...conditions, ...ofRoutes], values, 'INDEXED BY record_failed');
  }
  if (routes === undefined || isFound || routes.length > maxRoutesApart) {
    return select(database, [...conditions, ...ofRoutes], values, '');
  }
  return routes
    .flatMap((route) =>
      select(database, [...conditions, `r.route = ${route}`], values, 'INDEXED BY record_by_route'),
    )
    .sort((a, b) => b.index - a.index)
    .slice(0, query.limit);
}

function select(
  database: Database.Database,
  conditions: readonly string[],
  values: Readonly<Record<string, string | number>>,
  index: string,
): RecordSummary[] {
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return database
    .prepare<[typeof values], RecordSummary>(
      `SELECT ${columns} FROM record AS r ${index} JOIN route ON route.id = r.route ${where}
       ORDER BY r.id DESC LIMIT @limit`,
    )
    .all(values);
}

/**
 * Places between which the records of a time lie, found in the index of times alone: it is narrow, and a record read
 * in vain costs a page of the disk.
 * @returns undefined when there are none
 */
function timeBounds(
  database: Database.Database,
  { from, to }: RecordQuery,
): { readonly first?: number; readonly last?: number } | undefined {
  if (from === undefined && to === undefined) return {};
  const outermost = (place: 'min' | 'max', order: 'ASC' | 'DESC') =>
    `(SELECT ${place}(id) FROM (SELECT id FROM record WHERE at >= @from AND at < @to
       ORDER BY at ${order} LIMIT ${placesOutOfOrder}))`;
  const row = database
    .prepare<{ from: number; to: number }, { first: number | null; last: number | null }>(
      `SELECT ${outermost('min', 'ASC')} AS first, ${outermost('max', 'DESC')} AS last`,
    )
    .get({ from: from ?? 0, to: to ?? Number.MAX_SAFE_INTEGER });
  if (row?.first == null || row.last === null) return undefined;
  return { first: row.first, last: row.last };
}

/** Messages that pass at the same moment are recorded in another order than they were begun: by so many places at most. */
const placesOutOfOrder = 100_000;

/** Routes that a query speaks of; undefined when it speaks of none. */
export function routesOf(
  database: Database.Database,
  { party, client, service }: Pick<RecordQuery, 'party' | 'client' | 'service'>,
): readonly number[] | undefined {
  if (party === undefined && client === undefined && service === undefined) return undefined;
  const under = (column: string, name: string) =>
    `(${column} = @${name} OR substr(${column}, 1, length(@${name}) + 1) = @${name} || ':')`;
  const conditions = [
    ...(party === undefined ? [] : [`(${under('client', 'party')} OR ${under('provider', 'party')})`]),
    ...(client === undefined ? [] : [under('client', 'client')]),
    ...(service === undefined ? [] : [under('service', 'service')]),
  ];
  return database
    .prepare<[Record<string, string>], { id: number }>(
      `SELECT id FROM route WHERE ${conditions.join(' AND ')}`,
    )
    .all({
      ...(party !== undefined && { party }),
      ...(client !== undefined && { client }),
      ...(service !== undefined && { service }),
    })
    .map(({ id }) => id);
}
