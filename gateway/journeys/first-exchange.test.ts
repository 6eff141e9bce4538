import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, call, startNetwork, type TestNetwork } from './network.ts';

describe('a first exchange', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await startNetwork();
  });
  afterAll(() => network?.close());

  it('the client asks for a person; the answer is that person, with the five headers of the road', async () => {
    const path = '/r1/PILOT/GOV/1001/population/register/persons/P-1001';
    const answer = await call(network, path, { headers: { 'X-Road-Id': 'journey-1' } });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'P-1001', name: 'Alva Lindqvist' });
    expect(answer.headers).toMatchObject({
      'x-road-id': 'journey-1',
      'x-road-client': 'PILOT/MUN/2001/portal',
      'x-road-service': 'PILOT/GOV/1001/population/register',
    });
    expect(Buffer.from(String(answer.headers['x-road-request-hash']), 'base64')).toHaveLength(64);
  });

  it('the client posts a body; the service receives exactly that', async () => {
    const { path } = await network.publish('echo', async (incoming, outgoing) => {
      outgoing.end(await bodyOf(incoming));
    });
    const answer = await call(network, `${path}/x?y=1`, { method: 'POST', body: 'ä'.repeat(1000) });
    expect([answer.status, answer.body.toString()]).toEqual([200, 'ä'.repeat(1000)]);
  });

  it('nothing went wrong on the way', () => {
    expect(network.troubles).toEqual([]);
  });
});
