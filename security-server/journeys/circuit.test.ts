import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { call, startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';

const population = 'PILOT:GOV:1001:population';
const service = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services/fragile';

describe('a service that fails again and again', () => {
  let network: TestNetwork;
  let again: Listening | undefined;
  beforeAll(async () => {
    network = await startNetwork({ circuit: { failures: 2, pauseMs: 3_600_000 } });
  }, 120_000);
  afterAll(async () => {
    await network?.close();
    await again?.close(0);
  });

  const circuit = () => network.ministryAdmin.get(`${service}/circuit`);
  const codes = async () => {
    const { diagnoses } = await network.ministryAdmin.get<{
      readonly diagnoses: readonly { readonly subject: string; readonly code: string }[];
    }>('/diagnostics');
    return diagnoses.filter(({ subject }) => subject === `${population}:fragile`).map(({ code }) => code);
  };

  it('the consumer calls; it is left alone, and refused like one that is away, until a test reaches it', async () => {
    let calls = 0;
    const { path, url, listening } = await network.publish('fragile', (incoming) => {
      calls += 1;
      incoming.socket.destroy();
    });
    expect(await circuit()).toEqual({ state: 'closed', failures: 0 });
    const answers: unknown[] = [];
    for (let count = 0; count < 4; count += 1) {
      const { status, headers } = await call(network, path);
      answers.push([status, headers['x-road-error']]);
    }
    expect(answers).toEqual(answers.map(() => [500, 'server.serverproxy.network_error']));
    expect(calls).toBe(2);
    expect(await circuit()).toMatchObject({ state: 'open', failures: 2, until: expect.any(String) });
    expect(await codes()).toEqual(['service-left-alone', 'service-unreachable']);
    await listening.close(0);
    const healed: Server = createServer((_, outgoing) => outgoing.end('{}'));
    again = await listen(healed, '127.0.0.1', Number(new URL(url).port), 'none');
    expect((await call(network, path)).status).toBe(500);
    const question = { kind: 'service', provider: population, serviceCode: 'fragile' };
    expect(await network.ministryAdmin.post('/diagnostics/probes', question)).toMatchObject([
      { isGood: true },
    ]);
    expect((await call(network, path)).status).toBe(200);
    expect([await circuit(), await codes()]).toEqual([{ state: 'closed', failures: 0 }, []]);
  });
});
