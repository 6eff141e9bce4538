import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { judgeBundle, readBundle } from '../../gateway/evidence/index.ts';
import { fileKeyAuthentication } from '../../gateway/http/index.ts';
import type { NewEvent } from '../../gateway/journal/index.ts';
import { hashLeaf, openNote, parseCheckpoint, tilePath } from '../../gateway/transparency/index.ts';
import type { ShownMessageId } from '../auditor/index.ts';
import type { SqliteMessageLog } from '../message-log/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

let bench: LogBench;
let log: SqliteMessageLog;
let app: ReturnType<typeof createServerAdmin>;
let events: NewEvent[];
let isJournalBroken: boolean;

beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.reset();
  log = await bench.open();
  events = [];
  isJournalBroken = false;
  const { configuration, now } = bench.services;
  const context = {
    ...{ log, now },
    configurations: {
      snapshot: async () => undefined,
      configurationOf: async () => configuration,
    },
    journal: {
      append: async (event: NewEvent) => {
        // Requests are written down besides, by a part of the API that has its own tests.
        if (!event.action.startsWith('evidence.')) return;
        if (isJournalBroken) throw new Error('the disk is full');
        events.push(event);
      },
    },
  };
  app = createServerAdmin(context as unknown as AdminContext, {
    version: '1',
    authenticate: fileKeyAuthentication('key'),
    report: (error) => {
      throw error;
    },
  });
});

const ask = async (path: string, order?: unknown) =>
  app.request(`/api/v1/evidence${path}`, {
    method: order === undefined ? 'GET' : 'POST',
    headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
    ...(order !== undefined && { body: JSON.stringify(order) }),
  });
const codeOf = async (response: Response | Promise<Response>) => {
  const answered = await response;
  const { code } = (await answered.json()) as { code?: string };
  return `${answered.status} ${code}`;
};
const record = async (queryId: string, ...bodies: Buffer[]) =>
  log.record(await bench.entry(queryId, ...bodies));

describe('opening a body', () => {
  const open = (index: number | string, order: unknown) => ask(`/records/${index}/body`, order);
  const purpose = 'complaint 7';
  beforeEach(() => record('one', Buffer.from('<script>small</script>'), Buffer.alloc(5_000, 'x')));
  /** The first leaf is a tally. */
  const place = () => log.search({ queryId: 'one', limit: 1 })[0]?.index ?? -1;

  it('gives the octets for saving alone, once the journal has who, what and why', async () => {
    const small = await open(place(), { position: 1, purpose });
    expect(await small.text()).toBe('<script>small</script>');
    expect(Object.fromEntries(small.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="record-${place()}-attachment1"`,
      'content-length': '22',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    const large = await open(place(), { position: 2, purpose });
    expect(Buffer.from(await large.arrayBuffer())).toEqual(Buffer.alloc(5_000, 'x'));
    const head = await open(place(), { position: 0, purpose });
    expect(await head.text()).toContain('x-road-id:one');
    expect(events).toHaveLength(3);
    expect(events[0]).toEqual({
      ...{ actor: 'api-key', action: 'evidence.body-read', target: `record ${place()}`, outcome: 'done' },
      ...{ purpose, detail: { queryId: 'one', part: 'attachment1' } },
    });
  });

  it.each([undefined, '', '   ', 'x'.repeat(501), 'two\nlines', 'null\u0000'])(
    'is refused for the purpose %j',
    async (given) => {
      expect(await codeOf(open(place(), { position: 1, purpose: given }))).toBe('422 invalid-fields');
      expect(events).toEqual([]);
    },
  );

  it('gives nothing when the journal cannot be written', async () => {
    isJournalBroken = true;
    expect(await codeOf(open(place(), { position: 1, purpose }))).toBe('503 journal-failed');
    expect(await codeOf(open(place(), { position: 0, purpose }))).toBe('503 journal-failed');
    const scope = { kind: 'exchange', queryId: 'one' };
    expect(await codeOf(ask('/exports', { scope, purpose }))).toBe('503 journal-failed');
    for (const path of ['/records', '/exchanges/one', '/gaps', '/statistics']) {
      expect(await codeOf(ask(path))).toBe('503 journal-failed');
    }
  });

  it('tells what was erased, and what never was', async () => {
    await log.eraseBodies(place());
    expect(await codeOf(open(place(), { position: 1, purpose }))).toBe('404 body-not-found');
    expect(await codeOf(open(place(), { position: 0, purpose }))).toBe('404 body-not-found');
    expect(await codeOf(open(place(), { position: 3, purpose }))).toBe('404 body-not-found');
    expect(await codeOf(open(0, { position: 1, purpose }))).toBe('404 record-not-found');
    expect(await codeOf(open(99, { position: 1, purpose }))).toBe('404 record-not-found');
    for (const index of ['-1', '1e3x', '1.5', '..%2f1', '9'.repeat(400)]) {
      expect(await codeOf(open(index, { position: 1, purpose }))).toBe('422 invalid-fields');
    }
    expect(events).toEqual([]);
  });

  it('needs the key', async () => {
    const response = await app.request(`/api/v1/evidence/records/${place()}/body`, { method: 'POST' });
    expect(response.status).toBe(401);
  });
});

describe('searching', () => {
  it('is written down with what was asked', async () => {
    await record('one');
    const answer = await ask('/records?party=DEV%3AGOV%3A1&limit=5');
    expect(await answer.json()).toMatchObject({ records: [{ queryId: 'one', sequence: 1 }], next: null });
    expect(events).toMatchObject([
      { action: 'evidence.search', outcome: 'done', detail: { party: 'DEV:GOV:1', limit: 5 } },
    ]);
  });

  it.each([
    ['party=%25', 'invalid-identifier'],
    ['party=DEV', 'invalid-identifier'],
    [`party=${'x'.repeat(3000)}`, 'invalid-fields'],
    ['service=a%0Ab', 'invalid-fields'],
    [`queryId=${'x'.repeat(2000)}`, 'invalid-fields'],
    ['userId=%E2%80%A8', 'invalid-fields'],
    ['from=yesterday', 'invalid-fields'],
    ['from=2026-13-01', 'invalid-fields'],
    ['to=1e9', 'invalid-fields'],
    ['limit=0', 'invalid-fields'],
    ['limit=1001', 'invalid-fields'],
    ['direction=both', 'invalid-fields'],
    ['cursor=zzz', 'cursor-unreadable'],
    [`cursor=${'A'.repeat(101)}`, 'invalid-fields'],
  ])('refuses %.40s', async (query, code) => {
    expect(await codeOf(ask(`/records?${query}`))).toBe(`422 ${code}`);
  });

  it('takes what looks like SQL for what it is: a text that nobody has', async () => {
    await record('one');
    for (const queryId of ["' OR '1'='1", 'on%', 'o_e', '*']) {
      const answer = await ask(`/records?queryId=${encodeURIComponent(queryId)}`);
      expect(await answer.json()).toEqual({ records: [], next: null });
    }
  });
});

describe('tiles', () => {
  const base = '/log';
  beforeEach(async () => {
    const sample = await bench.entry('sample');
    const ids = Array.from({ length: 300 }, (_, number) => `id-${number}`);
    await Promise.all(ids.map((queryId) => log.record({ ...sample, queryId })));
  });
  const tile = async (path: string) => {
    const response = await ask(`${base}/${path}`);
    return response.status === 200 ? Buffer.from(await response.arrayBuffer()) : response.status;
  };

  it('are those of a checkpoint that is signed', async () => {
    const note = await (await ask(`${base}/checkpoint`)).text();
    const { size } = parseCheckpoint(openNote(note, [log.verifierKey ?? '']).text);
    expect(size).toBe(log.tree.size);
    expect(await tile(tilePath(0, 0))).toEqual(log.tree.read(0, 0, 256));
    expect(await tile(tilePath(0, 1, size - 256))).toEqual(log.tree.read(0, 256, size - 256));
    expect(await tile(tilePath(1, 0, 1))).toEqual(log.tree.read(1, 0, 1));
    const entries = await tile(tilePath('entries', 0));
    const leaves: Buffer[] = [];
    for (let at = 0; Buffer.isBuffer(entries) && at < entries.length; ) {
      const end = at + 2 + entries.readUInt16BE(at);
      leaves.push(hashLeaf(entries.subarray(at + 2, end)));
      at = end;
    }
    expect(Buffer.concat(leaves)).toEqual(log.tree.read(0, 0, 256));
  });

  it('are not there under any other path than their own', async () => {
    const paths = [
      ...['tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/257', 'tile/0/000.p/01', 'tile/0/001'],
      ...['tile/0/0', 'tile/0/x000/000', 'tile/0/000/', 'tile/0/000%00', 'tile/0/..%2f000'],
      ...['tile/00/000', 'tile/-1/000', 'tile/99/000', 'tile/data/000', 'tile/', 'tile/entries/001'],
      `tile/0/${'x999/'.repeat(5)}999`,
      `tile/0/${'x999/'.repeat(1000)}999`,
    ];
    for (const path of paths) expect([path, await tile(path)]).toEqual([path, 404]);
  });
});

describe('an export', () => {
  const purpose = 'audit of the year';
  const minute = 60_000;
  const at = (minutes: number) => new Date(bench.services.at + minutes * minute).toISOString();
  let startedAt: string;
  beforeEach(async () => {
    startedAt = at(-1);
    for (const queryId of ['one', 'two', 'three', 'four']) {
      await record(queryId, Buffer.from(`body of ${queryId}`));
      // Each has a timestamp of its own, which does not fall with another record.
      await log.stampNow();
      bench.services.at += minute;
    }
  });
  const order = (scope: object, more: object = {}) => ask('/exports', { scope, purpose, ...more });
  const period = (more: object = {}) => ({
    kind: 'party',
    party: 'DEV:GOV:1',
    from: startedAt,
    to: at(1),
    ...more,
  });
  const trust = () => ({ configuration: bench.services.configuration, verifierKey: log.verifierKey ?? '' });
  const judged = async (response: Response) => {
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(response.status, bytes.toString('utf8', 0, 300)).toBe(200);
    return { content: readBundle(bytes), verdict: await judgeBundle(bytes, trust()) };
  };
  const placeOf = (queryId: string) => log.search({ queryId, limit: 1 })[0]?.index ?? -1;

  it('of a period is complete by the tallies around it, and good', async () => {
    const response = await order(period(), { includeBodies: true });
    expect(response.headers.get('waygate-evidence-gaps')).toBe('0');
    const { content, verdict } = await judged(response);
    expect([verdict.reason, verdict.valid]).toEqual([null, true]);
    expect(content.records.map(({ index }) => index)).toEqual(['one', 'two', 'three', 'four'].map(placeOf));
    expect(content.records.flatMap(({ erased }) => erased)).toEqual([]);
    expect(content.tallies.length).toBeGreaterThan(0);
    expect(events).toMatchObject([{ action: 'evidence.export', purpose, target: 'DEV:GOV:1' }]);
  });

  it('of a part of a day tells of the rest of it by numbers alone', async () => {
    const from = new Date(Date.parse(startedAt) + 1.5 * minute).toISOString();
    const to = new Date(Date.parse(startedAt) + 3.5 * minute).toISOString();
    const { content, verdict } = await judged(await order(period({ from, to })));
    expect([verdict.reason, verdict.valid]).toEqual([null, true]);
    const withMessage = content.records.filter(({ container }) => container !== null);
    expect(withMessage.map(({ index }) => index)).toEqual(['two', 'three'].map(placeOf));
  });

  it('names the gap where a record is missing, and what was erased beside it', async () => {
    await log.eraseBodies(placeOf('one'));
    const missing = placeOf('two');
    for (const [table, column] of [
      ['body', 'recordId'],
      ['content', 'id'],
      ['record', 'id'],
    ]) {
      inPartition(`DELETE FROM ${table} WHERE ${column} = ${missing}`);
    }
    const response = await order(period(), { includeBodies: true });
    expect(response.headers.get('waygate-evidence-gaps')).toBe('1');
    const { content, verdict } = await judged(response);
    expect(verdict).toMatchObject({ valid: false, code: 'gap', gaps: [{ after: 1, before: 3 }] });
    expect(content.records[0]?.erased).toEqual(['message.xml', 'attachment1']);
    expect(verdict.steps.filter(({ state, code }) => state === 'bad' && code !== 'gap')).toEqual([]);
    const report = await ask(`/gaps?party=DEV%3AGOV%3A1&from=${startedAt}`);
    expect(await report.json()).toMatchObject({
      ...{ records: 3, omitted: 0 },
      gaps: [{ after: 1, before: 3, missing: 1 }],
    });
  });

  it('names the gap at the end, which only a tally shows', async () => {
    await log.tallyNow();
    bench.services.at += minute;
    const missing = placeOf('four');
    for (const [table, column] of [
      ['body', 'recordId'],
      ['content', 'id'],
      ['record', 'id'],
    ]) {
      inPartition(`DELETE FROM ${table} WHERE ${column} = ${missing}`);
    }
    const { verdict } = await judged(await order(period({ to: at(-1) })));
    expect(verdict).toMatchObject({ valid: false, code: 'gap', gaps: [{ after: 3, before: null }] });
    const report = await ask(`/gaps?from=${startedAt}&to=${at(-1)}`);
    expect(await report.json()).toMatchObject({ gaps: [{ after: 3, before: null, missing: 1 }] });
  });

  it('of an exchange or a case is good, also without the bodies', async () => {
    const one = await judged(await order({ kind: 'exchange', queryId: 'one' }));
    expect([one.verdict.reason, one.content.records.length]).toEqual([null, 1]);
    expect(one.content.records[0]?.erased).toEqual(['attachment1']);
    const two = await judged(await order({ kind: 'case', title: 'Both', queryIds: ['four', 'one', 'one'] }));
    expect([two.verdict.reason, two.content.records.length]).toEqual([null, 2]);
  });

  it('is refused where there is nothing, too much, or no time', async () => {
    expect(await codeOf(order({ kind: 'exchange', queryId: 'none' }))).toBe('404 exchange-not-found');
    expect(await codeOf(order(period({ from: at(10), to: at(20) })))).toBe('422 period-not-begun');
    expect(await codeOf(order(period({ from: startedAt, to: startedAt })))).toBe('422 period-empty');
    expect(await codeOf(order({ kind: 'case', title: 'x', queryIds: [] }))).toBe('422 invalid-fields');
    expect(await codeOf(order(period(), { purpose: ' ' }))).toBe('422 invalid-fields');
  });

  it('waits for a timestamp, and is refused when none can be had', async () => {
    await record('five');
    bench.services.isDown = true;
    const refused = await order({ kind: 'exchange', queryId: 'five' });
    expect(await codeOf(refused)).toMatch(/^409 .*timestamping-failed$/);
    bench.services.isDown = false;
    const { content } = await judged(await order({ kind: 'exchange', queryId: 'five' }));
    expect(content.timestamps).toHaveLength(1);
  });

  function inPartition(statement: string): void {
    const name = log.partitions().at(-1)?.name;
    const database = new Database(join(bench.dir, 'partitions', `${name}.sqlite`));
    database.pragma('foreign_keys = OFF');
    database.exec(statement);
    database.close();
  }
});

describe('showing an exchange', () => {
  it('tells it in words and as data, with the verdict of the judge', async () => {
    await record('one', Buffer.from('question'));
    const shown = (await (await ask('/exchanges/one')).json()) as ShownMessageId;
    const [exchange] = shown.exchanges;
    expect(exchange?.records).toMatchObject([
      {
        direction: 'request',
        bodies: [{ position: 1, octets: 8, isErased: false }],
        head: { isErased: false },
      },
    ]);
    expect(exchange?.records[0]?.signature?.ocspProducedAt).toMatch(/^\d{4}-/);
    expect(exchange?.records[0]?.timestamp?.checkpointSize).toBe(log.tree.size);
    expect(exchange?.sentences.at(-1)).toContain('No response');
    // This bench keeps no configurations: the judge says so, and what it says is shown.
    expect(shown.verdict).toMatchObject({ valid: false, code: 'configuration-missing' });
    expect(events).toMatchObject([{ action: 'evidence.show', target: 'one' }]);
  });

  it('keeps exchanges under one message id apart', async () => {
    await record('twice');
    await record('twice');
    const shown = (await (await ask('/exchanges/twice')).json()) as ShownMessageId;
    expect(shown.exchanges).toHaveLength(2);
    expect(new Set(shown.exchanges.map(({ requestId }) => requestId)).size).toBe(2);
  });

  it('is refused for what nobody recorded', async () => {
    expect(await codeOf(ask('/exchanges/none'))).toBe('404 exchange-not-found');
    expect(await codeOf(ask(`/exchanges/${'x'.repeat(1025)}`))).toBe('422 invalid-fields');
  });
});

describe('statistics', () => {
  it('count who asked whom for what', async () => {
    for (const queryId of ['one', 'two']) await record(queryId, Buffer.from('12345'));
    const day = bench.services.now().toISOString().slice(0, 10);
    const counted = {
      ...{ client: 'DEV:GOV:1:portal', provider: 'DEV:GOV:1:data', side: 'client' },
      ...{ requests: 2, responses: 0, failed: 0, bodyOctets: 10, firstDay: day, lastDay: day },
    };
    for (const [per, service] of [
      ['pair', null],
      ['service', 'DEV:GOV:1:data:echo'],
      ['day', 'DEV:GOV:1:data:echo'],
    ]) {
      const answer = await ask(`/statistics?per=${per}&party=DEV%3AGOV%3A1%3Adata&from=${day}`);
      expect(await answer.json()).toEqual({ rows: [{ ...counted, service }], omitted: 0 });
    }
    expect(await (await ask(`/statistics?to=${day}`)).json()).toEqual({ rows: [], omitted: 0 });
    expect(await (await ask('/statistics?party=DEV%3AGOV%3A2')).json()).toEqual({ rows: [], omitted: 0 });
  });
});
