import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Doorbell } from './doorbell.ts';

let source: Server;
let answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void;
let asked: number;
let doorbell: Doorbell;

beforeEach(async () => {
  // The clock alone: what waits for the network waits in earnest.
  vi.useFakeTimers({ toFake: ['performance'] });
  asked = 0;
  doorbell = new Doorbell();
  source = createServer((incoming, outgoing) => {
    asked += 1;
    answer(incoming, outgoing);
  });
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  doorbell.stop();
  vi.useRealTimers();
  await new Promise((resolve) => {
    source.close(resolve);
    source.closeAllConnections();
  });
});

const taken = () => ({
  url: new URL(`http://127.0.0.1:${(source.address() as AddressInfo).port}/internalconf`),
  tag: 'known',
});
const listen = () =>
  new Promise<'rung' | 'silent' | 'not listening'>((resolve) => {
    const told = { onRing: () => resolve('rung'), onSilent: () => resolve('silent') };
    if (!doorbell.listen(taken(), () => ({}), told)) resolve('not listening');
  });
const unchanged = (outgoing: ServerResponse, headers = {}) => outgoing.writeHead(304, headers).end();
const held = { 'preference-applied': 'wait' };

describe('a source that is asked to wait', () => {
  it('says that it waited, and answers at once: it is asked once, and again after a minute', async () => {
    answer = (_incoming, outgoing) => unchanged(outgoing, held);
    expect(await listen()).toBe('silent');
    expect(asked).toBe(1);
    expect(await listen()).toBe('not listening');
    vi.advanceTimersByTime(60_000);
    expect(await listen()).toBe('silent');
    expect(asked).toBe(2);
  });

  it('waits in earnest: it is asked again, until there is something', async () => {
    answer = (_incoming, outgoing) => {
      vi.advanceTimersByTime(25_000);
      if (asked < 4) unchanged(outgoing, held);
      else outgoing.writeHead(200, { ...held, etag: '"other"' }).end('x');
    };
    expect(await listen()).toBe('rung');
    expect(asked).toBe(4);
  });

  it('knows nothing of it: it is left alone for ten minutes', async () => {
    answer = (_incoming, outgoing) => unchanged(outgoing);
    expect(await listen()).toBe('silent');
    vi.advanceTimersByTime(599_000);
    expect(await listen()).toBe('not listening');
    vi.advanceTimersByTime(1_000);
    expect(await listen()).toBe('silent');
    expect(asked).toBe(2);
  });
});
