import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeBundle } from '../../gateway/evidence/index.ts';
import { call, startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';

let network: TestNetwork;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network?.close());

const evidence = (path: string, body?: unknown) =>
  request(`${network.city.adminUrl}/api/v1/evidence${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${network.city.apiKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

describe('evidence of exchanges over the road', () => {
  it('is shown', async () => {
    const { path } = await network.publish('echo', (_incoming, outgoing) => outgoing.end('the answer'));
    const answer = await call(network, path, {
      ...{ method: 'POST', body: 'the question' },
      headers: { 'X-Road-Id': 'evidence-1', 'X-Road-UserId': 'EE1', 'X-Road-Issue': 'matter 7' },
    });
    expect(answer.status).toBe(200);
    const shown = await evidence('/exchanges/evidence-1');
    const text = JSON.stringify(await shown.body.json(), null, 1);
    process.stdout.write(text);
    const gaps = await evidence('/gaps');
    process.stdout.write(JSON.stringify(await gaps.body.json(), null, 1));
    const stats = await evidence('/statistics');
    process.stdout.write(JSON.stringify(await stats.body.json(), null, 1));
    const exported = await evidence('/exports', {
      scope: { kind: 'party', party: 'PILOT:MUN:2001', from: '2026-01-01', to: '2027-01-01' },
      purpose: 'try',
    });
    process.stdout.write(JSON.stringify(exported.headers));
    const bytes = Buffer.from(await exported.body.arrayBuffer());
    process.stdout.write(exported.statusCode === 200 ? '' : bytes.toString());
    const verdict = await judgeBundle(bytes);
    process.stdout.write(JSON.stringify(verdict, null, 1));
    process.stdout.write(await readFile(join(network.data, 'city', 'evidence-access.jsonl'), 'utf8'));
  });
});
