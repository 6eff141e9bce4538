import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RoadEvent } from '../../gateway/road/index.ts';
import type { SettingsSnapshot } from '../settings/index.ts';
import { OperationalStore } from './operational-store.ts';
import { others, TrafficBook, type TrafficSample, trafficSchema } from './traffic.ts';
import { endpointOf } from './traffic-endpoint.ts';

const minute = 60_000;
let dir: string;
let now: Date;
let store: OperationalStore;
const troubles: unknown[] = [];

const open = () =>
  new OperationalStore({
    ...{ path: join(dir, 'monitoring.sqlite'), retentionDays: 7, now: () => now },
    onTrouble: (error) => troubles.push(error),
  });
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'traffic-'));
  now = new Date('2026-06-01T12:02:00Z');
  store = open();
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true });
  expect(troubles).toEqual([]);
});

const sample = (more: Partial<TrafficSample> = {}): TrafficSample => ({
  ...{ at: now.getTime(), side: 'provider', client: 'DEV:MUN:2:a', service: 'DEV:GOV:1:p:persons' },
  ...{ endpoint: 'GET /persons/*', isGood: true, durationMs: 20, octets: 100 },
  ...more,
});

/** Notes, and writes with a record as the server does. */
function note(...samples: readonly TrafficSample[]): void {
  for (const one of samples) store.traffic.note(one);
  const record = { monitoringDataTs: Math.floor(now.getTime() / 1000) } as never;
  const member = { kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '1' } as const;
  store.keep({ record, client: member, provider: member });
  store.flush();
}

describe('traffic', () => {
  it('is summed in stretches of the period, those without an exchange too', () => {
    note(sample(), sample({ isGood: false, durationMs: 400 }), sample({ at: now.getTime() - 20 * minute }));
    const { stretches, total } = store.traffic.read({ period: 'hour', by: 'service', now });
    expect(stretches).toHaveLength(12);
    expect(stretches.map(({ exchanges, failed }) => [exchanges, failed]).filter(([all]) => all)).toEqual([
      [1, 0],
      [2, 1],
    ]);
    expect(stretches.at(-1)?.at).toEqual(new Date('2026-06-01T12:00:00Z'));
    expect(total).toMatchObject({ exchanges: 3, failed: 1, octets: 300, longestMs: 400 });
    for (const [period, count] of [
      ['day', 48],
      ['week', 84],
    ] as const) {
      expect(store.traffic.read({ period, by: 'service', now }).stretches).toHaveLength(count);
    }
  });

  it('is told by service, consumer and endpoint, and of one of them alone', () => {
    note(sample(), sample({ client: 'DEV:MUN:2:b' }), sample({ endpoint: 'POST /persons' }));
    note(sample({ service: 'DEV:GOV:1:p:other', side: 'client' }));
    const names = (query: Partial<Parameters<typeof store.traffic.read>[0]>) =>
      store.traffic
        .read({ period: 'hour', by: 'service', now, ...query })
        .rows.map(({ name, exchanges }) => [name, exchanges]);
    expect(names({ by: 'service' })).toEqual([
      ['DEV:GOV:1:p:persons', 3],
      ['DEV:GOV:1:p:other', 1],
    ]);
    expect(names({ by: 'client', side: 'provider' })).toEqual([
      ['DEV:MUN:2:a', 2],
      ['DEV:MUN:2:b', 1],
    ]);
    expect(names({ by: 'endpoint', client: 'DEV:MUN:2:a', service: 'DEV:GOV:1:p:persons' })).toEqual([
      ['DEV:GOV:1:p:persons GET /persons/*', 1],
      ['DEV:GOV:1:p:persons POST /persons', 1],
    ]);
  });

  it('has the duration that half and 95 of 100 stay below, by class, and never above the longest', () => {
    note(
      ...Array.from({ length: 95 }, () => sample({ durationMs: 8 })),
      ...Array.from({ length: 5 }, () => sample({ durationMs: 60_000 })),
    );
    const read = () => store.traffic.read({ period: 'hour', by: 'service', now }).total;
    expect(read()).toMatchObject({ medianMs: 10, p95Ms: 10, longestMs: 60_000 });
    note(sample({ durationMs: 70_000 }));
    expect(read()).toMatchObject({ medianMs: 10, p95Ms: 70_000, longestMs: 70_000 });
    expect(read().meanMs).toBeCloseTo((95 * 8 + 5 * 60_000 + 70_000) / 101, 6);
  });

  it('is the same after a restart, and forgotten after eight days', () => {
    note(sample());
    store.close();
    store = open();
    note(sample());
    const read = () => store.traffic.read({ period: 'week', by: 'service', now }).total.exchanges;
    expect(read()).toBe(2);
    const then = now;
    now = new Date(now.getTime() + 9 * 24 * 60 * minute);
    store.prune();
    now = then;
    expect(read()).toBe(0);
  });

  it('does not grow with made-up names: beyond a thousand in five minutes the others are together', () => {
    note(...Array.from({ length: 1_500 }, (_, index) => sample({ service: `none-${index}` })));
    const { rows, omitted, total } = store.traffic.read({ period: 'hour', by: 'service', now });
    expect(rows[0]).toMatchObject({ name: others, exchanges: 500 });
    expect([rows.length, omitted, total.exchanges]).toEqual([50, 951, 1_500]);
  });
});

it('is read of however many names: only the rows that are told are taken out of the database', () => {
  const database = new Database(':memory:');
  database.exec(trafficSchema);
  const columns = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all('traffic');
  const numbers = columns.slice(5).map(() => '1');
  database
    .prepare(
      `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
       INSERT INTO traffic SELECT ?, 'provider', 'c', 's' || i, '', ${numbers.join(', ')} FROM n`,
    )
    .run(now.getTime() / 1000);
  const taken: number[] = [];
  const watched = new Proxy(database, {
    get: (target, name) =>
      name !== 'prepare'
        ? Reflect.get(target, name)
        : (sql: string) => {
            const statement = target.prepare(sql);
            const all = statement.all.bind(statement);
            statement.all = (...bound: unknown[]) => {
              const rows = all(...bound);
              taken.push(rows.length);
              return rows;
            };
            return statement;
          },
  });
  const { rows, omitted, total } = new TrafficBook(watched).read({ period: 'week', by: 'service', now });
  expect([rows.length, omitted, total.exchanges, total.longestMs]).toEqual([50, 199_950, 200_000, 1]);
  expect(Math.max(...taken)).toBe(50);
  database.close();
});

describe('the endpoint of an exchange', () => {
  const service = { kind: 'SERVICE', instance: 'DEV', memberClass: 'GOV', memberCode: '1', serviceCode: 's' };
  const endpoints = [
    { method: '*', path: '**' },
    { method: 'GET', path: '/persons/*' },
  ];
  const settings = {
    servicesOf: () => [{ serviceCode: 's', endpoints }],
  } as unknown as SettingsSnapshot;
  const event = (restMethod: string | undefined, restPath: string) =>
    ({ trace: { exchange: { service }, restMethod, restPath } }) as unknown as RoadEvent;

  it('is that of the settings, and never the path that was called', () => {
    expect(endpointOf(event('GET', '/persons/010170-123X'), settings)).toBe('GET /persons/*');
    expect(endpointOf(event('POST', '/secret'), settings)).toBe('POST **');
    expect(endpointOf(event(undefined, '/secret'), settings)).toBe('');
  });
});
