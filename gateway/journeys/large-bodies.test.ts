import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, startNetwork, type TestNetwork } from './network.ts';

const chunkBytes = 1024 * 1024;
const megabytes = 200;
/** Both servers, registry, authority, service and client share this process. */
const boundBytes = 400 * 1024 * 1024;

/** That many mebibytes, none like another, made as they are taken. */
async function* flood(count: number): AsyncGenerator<Buffer> {
  for (let index = 0; index < count; index += 1) {
    const chunk = Buffer.alloc(chunkBytes, index % 251);
    chunk.writeUInt32BE(index);
    yield chunk;
  }
}

async function digestOfFlood(count: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of flood(count)) hash.update(chunk);
  return hash.digest('hex');
}

describe('large bodies', () => {
  let network: TestNetwork;
  let path: string;
  let expected: string;
  let peakBytes = 0;
  let watch: NodeJS.Timeout;

  beforeAll(async () => {
    network = await startNetwork();
    ({ path } = await network.publish('large', async (incoming, outgoing) => {
      if (incoming.method === 'GET') {
        Readable.from(flood(megabytes)).pipe(outgoing);
        return;
      }
      const hash = createHash('sha256');
      for await (const chunk of incoming as AsyncIterable<Buffer>) hash.update(chunk);
      outgoing.end(hash.digest('hex'));
    }));
    expected = await digestOfFlood(megabytes);
    watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
    }, 20);
  });
  afterAll(async () => {
    clearInterval(watch);
    await network?.close();
  });

  it(`the client posts ${megabytes} MB; the service receives all of it, and memory stays bounded`, async () => {
    const before = process.memoryUsage().rss;
    peakBytes = before;
    const answer = await call(network, `${path}/x`, { method: 'POST', body: flood(megabytes) });
    expect([answer.status, answer.body.toString()]).toEqual([200, expected]);
    expect(peakBytes - before).toBeLessThan(boundBytes);
  });

  it(`the service answers with ${megabytes} MB; the client receives all of it, and memory stays bounded`, async () => {
    const before = process.memoryUsage().rss;
    peakBytes = before;
    const response = await request(`${network.city.clientUrl}${path}/x`, {
      headers: { 'X-Road-Client': 'PILOT/MUN/2001/portal' },
    });
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
    expect([response.statusCode, size, hash.digest('hex')]).toEqual([200, megabytes * chunkBytes, expected]);
    expect(peakBytes - before).toBeLessThan(boundBytes);
  });

  it.each([
    ['an unknown service', '/r1/PILOT/GOV/1001/population/nothing/x', 'server.serverproxy.unknown_service'],
    ['an unknown provider', '/r1/PILOT/GOV/1001/nobody/nothing/x', 'server.clientproxy.unknown_member'],
  ])(
    'the client posts 50 MB to %s; the answer is the refusal, not a broken connection',
    async (_what, target, code) => {
      const answer = await call(network, target, { method: 'POST', body: flood(50) });
      expect([answer.status, answer.headers['x-road-error']]).toEqual([500, code]);
    },
  );
});
