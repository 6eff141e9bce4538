import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsole, Visitor } from '../../../gateway/console/testing/visitor.ts';
import { addUser, createPeopleApi } from '../../../gateway/people/testing/browser.ts';
import { goodPassword, openTestPeople, type TestPeople } from '../../../gateway/people/testing/people.ts';
import type { AdminContext } from '../../admin/context.ts';
import { addDiagnosticsRoutes } from '../../admin/diagnostics.ts';
import { DiagnosticBench, service } from '../../diagnostics/testing/bench.ts';
import { addDiagnosticsPages } from './index.ts';

describe('the pages of diagnoses', () => {
  let bench: DiagnosticBench;
  let world: TestPeople;
  let faults: unknown[];

  beforeAll(async () => {
    bench = await DiagnosticBench.start();
  });
  afterAll(() => bench.close());
  beforeEach(async () => {
    await bench.reset();
    faults = [];
    world = await openTestPeople();
    return () => {
      world.close();
      expect(faults).toEqual([]);
    };
  });

  /** Somebody with a role in front of the pages. */
  async function visit(role: 'service-administrator' | 'auditor'): Promise<Visitor> {
    const api = createPeopleApi(world.people, (error) => faults.push(error));
    addDiagnosticsRoutes(api, {
      diagnostics: await bench.diagnostics(),
      settings: bench.settings,
      probes: {
        ...{ asked: bench.asked, peers: bench.peers, services: bench.called, peerPort: 1 },
        settings: () => bench.settings.current(),
        configuration: { current: () => bench.configuration() },
      },
    } as unknown as AdminContext);
    await addUser(api, 'anna', role);
    const console = createTestConsole((request, env) => api.fetch(request, env as object), faults);
    addDiagnosticsPages(console);
    const visitor = new Visitor(console);
    await visitor.post('/sign-in', { name: 'anna', password: goodPassword });
    await visitor.get('/account');
    return visitor;
  }

  it('say what is wrong first, with cause, remedy, who mends it and where', async () => {
    await bench.putClient('saved');
    const visitor = await visit('service-administrator');
    const { html } = await visitor.get('/diagnostics');
    for (const wanted of [
      'The client is not registered on this server',
      'DEV:GOV:1:population',
      'stops exchange',
      'Register it (a management request clientReg)',
      'a registration officer here',
      'href="/diagnostics#connections"',
      'client-not-registered',
    ]) {
      expect(html).toContain(wanted);
    }
  });

  it('test a connection, and tell what came of it', async () => {
    await bench.settings.putService({ ...service, url: await bench.servers.refusing() });
    const visitor = await visit('service-administrator');
    await visitor.get('/diagnostics');
    const form = { owner: 'DEV:GOV:1:population', serviceCode: 'register', serviceVersion: '' };
    const { status, html } = await visitor.post('/diagnostics/tests/service', form);
    expect(status).toBe(200);
    expect(html).toContain('service-unreachable');
    expect(html).toContain('The service does not take a connection');
  });

  it('bring the form back with what was entered when there is no such service', async () => {
    const visitor = await visit('service-administrator');
    await visitor.get('/diagnostics');
    const form = { owner: 'DEV:GOV:1:population', serviceCode: 'nothing', serviceVersion: '' };
    const service404 = await visitor.post('/diagnostics/tests/service', form);
    expect(service404.status).toBe(404);
    expect(service404.html).toContain('value="nothing"');
  });

  it('offer no tests to those who may not make them', async () => {
    const visitor = await visit('auditor');
    const { html } = await visitor.get('/diagnostics');
    expect(html).not.toContain('/diagnostics/tests/');
    const { status } = await visitor.post('/diagnostics/tests/peer', { provider: 'DEV:GOV:1' });
    expect(status).toBe(403);
  });
});
