import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsole, Visitor } from '../../../gateway/console/testing/visitor.ts';
import { addUser, createPeopleApi } from '../../../gateway/people/testing/browser.ts';
import { goodPassword, openTestPeople, type TestPeople } from '../../../gateway/people/testing/people.ts';
import type { AdminContext } from '../../admin/context.ts';
import { addExpiryRoutes } from '../../admin/expiries.ts';
import { addNoticeRoutes } from '../../admin/notices.ts';
import { collectExpiries } from '../../expiries/index.ts';
import { Notices } from '../../notices/index.ts';
import { ownCertificates } from '../../signer/index.ts';
import { type AdminWorld, openAdminWorld } from '../../testing/admin-world.ts';
import { addExpiryPages } from './index.ts';

describe('the pages of what ends', () => {
  let world: AdminWorld;
  let people: TestPeople;
  let notices: Notices;
  let faults: unknown[];

  beforeEach(async () => {
    world = await openAdminWorld();
    people = await openTestPeople();
    faults = [];
    notices = await Notices.open({
      ...{ db: world.settings.db, token: world.token, expiries, server: () => 'DEV:GOV:1:ss1' },
      ...{ now: world.services.now, onTrouble: () => undefined },
    });
  });
  afterEach(async () => {
    await notices.close();
    people.close();
    await world.close();
    expect(faults).toEqual([]);
  });

  const expiries = () =>
    collectExpiries({
      ...{ settings: () => world.settings.current(), now: world.services.now, renewals: () => [] },
      anchor: { instance: 'DEV', sources: [] },
      certificates: () => ownCertificates(world.settings.db),
      configuration: () => world.services.configuration,
    });

  async function visit(role: 'system-administrator' | 'auditor'): Promise<Visitor> {
    const api = createPeopleApi(people.people, (error) => faults.push(error));
    const context = { expiries, notices } as unknown as AdminContext;
    addExpiryRoutes(api, context);
    addNoticeRoutes(api, context);
    await addUser(api, 'anna', role);
    const console = createTestConsole((request, env) => api.fetch(request, env as object), faults);
    addExpiryPages(console);
    const visitor = new Visitor(console);
    await visitor.post('/sign-in', { name: 'anna', password: goodPassword });
    await visitor.get('/account');
    return visitor;
  }

  const mail = {
    ...{ language: 'de', host: '127.0.0.1', port: '1', security: 'none', sender: 'ss1@agency.example' },
    recipients: 'anna@agency.example\r\nbert@agency.example',
  };

  it('list it for everybody, with what stops and the remedy', async () => {
    const visitor = await visit('auditor');
    const { html } = await visitor.get('/expiries');
    for (const text of ['Internal TLS certificate', 'Timestamping authority', 'no longer count']) {
      expect(html).toContain(text);
    }
    expect(html).not.toContain('href="/notices"');
    expect((await visitor.get('/notices')).status).toBe(403);
  });

  it('set who is told, try it, and say why it does not get through', async () => {
    const visitor = await visit('system-administrator');
    expect((await visitor.get('/notices')).html).toContain('Nobody is told yet');
    await visitor.get('/notices/settings');
    expect((await visitor.post('/notices/settings', mail)).location).toBe('/notices?done=saved');
    expect(notices.settings().mail?.recipients).toEqual(['anna@agency.example', 'bert@agency.example']);
    await visitor.get('/notices');
    const tried = await visitor.post('/notices/test-mail', {});
    expect(tried.status).toBe(200);
    expect(tried.html).toContain('connection-refused');
    expect(tried.html).toContain('that a firewall lets this machine through');
  });

  it('bring what is wrong back to its field, and nothing that is secret', async () => {
    const visitor = await visit('system-administrator');
    await visitor.get('/notices/settings');
    const wrong = await visitor.post('/notices/settings', {
      ...{ ...mail, security: 'starttls', user: 'ss1', password: 'a-mail-password', host: 'no/host' },
      ...{ url: 'http://elsewhere.example/', secret: 'a secret of the receiver' },
    });
    expect(wrong.status).toBe(422);
    for (const name of ['host', 'url']) expect(wrong.html).toContain(`href="#field-${name}"`);
    expect(wrong.html).toContain('value="no/host"');
    expect(wrong.html).not.toMatch(/a-mail-password|secret of the receiver/);
  });
});
