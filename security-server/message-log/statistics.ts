import type Database from 'better-sqlite3';
import type { RecordSummary } from './model.ts';
import { dayOf } from './partition.ts';
import { type RecordQuery, routesOf } from './search.ts';

const dayMs = 86_400_000;

export interface StatisticsQuery extends Pick<RecordQuery, 'party' | 'client' | 'service'> {
  /** Milliseconds since the epoch; whole days in UTC are counted that have any of [from, to). */
  readonly from?: number;
  readonly to?: number;
  /** What one row is for: client and provider, also the service, also the day. */
  readonly per: 'pair' | 'service' | 'day';
}

/** Who asked whom for what, as counted when the messages were recorded. */
export interface StatisticsRow {
  readonly client: string;
  readonly provider: string;
  /** Null in rows for pairs. */
  readonly service: string | null;
  /** Which role this server had; exchanges within one server are recorded in both. */
  readonly side: RecordSummary['side'];
  readonly requests: number;
  readonly responses: number;
  /** Responses with a status of 400 or more. */
  readonly failed: number;
  /** Of bodies; the head of a REST message and the envelope of a SOAP message count as none. */
  readonly bodyOctets: number;
  /** Midnights in UTC at which the first and the last day with a message began, milliseconds since the epoch. */
  readonly firstDay: number;
  readonly lastDay: number;
}

export interface Statistics {
  readonly rows: readonly StatisticsRow[];
  /** Rows beyond the limit. */
  readonly omitted: number;
}

type Counted = Omit<StatisticsRow, 'service'> & { readonly service: string };

/**
 * Sums of all partitions, most messages first; days in order. Days were summed as their messages were recorded, so
 * that years are read in the time of their days.
 * @param limit rows
 */
export function readStatistics(
  databases: readonly Database.Database[],
  query: StatisticsQuery,
  limit: number,
): Statistics {
  const rows = new Map<string, StatisticsRow>();
  for (const database of databases) {
    for (const counted of countPartition(database, query)) add(rows, counted, query.per);
  }
  const sorted = [...rows.values()].sort(
    query.per === 'day'
      ? (a, b) => a.firstDay - b.firstDay || b.requests - a.requests
      : (a, b) => b.requests + b.responses - a.requests - a.responses,
  );
  return { rows: sorted.slice(0, limit), omitted: Math.max(0, sorted.length - limit) };
}

function countPartition(database: Database.Database, query: StatisticsQuery): Counted[] {
  const routes = routesOf(database, query);
  const first = query.from === undefined ? 0 : dayOf(query.from);
  const last = query.to === undefined ? Number.MAX_SAFE_INTEGER : dayOf(query.to - 1);
  const within = routes === undefined ? '' : `AND daily.route IN (${routes.join(',')})`;
  return database
    .prepare<{ first: number; last: number; dayMs: number }, Counted>(
      `SELECT route.client, route.provider, route.service, daily.side,
         sum(iif(daily.direction = 'request', daily.records, 0)) AS requests,
         sum(iif(daily.direction = 'response', daily.records, 0)) AS responses,
         sum(daily.failed) AS failed, sum(daily.octets) AS bodyOctets,
         min(daily.day) * @dayMs AS firstDay, max(daily.day) * @dayMs AS lastDay
       FROM daily JOIN route ON route.id = daily.route
       WHERE daily.day BETWEEN @first AND @last ${within}
       GROUP BY daily.route, daily.side ${query.per === 'day' ? ', daily.day' : ''}`,
    )
    .all({ first, last, dayMs });
}

function add(rows: Map<string, StatisticsRow>, counted: Counted, per: StatisticsQuery['per']): void {
  const { client, provider, side, firstDay } = counted;
  const service = per === 'pair' ? null : counted.service;
  const key = [client, provider, service, side, ...(per === 'day' ? [firstDay] : [])].join('|');
  const known = rows.get(key);
  if (known === undefined) {
    rows.set(key, { ...counted, service });
    return;
  }
  rows.set(key, {
    ...{ client, provider, service, side },
    requests: known.requests + counted.requests,
    responses: known.responses + counted.responses,
    failed: known.failed + counted.failed,
    bodyOctets: known.bodyOctets + counted.bodyOctets,
    firstDay: Math.min(known.firstDay, counted.firstDay),
    lastDay: Math.max(known.lastDay, counted.lastDay),
  });
}
