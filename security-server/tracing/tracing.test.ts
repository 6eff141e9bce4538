import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../gateway/fault/index.ts';
import { type Listening, listen } from '../../gateway/http/index.ts';
import type { RoadEvent } from '../../gateway/road/index.ts';
import { newSpanId, Tracing } from './index.ts';
import type { OtlpSpan } from './otlp.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly spans: readonly OtlpSpan[];
}

let listening: Listening | undefined;
const tracings: Tracing[] = [];
afterEach(async () => {
  for (const tracing of tracings.splice(0)) await tracing.close();
  await listening?.close(0);
  listening = undefined;
});

/** A collector that answers as it is told, the last of it again and again. */
async function collector(...statuses: number[]) {
  const received: Received[] = [];
  const waiters: (() => void)[] = [];
  const server = createServer((incoming, response) => {
    let text = '';
    incoming.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    incoming.on('end', () => {
      const status = statuses[Math.min(received.length, statuses.length - 1)] ?? 200;
      const [{ scopeSpans }] = JSON.parse(text).resourceSpans;
      received.push({ headers: incoming.headers, spans: scopeSpans[0].spans });
      response.writeHead(status).end();
      for (const wake of waiters.splice(0)) wake();
    });
  });
  listening = await listen(server, '127.0.0.1', 0, 'none');
  const until = async (count: number) => {
    while (received.length < count) await new Promise<void>((resolve) => waiters.push(resolve));
    return received;
  };
  return { url: `http://127.0.0.1:${listening.port}/v1/traces`, received, until };
}

function start(url: string, troubles: unknown[] = []): Tracing {
  const tracing = new Tracing({
    ...{ url, token: 'for-the-collector', server: () => 'DEV:GOV:1:ss1', gatherMs: 1, pauseMs: 1 },
    onTrouble: (error) => troubles.push(error),
  });
  tracings.push(tracing);
  return tracing;
}

const names = { service: 'DEV:GOV:1:a:x' };
const subsystem = { kind: 'SUBSYSTEM', instance: 'DEV', memberClass: 'GOV', memberCode: '1' };

function exchange(more: Partial<RoadEvent> = {}, isFollowed = true): RoadEvent {
  const client = { ...subsystem, subsystemCode: 'a' };
  const service = { ...client, kind: 'SERVICE', serviceCode: 'secret-x' };
  const context = { traceId: 'a'.repeat(32), parentId: 'b'.repeat(16), isSampled: true, state: 'city=1' };
  const steps = [
    { name: 'connect', startedAt: 1_000.5, endedAt: 1_001, isFailed: false },
    { name: 'send', startedAt: 1_001, endedAt: 1_009.25, isFailed: false },
  ];
  const followed = { context, steps, startedAt: 1_000.5, spanId: 'c'.repeat(16), callId: 'd'.repeat(16) };
  return {
    ...{ side: 'client', durationMs: 10, queryId: 'secret-query', requestId: 'r', detail: 'secret' },
    trace: {
      requestInAt: 1_000,
      exchange: {
        ...{ protocol: 'rest', client, service, id: 'secret-query', requestId: 'r' },
        ...{ userId: 'secret-user', issue: 'secret-issue', representedParty: 'secret-party' },
      },
      ...{ restMethod: 'GET', restPath: '/secret-path', statusCode: 200 },
      ...(isFollowed && { followed }),
    },
    ...more,
  } as unknown as RoadEvent;
}

describe('traces', () => {
  it('reach the collector as spans below the one that asked, with nothing of a person in them', async () => {
    const { url, until } = await collector(200);
    const tracing = start(url);
    tracing.note(exchange({ error: new Fault('AccessDenied', 'secret-words') }), names);
    const [first] = await until(1);
    expect(first?.headers).toMatchObject({
      ...{ 'content-type': 'application/json', authorization: 'Bearer for-the-collector' },
    });
    const [whole, connect, send] = first?.spans ?? [];
    expect(whole).toMatchObject({
      ...{ traceId: 'a'.repeat(32), spanId: 'c'.repeat(16), parentSpanId: 'b'.repeat(16), kind: 2 },
      ...{ traceState: 'city=1', startTimeUnixNano: '1000500000', endTimeUnixNano: '1010500000' },
      status: { code: 2, message: 'access_denied' },
    });
    expect(connect).toMatchObject({ name: 'connect', parentSpanId: 'c'.repeat(16), kind: 1 });
    expect(send).toMatchObject({ name: 'send', spanId: 'd'.repeat(16), kind: 3 });
    expect(send?.endTimeUnixNano).toBe('1009250000');
    expect(JSON.stringify(first?.spans)).toContain('DEV:GOV:1:a:x');
    expect(JSON.stringify(first?.spans)).not.toContain('secret');
  });

  it('are kept while the collector is away, and sent when it is there again', async () => {
    const { url, until } = await collector(503, 200);
    const troubles: unknown[] = [];
    const tracing = start(url, troubles);
    tracing.note(exchange(), names);
    const [refused, taken] = await until(2);
    expect(taken?.spans).toEqual(refused?.spans);
    expect(troubles).toHaveLength(1);
    expect(tracing.lost).toBe(0);
  });

  it('are counted as lost when the collector does not want them, or too many wait', async () => {
    const { url, until } = await collector(400);
    const tracing = start(url);
    tracing.note(exchange(), names);
    await until(1);
    await tracing.close();
    expect(tracing.lost).toBe(3);
    const full = start('http://127.0.0.1:1/');
    for (let count = 0; count < 2_000; count += 1) full.note(exchange(), names);
    expect(full.lost).toBe(3 * (2_000 - Math.floor(4_096 / 3)));
  });

  it('are of exchanges alone that are followed', async () => {
    const { url, received } = await collector(200);
    const tracing = start(url);
    tracing.note(exchange({}, false), names);
    await tracing.close();
    expect(received).toEqual([]);
  });

  it('have ids of sixteen hexadecimal digits', () => {
    expect(newSpanId()).toMatch(/^[0-9a-f]{16}$/);
    expect(newSpanId()).not.toBe(newSpanId());
  });
});
