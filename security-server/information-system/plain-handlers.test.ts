import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { Journal } from '../../gateway/journal/index.ts';
import { createVerifier, verifyContainer } from '../../gateway/signature/index.ts';
import { type LogBench, portal, startLogBench } from '../testing/log-bench.ts';
import { createPlainHandlers } from './index.ts';

let bench: LogBench;
let journal: Journal;
let isJournalBroken: boolean;
let listening: Listening;

beforeAll(async () => {
  bench = await startLogBench();
  const log = await bench.open();
  const { configuration, now } = bench.services;
  const trouble = (error: unknown) => {
    throw error;
  };
  const dir = mkdtempSync(join(bench.root, 'journal-'));
  journal = await Journal.open({ dir, origin: 'test', now, onTrouble: trouble });
  await log.record(await bench.entry('one', Buffer.from('body')));
  await log.record({ ...(await bench.entry('one')), direction: 'response' });
  await log.stampNow();
  const handlers = createPlainHandlers({
    configuration: () => configuration,
    settings: () =>
      ({
        client: ({ subsystemCode }: typeof portal) =>
          ['portal', 'other'].includes(subsystemCode) ? { connectionType: 'NOSSL' } : undefined,
      }) as never,
    log,
    journal: {
      append: (event) => {
        if (isJournalBroken) throw new Error('the disk is full');
        return journal.append(event);
      },
    },
    configurationDir: '',
    now,
  });
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '', 'http://any');
    handlers.get(url.pathname)?.(incoming, outgoing, url)?.catch(trouble);
  });
  listening = await listen(server, '127.0.0.1', 0, 'none');
});
afterAll(async () => {
  await listening.close();
  await journal.close();
  await bench.close();
});
beforeEach(() => {
  isJournalBroken = false;
});

const ask = (query: string, subsystem: string = portal.subsystemCode) => {
  const client = `xRoadInstance=DEV&memberClass=GOV&memberCode=1&subsystemCode=${subsystem}`;
  return fetch(`http://127.0.0.1:${listening.port}/asic?${client}&${query}`);
};
const reads = () => journal.search({ action: 'evidence.container-read', limit: 10 });

it('who fetches the containers of a message stands in the audit log, once for all of them', async () => {
  const response = await ask('queryId=one&unique&requestOnly');
  expect(response.status).toBe(200);
  await verifyContainer({
    container: Buffer.from(await response.arrayBuffer()),
    ...{ configuration: bench.services.configuration, verifier: createVerifier() },
  });
  expect((await ask('queryId=one')).status).toBe(200);
  expect(reads()).toMatchObject([
    { actor: 'client:DEV:GOV:1:portal', target: 'one', outcome: 'done', detail: { records: [1, 2] } },
    { actor: 'client:DEV:GOV:1:portal', target: 'one', outcome: 'done', detail: { records: [1] } },
  ]);
});

it('what was not handed out is not said to be read', async () => {
  const before = reads().length;
  expect((await ask('queryId=none')).status).toBe(404);
  expect((await ask('queryId=one&unique')).status).toBe(400);
  expect((await ask('queryId=one', 'other')).status).toBe(404);
  expect((await ask('queryId=one', 'unknown')).status).toBe(401);
  expect(reads()).toHaveLength(before);
});

it('nothing is handed out when it cannot be written down', async () => {
  isJournalBroken = true;
  const response = await ask('queryId=one');
  expect(response.status).toBe(503);
  expect(response.headers.get('content-type')).toContain('text/plain');
});
