import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkHostileRequests } from '../http/testing/check-hostile.ts';
import { startNetwork, type TestNetwork } from './network.ts';

describe('what nobody means', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await startNetwork();
  });
  afterAll(() => network?.close());

  it('is refused by every operation of a security server, and breaks nothing', async () => {
    const { adminUrl, apiKey } = network.city;
    const asked = await checkHostileRequests(
      (path, init) => {
        const headers = new Headers(init.headers);
        headers.set('authorization', `Bearer ${apiKey}`);
        return fetch(`${adminUrl}${path}`, { ...init, headers });
      },
      { runs: 15 },
    );
    expect(asked).toBeGreaterThan(60);
    const unforeseen = network.troubles.filter(({ about }) => about === 'administration');
    expect(unforeseen).toEqual([]);
    expect((await fetch(`${adminUrl}/health/live`)).status).toBe(200);
  }, 240_000);
});
