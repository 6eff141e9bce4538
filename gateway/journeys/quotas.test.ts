import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNetwork, type TestNetwork } from './network.ts';

const limitsOf = (code: string) => `/clients/PILOT%3AGOV%3A1001%3Apopulation/services/${code}/limits`;
const day = 86_400;

describe('quotas of services', () => {
  let network: TestNetwork;
  let called = 0;

  beforeAll(async () => {
    network = await startNetwork();
  });
  afterAll(() => network?.close());

  const publish = (code: string) =>
    network.publish(code, (_incoming, outgoing) => {
      called += 1;
      outgoing.end('served');
    });
  const call = (path: string) =>
    fetch(`${network.city.clientUrl}${path}`, { headers: { 'x-road-client': 'PILOT/MUN/2001/portal' } });

  it('a hundred callers come at once; exactly as many are served as the quota says, the rest get 429', async () => {
    const { path } = await publish('limited');
    await network.ministryAdmin.put(limitsOf('limited'), [
      { consumer: 'each', requests: 37, periodSeconds: day },
    ]);
    called = 0;
    const answers = await Promise.all(Array.from({ length: 100 }, () => call(path)));
    const statuses = answers.map(({ status }) => status);
    expect([statuses.filter((one) => one === 200).length, called]).toEqual([37, 37]);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(63);
    for (const { headers } of refused) {
      expect(headers.get('x-road-error')).toBe('server.serverproxy.quota_exceeded');
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(day);
    }
  });

  it('a consumer with a limit of its own; what is for each does not count for it', async () => {
    const { path } = await publish('own');
    await network.ministryAdmin.put(limitsOf('own'), [
      { consumer: 'each', requests: 0, periodSeconds: day },
      { consumer: 'PILOT:MUN:2001:portal', requests: 2, periodSeconds: day },
    ]);
    const statuses = [];
    for (let index = 0; index < 3; index += 1) statuses.push((await call(path)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('a limit for all together holds beside that of each', async () => {
    const { path } = await publish('shared');
    await network.ministryAdmin.put(limitsOf('shared'), [
      { consumer: 'each', requests: 5, periodSeconds: day },
      { consumer: 'all', requests: 3, periodSeconds: day },
    ]);
    const statuses = [];
    for (let index = 0; index < 4; index += 1) statuses.push((await call(path)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it('a request that is refused for want of a right is not counted', async () => {
    const { path } = await publish('counted');
    await network.ministryAdmin.put(limitsOf('counted'), [
      { consumer: 'all', requests: 1, periodSeconds: day },
    ]);
    const stranger = { 'x-road-client': 'PILOT/MUN/2001/permits' };
    const answer = await fetch(`${network.city.clientUrl}${path}`, { headers: stranger });
    expect(answer.headers.get('x-road-error')).toBe('server.serverproxy.access_denied');
    expect((await call(path)).status).toBe(200);
  });

  it('what would be no limit is refused', async () => {
    await publish('strict');
    for (const limits of [
      [{ consumer: 'nobody', requests: 1, periodSeconds: day }],
      [{ consumer: 'each', requests: -1, periodSeconds: day }],
      [{ consumer: 'each', requests: 1, periodSeconds: 0 }],
      [
        { consumer: 'each', requests: 1, periodSeconds: day },
        { consumer: 'each', requests: 2, periodSeconds: day },
      ],
    ]) {
      await expect(network.ministryAdmin.put(limitsOf('strict'), limits)).rejects.toThrow();
    }
  });
});
