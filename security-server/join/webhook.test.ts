import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { tellWebhook } from './webhook.ts';

const now = new Date('2026-01-01T00:00:00Z');
const outcome = {
  event: 'joining',
  result: 'declined',
  reason: 'no agreement',
  server: 'DEV:GOV:1:ss1',
  at: now.toISOString(),
} as const;

let listening: Listening | undefined;
const received: { headers: IncomingHttpHeaders; body: string }[] = [];
const pauses: number[] = [];
afterEach(async () => {
  await listening?.close(0);
  received.length = 0;
  pauses.length = 0;
});

/** @param statuses answers in their order; the last one again and again */
async function tell(...statuses: readonly number[]): Promise<void> {
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    incoming.on('end', () => {
      const status = statuses[Math.min(received.length, statuses.length - 1)] ?? 204;
      received.push({ headers: incoming.headers, body });
      // More than anybody reads.
      response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('x'.repeat(100_000));
    });
  });
  listening = await listen(server, '127.0.0.1', 0, 'none');
  const url = `http://127.0.0.1:${listening.port}/hook?x=1`;
  await tellWebhook(
    { url, secret: 's' },
    outcome,
    () => now,
    async (ms) => pauses.push(ms),
  );
}

describe('a webhook', () => {
  it('is told the outcome once, signed over its time', async () => {
    await tell(200);
    const [one = { headers: {}, body: '' }] = received;
    expect(received).toHaveLength(1);
    expect(JSON.parse(one.body)).toEqual(outcome);
    const timestamp = String(now.getTime() / 1000);
    const expected = createHmac('sha256', 's').update(`${timestamp}.${one.body}`).digest('hex');
    expect(one.headers).toMatchObject({
      'x-waygate-timestamp': timestamp,
      'x-waygate-signature': `v1=${expected}`,
    });
  });

  it('is told again, later and later, until it takes it', async () => {
    await tell(500, 429, 200);
    expect(received).toHaveLength(3);
    expect(pauses).toEqual([500, 1500]);
  });

  it('is given up after four attempts, and followed nowhere', async () => {
    await expect(tell(307)).rejects.toThrow('307');
    expect(received).toHaveLength(4);
  });
});
