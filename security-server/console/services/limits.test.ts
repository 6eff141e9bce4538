import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Visitor } from '../../../gateway/console/testing/visitor.ts';
import { parseEncodedClient } from '../../../gateway/identifier/index.ts';
import { serviceIdOf } from '../../settings/index.ts';
import { type AdminWorld, openAdminWorld } from '../../testing/admin-world.ts';
import { createServerConsole } from '../index.ts';

const provider = parseEncodedClient('DEV:GOV:1:population');
const portal = parseEncodedClient('DEV:MUN:2:portal');
const page = '/clients/DEV%3AGOV%3A1%3Apopulation/services/register/limits';

describe('the page of the limits of a service', () => {
  let world: AdminWorld;
  let visitor: Visitor;
  let roles: string[];
  const faults: unknown[] = [];

  beforeEach(async () => {
    world = await openAdminWorld();
    roles = ['service-administrator'];
    const { settings } = world;
    await settings.putClient({
      id: provider,
      status: 'registered',
      connectionType: 'NOSSL',
      certificates: [],
    });
    await settings.putService({
      ...{ provider, serviceCode: 'register', kind: 'REST', url: 'http://127.0.0.1:1', timeoutMs: 1 },
      ...{ verifyTls: true, certificates: [], endpoints: [] },
    });
    const console = createServerConsole({
      ...{ instance: 'DEV/GOV/1/ss1', version: '1', now: world.services.now },
      api: (request, env) =>
        new URL(request.url).pathname === '/api/v1/session'
          ? Response.json({ name: 'anna', roles, csrfToken: 'token' })
          : world.api(request, env),
      report: (error) => faults.push(error),
    });
    visitor = new Visitor(console);
  });
  afterEach(async () => {
    await world.close();
    expect(faults).toEqual([]);
  });

  const limits = () =>
    world.settings
      .current()
      .content.limits.map(({ consumer, requests, periodSeconds }) => [
        typeof consumer === 'string' ? consumer : consumer.memberCode,
        requests,
        periodSeconds,
      ]);
  const add = async (fields: Readonly<Record<string, string>>) => {
    await visitor.get(page);
    return visitor.post(page, { whose: 'each', consumer: '', requests: '5', periodSeconds: '60', ...fields });
  };

  it('adds limits, changes them, and takes them away after it was confirmed', async () => {
    expect((await add({})).location).toBe(`${page}?done=saved`);
    await add({ whose: 'one', consumer: 'DEV:MUN:2:portal', periodSeconds: '86400' });
    await add({ requests: '7' });
    expect(limits().sort()).toEqual([
      ['2', 5, 86_400],
      ['each', 7, 60],
    ]);
    const { html } = await visitor.get(page);
    expect(html).toContain(`href="${page}/remove/DEV%3AMUN%3A2%3Aportal/86400"`);
    await visitor.get(`${page}/remove/each/60`);
    expect((await visitor.post(`${page}/remove/each/60`, {})).status).toBe(422);
    expect(limits()).toHaveLength(2);
    await visitor.post(`${page}/remove/each/60`, { confirmed: 'yes' });
    expect(limits()).toEqual([['2', 5, 86_400]]);
  });

  it('brings what cannot be a limit back, at its field', async () => {
    const wrong = await add({ requests: '-1' });
    expect([wrong.status, wrong.html.includes('href="#field-requests"')]).toEqual([422, true]);
    expect((await add({ whose: 'one', consumer: 'nobody' })).status).toBe(422);
    expect(limits()).toEqual([]);
  });

  it('shows how much of them is used', async () => {
    await add({ requests: '3' });
    const service = serviceIdOf(provider, 'register');
    const applied = world.settings.current().limitsOf(portal, service);
    for (let index = 0; index < 2; index += 1) world.quotas.take(applied, world.services.now());
    const { html } = await visitor.get(page);
    expect(html).toContain('DEV:MUN:2:portal');
    expect(html).toContain('2 of 3');
  });

  it('changes nothing for whoever may not', async () => {
    roles = ['auditor'];
    const { html } = await visitor.get(page);
    expect(html).not.toContain('field-requests');
  });
});
