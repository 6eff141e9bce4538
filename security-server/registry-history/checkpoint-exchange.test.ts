import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { TransparencyError } from '../../gateway/transparency/index.ts';
import {
  type AskPeer,
  CheckpointExchange,
  checkpointPath,
  type HistoryState,
  RegistryHistoryError,
} from './index.ts';

const id = (serverCode: string) =>
  ({ kind: 'SERVER', instance: 'TEST', memberClass: 'GOV', memberCode: '1', serverCode }) as const;
const servers = ['self', 'a', 'b'].map((code) => ({ id: id(code), address: `${code}.example` }));
const configuration = {
  instance: 'TEST',
  shared: () => ({ securityServers: servers }),
} as unknown as GlobalConfiguration;
const kept = { verifierKey: 'k', folder: 'http://x/history', since: '', keptAt: '' };
/** Of some peer, as it was shown in the handshake. */
const leafOf = (name: number) => ({ sha256: Buffer.alloc(32, name) }) as unknown as Certificate;

let state: HistoryState;
let compared: string[];
let verdict: (note: string) => 'same' | 'consistent' | 'forked' | 'ahead' | Error;
let asked: string[];
let answer: AskPeer;
let leaf: Certificate;
let exchange: CheckpointExchange;
let listener: Server;
let messages: number;
let reported: unknown[];

beforeEach(async () => {
  state = { kept: { ...kept, checkpoint: 'ours' } };
  compared = [];
  asked = [];
  messages = 0;
  reported = [];
  verdict = () => 'consistent';
  leaf = leafOf(1);
  answer = async ({ address }) => {
    asked.push(address ?? '');
    return 'theirs';
  };
  exchange = new CheckpointExchange({
    watch: {
      state: () => state,
      compare: async (note) => {
        compared.push(note);
        const found = verdict(note);
        if (found instanceof Error) throw found;
        return { verdict: found, theirs: 1, ours: 1 };
      },
    },
    ...{ self: id('self'), configuration: () => configuration, pauseMs: 3_600_000 },
    ask: (server, note) => answer(server, note),
    now: () => new Date('2026-11-28T00:00:00Z'),
    random: () => 0.6,
    report: (error) => reported.push(error),
  });
  listener = createServer((incoming, outgoing) => {
    if (exchange.answer(incoming, outgoing, [leaf])) return;
    messages += 1;
    outgoing.end('a message');
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await exchange.close();
  await new Promise((resolve) => listener.close(resolve));
});

const send = (body: string, path = checkpointPath, method = 'POST') =>
  fetch(`http://127.0.0.1:${(listener.address() as AddressInfo).port}${path}`, {
    method,
    ...(method === 'POST' && { body }),
  });

describe('asking another server', () => {
  it('compares what it answers, and asks never itself', async () => {
    await exchange.askOne();
    expect([asked, compared]).toEqual([['b.example'], ['theirs']]);
    expect(exchange.figures()).toMatchObject({ consistent: 1, lastAt: '2026-11-28T00:00:00.000Z' });
  });

  it('proves what was proved, and what is the same, not again', async () => {
    await exchange.askOne();
    await exchange.askOne();
    answer = async () => 'ours';
    await exchange.askOne();
    expect(compared).toEqual(['theirs']);
    expect(exchange.figures()).toMatchObject({ consistent: 2, same: 1 });
  });

  it('looks again at what was forked or ahead', async () => {
    verdict = () => 'forked';
    await exchange.askOne();
    verdict = () => 'ahead';
    await exchange.askOne();
    expect(exchange.figures()).toMatchObject({ forked: 1, ahead: 1 });
  });

  it('counts what goes wrong, and stops at nothing', async () => {
    answer = () => Promise.reject(new Error('down'));
    await exchange.askOne();
    answer = async () => 'theirs';
    verdict = () => new RegistryHistoryError('registry-history-unavailable', 'x');
    await exchange.askOne();
    verdict = () => new TransparencyError('note-unsigned', 'x');
    await exchange.askOne();
    expect(exchange.figures()).toMatchObject({ unanswered: 1, unclear: 2, forked: 0 });
  });

  it('a comparison that breaks is reported, and the next one is made', async () => {
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    verdict = () => full;
    await exchange.askOne();
    verdict = () => 'forked';
    await exchange.askOne();
    expect(reported).toEqual([full]);
    expect(exchange.figures()).toMatchObject({ unclear: 1, forked: 1, unanswered: 0 });
  });

  it('waits until there is something to show', async () => {
    state = {};
    await exchange.askOne();
    expect(asked).toEqual([]);
  });
});

describe('a peer that shows its checkpoint', () => {
  it('is shown ours, and what it has is compared', async () => {
    const shown = await send('theirs');
    expect([shown.status, await shown.text()]).toEqual([200, 'ours']);
    await expect.poll(() => compared).toEqual(['theirs']);
    expect(messages).toBe(0);
  });

  it('comes while the disk is full: it is answered, nothing is thrown at nobody, and the next is compared', async () => {
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    verdict = () => full;
    expect((await send('theirs')).status).toBe(200);
    await expect.poll(() => exchange.figures().unclear).toBe(1);
    expect(reported).toEqual([full]);
    verdict = () => 'consistent';
    leaf = leafOf(2);
    expect((await send('theirs')).status).toBe(200);
    await expect.poll(() => exchange.figures().consistent).toBe(1);
  });

  it('is told that there is none', async () => {
    state = {};
    expect((await send('theirs')).status).toBe(204);
  });

  it('comes too often, says too much, or asks in another way: it gets nothing by it', async () => {
    expect((await send('theirs')).status).toBe(200);
    expect((await send('theirs')).status).toBe(429);
    leaf = leafOf(2);
    const long = await send('x'.repeat(20_000)).then(
      ({ status }) => status,
      () => 'cut off',
    );
    expect([413, 'cut off']).toContain(long);
    leaf = leafOf(3);
    expect((await send('', checkpointPath, 'GET')).status).toBe(405);
    await expect.poll(() => exchange.figures().unanswered).toBe(1);
    expect(compared).toEqual(['theirs']);
  });

  it('many at once: no more wait to be compared than there is room for', async () => {
    let release: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = new CheckpointExchange({
      watch: {
        state: () => state,
        compare: async (note) => {
          compared.push(note);
          await first;
          return { verdict: 'ahead', theirs: 1, ours: 1 };
        },
      },
      ...{ self: id('self'), configuration: () => configuration, pauseMs: 3_600_000, random: () => 0 },
      ask: async () => undefined,
      now: () => new Date(),
      report: (error) => reported.push(error),
    });
    exchange = slow;
    for (let peer = 0; peer < 30; peer += 1) {
      leaf = leafOf(peer);
      expect((await send(`note ${peer}`)).status).toBe(200);
    }
    release();
    await slow.close();
    expect(compared).toHaveLength(8);
  });

  it('sends a message: that is for somebody else', async () => {
    expect(await (await send('<soap/>', '/')).text()).toBe('a message');
    expect(await (await send('x', `${checkpointPath}/..`)).text()).toBe('a message');
    expect(messages).toBe(2);
  });
});
