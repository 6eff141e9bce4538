import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Role } from '../../gateway/http/index.ts';
import { Journal } from '../../gateway/journal/index.ts';
import type { SqliteMessageLog } from '../message-log/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

let bench: LogBench;
let log: SqliteMessageLog;
let journal: Journal;
let roles: readonly Role[];
let app: ReturnType<typeof createServerAdmin>;

beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await journal?.close();
  await bench.reset();
  log = await bench.open();
  const { now } = bench.services;
  const trouble = (error: unknown) => {
    throw error;
  };
  journal = await Journal.open({ dir: join(bench.dir, 'journal'), origin: 'test', now, onTrouble: trouble });
  const context = { log, now, journal } as unknown as AdminContext;
  roles = ['system-administrator'];
  app = createServerAdmin(context, {
    version: '1',
    authenticate: () => ({ id: 'user:eva', kind: 'person', roles: new Set(roles) }) as never,
    report: trouble,
  });
  await log.record(await bench.entry('one', Buffer.from('small'), Buffer.alloc(5_000, 'x')));
  await log.record({ ...(await bench.entry('one', Buffer.from('answer'))), direction: 'response' });
  await log.record(await bench.entry('two', Buffer.from('other')));
});
afterAll(() => journal.close());

async function post(path: string, order?: unknown) {
  const response = await app.request(`/api/v1/evidence${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(order !== undefined && { body: JSON.stringify(order) }),
  });
  const answer = (await response.json()) as { readonly code?: string };
  return { status: response.status, code: answer.code, answer };
}
const erase = (order: unknown) => post('/erasures', order);
const events = (action: string) => journal.search({ action, limit: 10 });
const isKept = (index: number) => log.read(index)?.bodies.every(({ isErased }) => !isErased);
const reason = 'request 31 of a citizen';

it('a message id is erased in both directions, for a reason that the journal tells', async () => {
  const { status, answer } = await erase({ queryId: 'one', reason });
  expect({ status, answer }).toEqual({
    status: 200,
    answer: {
      erased: [
        { index: 1, queryId: 'one', direction: 'request' },
        { index: 2, queryId: 'one', direction: 'response' },
      ],
    },
  });
  expect([1, 2, 3].map(isKept)).toEqual([false, false, true]);
  expect(log.read(1)?.head).toBeUndefined();
  expect((await log.check()).findings).toEqual([]);
  expect(events('evidence.erase')).toMatchObject([
    { actor: 'user:eva', target: 'one', outcome: 'done', purpose: reason, detail: { records: [1, 2] } },
  ]);
});

it('records are erased by their places, each once, and others are left', async () => {
  expect(await erase({ records: [3, 1, 3], reason })).toMatchObject({ status: 200 });
  expect([1, 2, 3].map(isKept)).toEqual([false, true, false]);
  expect(events('evidence.erase')).toMatchObject([{ target: 'records 3, 1' }]);
  // What is gone is gone: asking again changes nothing.
  expect(await erase({ records: [1], reason })).toMatchObject({ status: 200 });
});

const refused: readonly (readonly [unknown, string])[] = [
  [{ queryId: 'one' }, '422 invalid-fields'],
  [{ queryId: 'one', reason: '  ' }, '422 invalid-fields'],
  [{ queryId: 'one', reason: 'two\nlines' }, '422 invalid-fields'],
  [{ reason }, '422 invalid-fields'],
  [{ queryId: 'one', records: [1], reason }, '422 invalid-fields'],
  [{ records: [], reason }, '422 invalid-fields'],
  [{ records: [-1], reason }, '422 invalid-fields'],
  [{ queryId: 'none', reason }, '404 exchange-not-found'],
  // A tally, and nothing at all: then what stands before it is not erased, either.
  [{ records: [1, 0], reason }, '404 record-not-found'],
  [{ records: [1, 99], reason }, '404 record-not-found'],
];

it('what is asked without a reason, for nothing, or for what is not there is refused, and nothing erased', async () => {
  const answers: [unknown, string][] = [];
  for (const [order] of refused) {
    const { status, code } = await erase(order);
    answers.push([order, `${status} ${code}`]);
  }
  expect(answers).toEqual(refused);
  expect([1, 2, 3].map(isKept)).toEqual([true, true, true]);
  expect(events('evidence.erase')).toEqual([]);
});

it('neither an auditor nor anyone else but a system administrator erases', async () => {
  for (const other of ['auditor', 'security-officer', 'service-administrator', 'observer'] as const) {
    roles = [other];
    expect((await erase({ queryId: 'one', reason })).status).toBe(403);
  }
  expect(isKept(1)).toBe(true);
});

it('nothing is erased when the journal cannot be written', async () => {
  const broken = { log, now: bench.services.now, journal: { append: brokenFor('evidence.erase') } };
  app = createServerAdmin(broken as unknown as AdminContext, {
    version: '1',
    authenticate: () => ({ id: 'user:eva', kind: 'person', roles: new Set(roles) }) as never,
    report: () => undefined,
  });
  expect(await erase({ queryId: 'one', reason })).toMatchObject({ status: 503, code: 'journal-failed' });
  expect(isKept(1)).toBe(true);
});

function brokenFor(action: string) {
  return (event: { readonly action: string }) => {
    if (event.action === action) throw new Error('the disk is full');
    return 0;
  };
}

it('a security officer has the log go on under a new key, which the journal tells', async () => {
  expect((await post('/log/key-rotations')).status).toBe(403);
  roles = ['security-officer'];
  expect(await post('/log/key-rotations')).toMatchObject({
    status: 200,
    answer: { rotatedAt: bench.services.now().toISOString() },
  });
  await log.record(await bench.entry('three', Buffer.from('under the new key')));
  expect(events('evidence.key-rotate')).toMatchObject([{ actor: 'user:eva', target: 'log' }]);
  const again = await bench.reopen(log);
  for (const id of ['one', 'three']) expect(again.find(id)[0]?.head).toBeDefined();
  expect((await again.check()).findings).toEqual([]);
});
