import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asksWithKey, checkHostileRequests } from '../http/testing/check-hostile.ts';
import { startNetwork, type TestNetwork } from './network.ts';

describe('what no administrator means', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await startNetwork();
  });
  afterAll(() => network?.close());

  it('ends no exchange before it is confirmed', async () => {
    const certificates =
      await network.cityAdmin.get<{ sha256: string; isActive: boolean; use: string }[]>('/certificates');
    const own = certificates.find(({ isActive, use }) => isActive && use === 'authentication');
    const { adminUrl, apiKey } = network.city;
    const response = await fetch(`${adminUrl}/api/v1/certificates/${own?.sha256}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect([response.status, await response.json()]).toMatchObject([
      409,
      {
        code: 'confirmation-needed',
        warnings: [{ code: 'last-active-certificate' }, { code: 'registered-certificate' }],
      },
    ]);
    expect(await network.cityAdmin.get<unknown[]>('/certificates')).toHaveLength(certificates.length);
  });

  it('is refused by every operation of a security server, and breaks nothing', async () => {
    const { adminUrl, apiKey } = network.city;
    const asked = await checkHostileRequests(
      asksWithKey(adminUrl, apiKey),
      // With the token closed, the rooms behind would not be reached.
      { runs: 25, skip: ['DELETE /api/v1/tokens/{token}/activation'] },
    );
    expect(asked).toBeGreaterThan(60);
    const unforeseen = network.troubles.filter(({ about }) => about === 'administration');
    expect(unforeseen).toEqual([]);
    expect((await fetch(`${adminUrl}/health/live`)).status).toBe(200);
  }, 240_000);
});
