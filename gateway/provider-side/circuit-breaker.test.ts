import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../fault/index.ts';
import { type Listening, listen } from '../http/index.ts';
import { parseRestService } from '../identifier/index.ts';
import type { ServiceSettings } from '../road/index.ts';
import type { HeldBody } from '../transport/index.ts';
import { ServiceCaller } from './call-service.ts';
import { CircuitBreaker } from './circuit-breaker.ts';

const id = parseRestService('DEV/GOV/1/a/x');
const minute = 60_000;

describe('a circuit', () => {
  let now: Date;
  let breaker: CircuitBreaker;
  let caller: ServiceCaller;
  let listening: Listening;
  let calls: number;
  let answer: () => 'answer' | 'break' | Promise<'answer' | 'break'>;
  let service: ServiceSettings;

  beforeEach(async () => {
    now = new Date('2026-11-01T00:00:00Z');
    calls = 0;
    answer = () => 'break';
    breaker = new CircuitBreaker({ failures: 3, pauseMs: minute }, () => now);
    caller = new ServiceCaller({ breaker });
    const server = createServer(async (incoming, response) => {
      calls += 1;
      if ((await answer()) === 'answer') response.end('{}');
      else incoming.socket.destroy();
    });
    listening = await listen(server, '127.0.0.1', 0, 'none');
    const url = `http://127.0.0.1:${listening.port}`;
    const rest = { timeoutMs: 5_000, verifyTls: true, trustedCertificates: [] };
    service = { ...rest, id, kind: 'REST', url };
  });
  afterEach(async () => {
    await caller.close();
    await listening.close(0);
  });

  const call = async (to = service): Promise<string> => {
    const request = { verb: 'GET', servicePath: '/', headers: [] } as never;
    try {
      const { status, body } = await caller.call(to, request, undefined);
      for await (const _ of body ?? []);
      return String(status);
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const failThrice = async () => {
    for (let count = 0; count < 3; count += 1) expect(await call()).toBe('NetworkError');
  };

  it('opens after so many failures in a row, and then nobody is called, with the fault of a service that is away', async () => {
    await failThrice();
    expect(breaker.stateOf(service)).toEqual({
      ...{ state: 'open', failures: 3, until: new Date(now.getTime() + minute) },
    });
    for (let count = 0; count < 5; count += 1) expect(await call()).toBe('NetworkError');
    expect(calls).toBe(3);
  });

  it('stays closed when one call between them went well', async () => {
    await call();
    await call();
    answer = () => 'answer';
    expect(await call()).toBe('200');
    answer = () => 'break';
    await call();
    await call();
    expect(breaker.stateOf(service)).toEqual({ state: 'closed', failures: 2 });
    expect(calls).toBe(5);
  });

  it('lets one call through after the pause, while all others wait for what becomes of it', async () => {
    await failThrice();
    now = new Date(now.getTime() + minute);
    let decide: (outcome: 'answer' | 'break') => void = () => undefined;
    let isCalled: () => void = () => undefined;
    const called = new Promise<void>((resolve) => {
      isCalled = resolve;
    });
    answer = () => {
      isCalled();
      return new Promise((resolve) => {
        decide = resolve;
      });
    };
    const trial = call();
    await called;
    expect(breaker.stateOf(service).state).toBe('trying');
    expect(await Promise.all([call(), call()])).toEqual(['NetworkError', 'NetworkError']);
    expect(calls).toBe(4);
    decide('answer');
    expect(await trial).toBe('200');
    expect(breaker.stateOf(service)).toEqual({ state: 'closed', failures: 0 });
  });

  it('opens again for another pause when that call fails', async () => {
    await failThrice();
    now = new Date(now.getTime() + minute);
    expect(await call()).toBe('NetworkError');
    expect(calls).toBe(4);
    expect(breaker.stateOf(service)).toMatchObject({
      state: 'open',
      until: new Date(now.getTime() + minute),
    });
  });

  it('is closed for another address of the service, and by a test that reaches it', async () => {
    await failThrice();
    answer = () => 'answer';
    const moved = { ...service, url: `${service.url}/v2` };
    expect(breaker.stateOf(moved).state).toBe('closed');
    expect(await caller.reach(service)).toBe(200);
    expect(breaker.stateOf(service).state).toBe('closed');
    expect(await call()).toBe('200');
  });

  it('is left to another call when one comes to nothing by our own doing', async () => {
    await failThrice();
    now = new Date(now.getTime() + minute);
    answer = () => 'answer';
    const body = {
      size: 5,
      chunks: async function* () {
        yield Buffer.from('x');
        throw new Fault('IOError', 'the spool is gone');
      },
    } as unknown as HeldBody;
    const request = { verb: 'POST', servicePath: '/', headers: [] } as never;
    await expect(caller.call(service, request, body)).rejects.toMatchObject({ code: 'IOError' });
    expect(breaker.stateOf(service)).toMatchObject({ state: 'open', failures: 3 });
    expect(await call()).toBe('200');
    expect(breaker.stateOf(service).state).toBe('closed');
  });
});
