import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { idOf } from './checks/exchange.ts';
import { type ProbeSources, probePeers, probeRegistry, probeService } from './probes.ts';
import { client, DiagnosticBench, service } from './testing/bench.ts';

let bench: DiagnosticBench;
beforeAll(async () => {
  bench = await DiagnosticBench.start();
});
afterAll(() => bench.close());
beforeEach(() => bench.reset());

function sources(configuration: Partial<ProbeSources['configuration']> = {}): ProbeSources {
  return {
    configuration: {
      ...{ current: () => bench.configuration(), latest: () => bench.configuration() },
      ...{ refresh: async () => undefined, sources: () => [] },
      ...configuration,
    },
    ...{ asked: bench.asked, peers: bench.peers, services: bench.called, peerPort: 1 },
    settings: () => bench.settings.current(),
  } as unknown as ProbeSources;
}

/** A configuration whose registration service is there. */
const registeringAt = (authCertRegServiceAddress: string) => ({
  latest: () =>
    ({ ...bench.configuration(), private: { managementService: { authCertRegServiceAddress } } }) as never,
});

describe('tests of connections', () => {
  it('to the registry: registration-service-unreachable, when nobody listens or it speaks no TLS', async () => {
    for (const [url, found] of [
      [await bench.servers.refusing(), 'refused'],
      [await bench.servers.status(200), 'no-tls'],
    ] as const) {
      const [probe] = await probeRegistry(sources(registeringAt(url.replace('http:', 'https:'))));
      expect(probe).toMatchObject({
        ...{ kind: 'registration', isGood: false, found, code: 'registration-service-unreachable' },
      });
    }
    const good = await probeRegistry(sources(registeringAt(await bench.servers.selfSigned())));
    expect(good).toMatchObject([{ kind: 'registration', isGood: true, found: 'reached' }]);
  });

  it('to the registry: say of each source of the configuration what it answered', async () => {
    const url = 'http://registry.example/conf';
    const asked = { kind: 'configuration', url, askedAt: 0, answeredAt: 1 } as const;
    const refresh = async () => bench.asked.note(asked);
    const [probe] = await probeRegistry(sources({ refresh, sources: () => [url] }));
    expect(probe).toMatchObject({ kind: 'configuration', target: url, isGood: true });
  });

  it('to a service: ask with HEAD, take any status for an answer, and mend its diagnosis', async () => {
    const methods: string[] = [];
    const url = await bench.servers.http((incoming, outgoing) => {
      methods.push(incoming.method ?? '');
      outgoing.writeHead(405).end();
    });
    await bench.settings.putService({ ...service, url });
    bench.called.note(printEncoded(idOf(service)), new Error('away'));
    expect(await bench.codes()).toEqual(['service-unreachable']);
    const wanted = { provider: printEncoded(client), serviceCode: 'register' };
    expect(await probeService(wanted, sources())).toMatchObject({ isGood: true, found: 'HTTP 405' });
    expect(methods).toEqual(['HEAD']);
    expect(await bench.codes()).toEqual([]);
  });

  it('to a service: name what is wrong with it', async () => {
    await bench.settings.putService({ ...service, url: await bench.servers.selfSigned() });
    const wanted = { provider: printEncoded(client), serviceCode: 'register' };
    const probe = await probeService(wanted, sources());
    expect(probe).toMatchObject({ isGood: false, code: 'service-tls-not-trusted', kind: 'service' });
  });

  it('connect to nothing that settings and configuration do not name', async () => {
    const unknown = { provider: printEncoded(client), serviceCode: 'another' };
    expect(await probeService(unknown, sources())).toBeUndefined();
    const stranger = { ...client, subsystemCode: 'nobody' } as typeof client;
    await expect(probePeers(stranger, sources())).rejects.toMatchObject({ code: 'UnknownMember' });
  });
});
