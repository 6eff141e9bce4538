import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asksWithKey, checkHostileRequests } from '../gateway/http/testing/check-hostile.ts';
import { AskedRegistry } from './testing/asked-registry.ts';

describe('what nobody means', () => {
  let registry: AskedRegistry;
  beforeAll(async () => {
    registry = await AskedRegistry.found('TEST');
    await registry.ask('PUT', '/member-classes/GOV', { description: 'x' });
    await registry.ask('POST', '/members', { id: 'TEST:GOV:1', name: 'one' });
    await registry.ask('POST', '/subsystems', { id: 'TEST:GOV:1:a' });
  });
  afterAll(() => registry.close());

  it('over-long strings, database error text: is refused by every operation of the registry, and breaks nothing', async () => {
    const { adminUrl, apiKey } = registry.running;
    const asked = await checkHostileRequests(asksWithKey(adminUrl, apiKey), { runs: 15 });
    expect(asked).toBeGreaterThan(60);
    expect(registry.reported).toEqual([]);
  }, 300_000);
});
