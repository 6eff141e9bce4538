import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';

interface Diagnosis {
  readonly code: string;
  readonly subject: string;
  readonly severity: string;
  readonly cause: string;
  readonly remedy: string;
  readonly who: string;
}

interface Report {
  readonly diagnoses: readonly Diagnosis[];
  readonly configuration: { readonly sources: readonly { readonly lastGoodAt?: string }[] };
  readonly timestamping: { readonly authorities: readonly { readonly lastGoodAt?: string }[] };
  readonly ocsp: readonly { readonly responders: readonly { readonly lastGoodAt?: string }[] }[];
  readonly certificates: readonly { readonly statusUntil?: string }[];
  readonly clock: { readonly aheadMilliseconds?: number };
  readonly peers: readonly { readonly provider: string; readonly lastGoodAt?: string }[];
}

interface Probe {
  readonly kind: string;
  readonly isGood: boolean;
  readonly diagnosis?: { readonly code: string; readonly cause: string };
}

const population = 'PILOT:GOV:1001:population';

describe('diagnoses of a running security server', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await startNetwork();
  }, 120_000);
  afterAll(() => network?.close());

  const report = (language = 'en') =>
    network.cityAdmin.get(`/diagnostics?language=${language}`) as Promise<Report>;
  const probe = (question: object) =>
    network.cityAdmin.post('/diagnostics/probes', question) as Promise<Probe[]>;
  const about = async (subject: string) => {
    const { diagnoses } = await report();
    return diagnoses.filter((one) => one.subject === subject).map(({ code }) => code);
  };

  it('the server calls, is timestamped and makes no backups; the answer is that backups are missing', async () => {
    await call(network, '/r1/PILOT/GOV/1001/population/register/persons/P-1001');
    await network.cityAdmin.post('/timestamps', {});
    await probe({ kind: 'registry' });
    const seen = await report();
    expect(seen.diagnoses.filter(({ severity }) => severity !== 'warns')).toEqual([]);
    expect(seen.diagnoses.map(({ code }) => code)).toContain('backup-none');
    expect(seen.configuration.sources[0]?.lastGoodAt).toBeDefined();
    expect(seen.timestamping.authorities[0]?.lastGoodAt).toBeDefined();
    expect(seen.ocsp[0]?.responders[0]?.lastGoodAt).toBeDefined();
    expect(seen.certificates.every(({ statusUntil }) => statusUntil !== undefined)).toBe(true);
    expect(Math.abs(seen.clock.aheadMilliseconds ?? Number.NaN)).toBeLessThan(10_000);
    const peer = seen.peers.find(({ provider }) => provider === population);
    expect(peer).toMatchObject({ lastGoodAt: expect.any(String) });
  });

  it('the administrator reads German; cause and remedy are German', async () => {
    const [english, german] = [await report(), await report('de')];
    const [en, de] = [english.diagnoses[0], german.diagnoses[0]];
    expect(de?.code).toBe(en?.code);
    expect(de?.cause).not.toBe(en?.cause);
    expect(de?.remedy).not.toBe(en?.remedy);
  });

  it('the administrator tries the connections; registry, peer and service are reached', async () => {
    const [registry, peer] = [
      await probe({ kind: 'registry' }),
      await probe({ kind: 'peer', provider: population }),
    ];
    expect(registry.map(({ kind, isGood }) => [kind, isGood])).toEqual([
      ['configuration', true],
      ['registration', true],
    ]);
    expect(peer).toMatchObject([{ kind: 'peer', isGood: true }]);
    const service = { kind: 'service', provider: population, serviceCode: 'register' };
    expect(await network.ministryAdmin.post('/diagnostics/probes', service)).toMatchObject([
      { kind: 'service', isGood: true },
    ]);
  });

  it('a service is stopped; the calls of it name the cause, until a test reaches it again', async () => {
    const { path, listening } = await network.publish('fragile', (_, outgoing) => outgoing.end('fine'));
    const subject = `${population}:fragile`;
    const ministry = async () => {
      const { diagnoses } = (await network.ministryAdmin.get('/diagnostics')) as Report;
      return diagnoses.filter((one) => one.subject === subject).map(({ code }) => code);
    };
    await listening.close(0);
    const question = { kind: 'service', provider: population, serviceCode: 'fragile' };
    expect((await call(network, path)).status).toBe(500);
    const [tried] = (await network.ministryAdmin.post('/diagnostics/probes', question)) as Probe[];
    expect(tried).toMatchObject({ isGood: false, diagnosis: { code: 'service-unreachable' } });
    expect(await ministry()).toEqual(['service-unreachable']);
  });

  it('the administrator asks for traffic; the answer counts the calls by endpoint, and has no path of theirs', async () => {
    await call(network, '/r1/PILOT/GOV/1001/population/register/persons/P-1001');
    const traffic = await network.ministryAdmin.get<{
      readonly rows: readonly { readonly name: string; readonly exchanges: number }[];
    }>(`/traffic?period=hour&by=endpoint&side=provider&service=${population}:register`);
    expect(traffic.rows).toMatchObject([{ name: `${population}:register GET /persons/*` }]);
    expect(JSON.stringify(traffic)).not.toContain('P-1001');
    // Its server proved to be one of the consumer's: it is named.
    const consumers = await network.ministryAdmin.get<typeof traffic>(
      `/traffic?period=hour&by=client&side=provider&service=${population}:register`,
    );
    expect(consumers.rows.map(({ name }) => name)).toEqual(['PILOT:MUN:2001:portal']);
  });

  it('the consumer traces its calls; the service gets the W3C trace context as it was sent', async () => {
    const seen: unknown[] = [];
    const { path } = await network.publish('traced', (incoming, outgoing) => {
      seen.push([incoming.headers['traceparent'], incoming.headers['tracestate']]);
      outgoing.end();
    });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const headers = { traceparent, tracestate: 'city=1' };
    expect((await call(network, path, { headers })).status).toBe(200);
    expect(seen).toEqual([[traceparent, 'city=1']]);
  });

  it('the token is signed out; the answer names it first, and /metrics counts it', async () => {
    await network.cityAdmin.delete('/tokens/software/activation');
    await probe({ kind: 'registry' });
    const [first] = (await report()).diagnoses;
    expect(first).toMatchObject({ code: 'token-signed-out', severity: 'stops', who: 'security-officer' });
    expect(await about('software')).toEqual(['token-signed-out']);
    const metrics = await fetch(`${network.city.adminUrl}/metrics`, {
      headers: { authorization: `Bearer ${network.city.apiKey}` },
    });
    expect(await metrics.text()).toContain('waygate_diagnosis{code="token-signed-out"} 1');
  });
});
