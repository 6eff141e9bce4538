import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEncodedClient } from '../../gateway/identifier/index.ts';
import type { LogEntry } from '../../gateway/road/index.ts';
import type { RecordSummary, SqliteMessageLog } from '../message-log/index.ts';
import { echo, type LogBench, portal, startLogBench } from '../testing/log-bench.ts';
import { type SearchQuestion, searchRecords } from './search-records.ts';

const dayMs = 86_400_000;
const count = 240;

let bench: LogBench;
let log: SqliteMessageLog;
let all: RecordSummary[];
let startedAt: number;
let sample: LogEntry;

/** Three months of messages that differ in all that can be searched for. */
beforeAll(async () => {
  bench = await startLogBench();
  log = await bench.open();
  sample = await bench.entry('sample');
  startedAt = bench.services.at;
  for (let number = 0; number < count; number += 1) {
    bench.services.at = startedAt + number * 0.4 * dayMs;
    await log.record(varied(number));
  }
  all = await readAll(log, { limit: 1000 });
});
afterAll(() => bench.close());

function varied(number: number): LogEntry {
  const clients = [portal, { ...portal, subsystemCode: 'port' }, parseEncodedClient('DEV:GOV:10:portal')];
  const direction = number % 2 === 0 ? 'request' : 'response';
  return {
    ...sample,
    ...{ direction, side: number % 3 === 0 ? 'provider' : 'client' },
    client: (clients[number % clients.length] ?? portal) as LogEntry['client'],
    service: { ...echo, serviceCode: number % 5 === 0 ? 'ech' : 'echo' },
    queryId: `id-${number % 20}`,
    requestId: `request-${number}`,
    ...(number % 4 === 0 && { userId: `EE%_${number % 8}` }),
    ...(number % 7 === 0 && { issue: 'matter' }),
    ...(direction === 'response' && { status: number % 9 === 0 ? 500 : 200 }),
  };
}

async function readAll(from: SqliteMessageLog, question: SearchQuestion): Promise<RecordSummary[]> {
  const found: RecordSummary[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await searchRecords(from, { ...question, ...(cursor !== undefined && { cursor }) });
    found.push(...page.records);
    if (page.next === null) return found;
    cursor = page.next;
  }
}

const isUnder = (id: string, wanted: string) => id === wanted || id.startsWith(`${wanted}:`);

/** What a search must find, told as simply as can be. */
function matches(record: RecordSummary, question: SearchQuestion): boolean {
  const { from, to, party, client, service, outcome } = question;
  const isSame = (['queryId', 'requestId', 'userId', 'issue', 'direction', 'side'] as const).every(
    (name) => question[name] === undefined || record[name] === question[name],
  );
  return (
    isSame &&
    (from === undefined || record.at >= from) &&
    (to === undefined || record.at < to) &&
    (party === undefined || isUnder(record.client, party) || isUnder(record.provider, party)) &&
    (client === undefined || isUnder(record.client, client)) &&
    (service === undefined || isUnder(record.service, service)) &&
    (outcome === undefined || (record.status !== null && (outcome === 'failed') === record.status >= 400))
  );
}

describe('a search', () => {
  it('finds what was recorded, newest first', () => {
    expect(all).toHaveLength(count);
    expect(all.map(({ requestId }) => requestId)).toEqual(
      Array.from({ length: count }, (_, index) => `request-${count - 1 - index}`),
    );
    expect(log.partitions().length).toBeGreaterThanOrEqual(3);
  });

  it('finds what a plain walk through all records finds, by any combination of what is asked', async () => {
    const instant = fc
      .integer({ min: -5, max: count + 5 })
      .map((number) => startedAt + Math.round(number * 0.4 * dayMs));
    const fields = {
      from: instant,
      to: instant,
      party: fc.constantFrom(
        'DEV:GOV:1',
        'DEV:GOV',
        'DEV:GOV:1:port',
        'DEV:GOV:10',
        'DEV:GOV:_',
        '%',
        'DEV:GOV:1:data',
      ),
      client: fc.constantFrom('DEV:GOV:1', 'DEV:GOV:1:portal', 'DEV:GOV:%'),
      service: fc.constantFrom('DEV:GOV:1:data:ech', 'DEV:GOV:1:data', 'DEV:GOV:1:data:echo', "' OR 1=1 --"),
      queryId: fc.constantFrom('id-1', 'id-19', 'id-%'),
      requestId: fc.constantFrom('request-7', 'request-140', 'request-_'),
      userId: fc.constantFrom('EE%_0', 'EE%_4', 'EE%', 'ee%_0'),
      issue: fc.constantFrom('matter', 'matte'),
      direction: fc.constantFrom('request', 'response'),
      side: fc.constantFrom('client', 'provider'),
      outcome: fc.constantFrom('succeeded', 'failed'),
      limit: fc.constantFrom(1, 3, 50, 1000),
    };
    const question = fc.record(fields, { requiredKeys: ['limit'] });
    await fc.assert(
      fc.asyncProperty(question, async (given) => {
        const found = await readAll(log, given);
        expect(found).toEqual(all.filter((record) => matches(record, given)));
      }),
      { numRuns: 150 },
    );
  });

  it('pages through, and neither skips nor repeats while more is recorded', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    let added = 0;
    do {
      const page = await searchRecords(log, { limit: 17, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.records.map(({ requestId }) => requestId));
      cursor = page.next ?? undefined;
      added += 1;
      await log.record({ ...varied(1), requestId: `later-${added}` });
    } while (cursor !== undefined);
    expect(seen).toEqual(all.map(({ requestId }) => requestId));
  });

  it('tells that there is nothing more when the last page is exactly full', async () => {
    const { records, next } = await searchRecords(log, { queryId: 'id-2', direction: 'request', limit: 12 });
    expect([records.length, next]).toEqual([12, null]);
  });

  it.each([
    '',
    'x',
    'YmVmb3JlOg',
    Buffer.from('before:-1').toString('base64url'),
    Buffer.from('before:1e3').toString('base64url'),
    Buffer.from('before: 7').toString('base64url'),
    Buffer.from('before:99999999999999999999').toString('base64url'),
    `${Buffer.from('before:7').toString('base64url')}=`,
    'A'.repeat(100_000),
  ])('refuses a cursor that it did not give: %.30s', async (cursor) => {
    await expect(searchRecords(log, { limit: 1, cursor })).rejects.toMatchObject({
      code: 'cursor-unreadable',
    });
  });
});
