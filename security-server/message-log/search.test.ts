import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partitionSteps } from './schema.ts';
import { type RecordQuery, searchPartition } from './search.ts';

interface Made {
  readonly at: number;
  readonly client: string;
  readonly status: number | null;
}

const clients = ['DEV:GOV:1:a', 'DEV:GOV:1:b', 'DEV:GOV:10:a'];

/** A partition whose places do not follow time. */
function partitionOf(records: readonly Made[]): Database.Database {
  const database = new Database(':memory:');
  for (const step of partitionSteps) database.exec(step);
  const addRoute = database.prepare(`INSERT INTO route VALUES (?, ?, 'DEV:GOV:2:p', 'DEV:GOV:2:p:s')`);
  for (const [at, client] of clients.entries()) addRoute.run(at + 1, client);
  const add = database.prepare(
    `INSERT INTO record (at, direction, side, protocol, route, sequence, queryId, requestId, status, signatureHash)
     VALUES (?, 'response', 'client', 'rest', ?, 0, 'q', 'r', ?, x'00')`,
  );
  for (const { at, client, status } of records) add.run(at, clients.indexOf(client) + 1, status);
  return database;
}

it('a search finds what every record looked at would, newest place first, in whatever order times are', () => {
  const time = fc.nat({ max: 30 });
  const made = fc.record({
    at: time,
    client: fc.constantFrom(...clients),
    status: fc.constantFrom(200, 404, 500, null),
  });
  const query = fc.record(
    {
      ...{ from: time, to: time, before: fc.nat({ max: 40 }) },
      party: fc.constantFrom('DEV:GOV:1', 'DEV:GOV:1:a', 'DEV:GOV:2', 'DEV:GOV:3'),
      outcome: fc.constantFrom('succeeded' as const, 'failed' as const),
    },
    { requiredKeys: [] },
  );
  const isUnder = (party: string, id: string) => id === party || id.startsWith(`${party}:`);
  fc.assert(
    fc.property(
      fc.array(made, { maxLength: 40 }),
      query,
      fc.integer({ min: 1, max: 10 }),
      (records, asked, limit) => {
        const { from = 0, to = 1_000, before = 1_000, party, outcome } = asked;
        const expected = records
          .map((record, place) => ({ ...record, index: place + 1 }))
          .filter(({ index, at }) => index < before && at >= from && at < to)
          .filter(
            ({ client }) => party === undefined || isUnder(party, client) || isUnder(party, 'DEV:GOV:2:p'),
          )
          .filter(
            ({ status }) =>
              outcome === undefined || (status !== null && status >= 400 === (outcome === 'failed')),
          )
          .map(({ index }) => index)
          .toReversed()
          .slice(0, limit);
        const database = partitionOf(records);
        try {
          const found = searchPartition(database, { ...asked, limit } as RecordQuery);
          expect(found.map(({ index }) => index)).toEqual(expected);
        } finally {
          database.close();
        }
      },
    ),
    { numRuns: 200 },
  );
});
