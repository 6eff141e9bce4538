import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { printEncoded } from '../../gateway/identifier/index.ts';
import type { ManagementRequest } from '../../gateway/management/index.ts';
import { CircuitBreaker, ServiceCaller } from '../../gateway/provider-side/index.ts';
import type { ServiceRecord } from '../settings/index.ts';
import { serviceIdOf } from '../settings/index.ts';
import { idOf } from './checks/exchange.ts';
import { client, DiagnosticBench, serverId, service } from './testing/bench.ts';

let bench: DiagnosticBench;
beforeAll(async () => {
  bench = await DiagnosticBench.start();
});
afterAll(() => bench.close());
beforeEach(() => bench.reset());

describe('clients', () => {
  it('client-not-registered: it is being prepared', async () => {
    await bench.putClient('saved');
    expect(await bench.diagnose()).toMatchObject([
      { code: 'client-not-registered', subject: printEncoded(client), who: 'registration-officer' },
    ]);
  });

  it('client-registration-waiting: and since when', async () => {
    await bench.putClient('saved');
    const at = bench.services.now();
    const request: ManagementRequest = { kind: 'clientReg', server: serverId, client };
    bench.requests = [{ id: 1, messageId: 'm', request, status: 'waiting', sentAt: at, changedAt: at }];
    expect(await bench.diagnose()).toMatchObject([{ code: 'client-registration-waiting', since: at }]);
  });

  it('client-disabled: a warning, for somebody wanted it', async () => {
    await bench.putClient('disabled');
    expect(await bench.diagnose()).toMatchObject([{ code: 'client-disabled', severity: 'warns' }]);
  });

  it('client-unknown-to-registry: the configuration does not name it for this server', async () => {
    const id = { ...client, subsystemCode: 'other' } as typeof client;
    const connection = { connectionType: 'NOSSL', certificates: [] } as const;
    await bench.settings.putClient({ id, status: 'registered', ...connection });
    expect(await bench.diagnose()).toMatchObject([
      { code: 'client-unknown-to-registry', subject: printEncoded(id) },
    ]);
  });
});

describe('services', () => {
  let caller: ServiceCaller;
  beforeEach(() => {
    caller = new ServiceCaller({
      onCalled: ({ id }, fault) => bench.called.note(printEncoded(id), fault),
    });
  });
  afterEach(() => caller.close());

  /** Calls a service as an exchange does. @returns what is diagnosed then */
  async function call(change: Partial<ServiceRecord>) {
    const record = { ...service, ...change };
    await bench.settings.putService(record);
    const settings = bench.settings.current().service(idOf(record));
    if (settings === undefined) throw new Error('it was just put');
    const request = { verb: 'GET', servicePath: '/x', headers: [] } as never;
    await caller.call(settings, request, undefined).then(
      ({ abandon }) => abandon(),
      () => undefined,
    );
    return bench.codes();
  }

  it('nothing is diagnosed of one that answers, whatever its status', async () => {
    expect(await call({ url: await bench.servers.status(500) })).toEqual([]);
  });

  it('service-disabled: a warning with its notice', async () => {
    await bench.settings.putService({ ...service, disabledNotice: 'until noon' });
    expect(await bench.diagnose()).toMatchObject([
      { code: 'service-disabled', severity: 'warns', detail: 'until noon' },
    ]);
  });

  it('service-address-unusable', async () => {
    expect(await call({ url: 'ftp://127.0.0.1/' })).toEqual(['service-address-unusable']);
  });

  it('service-unknown-host', async () => {
    expect(await call({ url: 'http://register.invalid/' })).toEqual(['service-unknown-host']);
  });

  it('service-unreachable: and no longer once it answers', async () => {
    expect(await call({ url: await bench.servers.refusing() })).toEqual(['service-unreachable']);
    expect(await call({ url: await bench.servers.status(200) })).toEqual([]);
  });

  it('service-left-alone: besides why it failed, and until when', async () => {
    const url = await bench.servers.refusing();
    const breaker = new CircuitBreaker({ failures: 1, pauseMs: 60_000 }, bench.services.now);
    await call({ url });
    breaker.note({ id: serviceIdOf(service.provider, service.serviceCode), url }, true);
    const found = await bench.diagnose({ breaker });
    expect(found.map(({ code }) => code)).toEqual(['service-left-alone', 'service-unreachable']);
    expect(found[0]?.detail).toMatch(/^1 calls failed in a row; tried again from 2/);
  });

  it('service-timeout', async () => {
    expect(await call({ url: await bench.servers.silent(), timeoutMs: 100 })).toEqual(['service-timeout']);
  });

  it('service-tls-not-trusted: a certificate that its settings do not have', async () => {
    const url = await bench.servers.selfSigned();
    expect(await call({ url })).toEqual(['service-tls-not-trusted']);
    expect(await call({ url, verifyTls: false })).toEqual([]);
  });

  it('and since when: of the first failure, not the last', async () => {
    const url = await bench.servers.refusing();
    await call({ url });
    const since = bench.services.now();
    bench.services.at += 1_000;
    await call({ url });
    expect(await bench.diagnose()).toMatchObject([{ code: 'service-unreachable', since }]);
  });
});
