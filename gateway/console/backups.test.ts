import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeBackup } from '../backup/backup.ts';
import { addBackupRoutes, Backups } from '../backup/index.ts';
import { addUser, createPeopleApi } from '../people/testing/browser.ts';
import { goodPassword, openTestPeople, type TestPeople } from '../people/testing/people.ts';
import { addBackupPages } from './index.ts';
import { createTestConsole, Visitor } from './testing/visitor.ts';

describe('the pages of backups', () => {
  let world: TestPeople;
  let data: string;
  let backups: Backups;
  let visitor: Visitor;
  let faults: unknown[];
  let identity: string;
  let recipient: string;
  /** Paths of the API that pages asked for. */
  let asked: string[];

  beforeEach(async () => {
    world = await openTestPeople();
    faults = [];
    asked = [];
    data = mkdtempSync(join(tmpdir(), 'waygate-pages-'));
    writeFileSync(join(data, 'api-key'), 'a-secret-that-is-long-enough');
    backups = await Backups.open({
      ...{ data, program: 'security-server', name: () => 'DEV/GOV/1/ss1', now: () => new Date() },
      journal: { append: () => undefined },
      onTrouble: (error) => faults.push(error),
      make: (order) => makeBackup(order),
    });
    const api = createPeopleApi(world.people, (error) => faults.push(error));
    addBackupRoutes(api, backups);
    await addUser(api, 'anna', 'system-administrator');
    const console = createTestConsole((request, env) => {
      asked.push(new URL(request.url).pathname);
      return api.fetch(request, env as object);
    }, faults);
    addBackupPages(console);
    visitor = new Visitor(console);
    await visitor.post('/sign-in', { name: 'anna', password: goodPassword });
    await visitor.get('/account');
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
  });

  afterEach(async () => {
    await backups.close();
    world.close();
    rmSync(data, { recursive: true });
    expect(faults).toEqual([]);
  });

  /** @returns path of its page */
  async function make(): Promise<string> {
    await visitor.get('/backups/settings');
    const saved = await visitor.post('/backups/settings', {
      ...{ recipients: `${recipient}\r\n`, everyHours: '24', keepLast: '7' },
    });
    expect(saved.location).toBe('/backups?done=saved');
    await visitor.get('/backups');
    expect((await visitor.post('/backups', {})).location).toBe('/backups?done=made');
    const [backup] = await backups.list();
    return `/backups/${backup?.name}`;
  }

  it('make a backup, say how it is restored, let it be taken away, and remove it when that is meant', async () => {
    expect((await visitor.get('/backups')).html).toContain(
      'none-made'.length > 0 ? 'There is no backup' : '',
    );
    const path = await make();
    const page = await visitor.get(path);
    expect(page.html).toContain(`waygate server restore ${path.slice('/backups/'.length)}`);
    const taken = await visitor.get(`${path}/content`);
    expect(taken.headers.get('content-disposition')).toMatch(/^attachment; filename="security-server-/);
    expect(taken.headers.get('cache-control')).toBe('no-store');
    expect(taken.html).toContain('age-encryption.org/v1');
    expect(taken.html).not.toContain('a-secret-that-is-long-enough');
    await visitor.get(`${path}/check`);
    expect((await visitor.post(`${path}/check`, { confirmed: 'yes' })).location).toBe(`${path}?found=whole`);
    expect((await visitor.post(`${path}/remove`, {})).status).toBe(422);
    expect((await visitor.post(`${path}/remove`, { confirmed: 'yes' })).location).toBe(
      '/backups?done=removed',
    );
    expect(await backups.list()).toEqual([]);
  });

  it('secrets in backup output: a secret key typed by mistake does not come back with the form', async () => {
    await visitor.get('/backups/settings');
    for (const given of [identity, identity.toLowerCase(), `x${identity}`]) {
      const page = await visitor.post('/backups/settings', {
        ...{ recipients: `${recipient}\n${given}`, everyHours: '', keepLast: '7' },
      });
      expect(page.status).toBe(422);
      expect(page.html).toContain(recipient);
      expect(page.html.toLowerCase()).not.toContain(identity.toLowerCase());
    }
    expect(backups.settings().recipients).toEqual([]);
  });

  it('client-side path traversal: an address of a page asks the API for a backup, or for nothing', async () => {
    const path = await make();
    for (const name of ['..%2fusers', '..', '%2e%2e', '..%2f..%2fapi%2fv1%2fusers', '..%5cusers']) {
      for (const rest of ['', '/content', '/remove', '/check']) {
        await visitor.get(`/backups/${name}${rest}`);
        const sent = await visitor.post(`/backups/${name}${rest}`, { confirmed: 'yes' });
        expect([name, rest, sent.status >= 400]).toEqual([name, rest, true]);
      }
    }
    // Each name is one segment, whatever it holds.
    const expected =
      /^\/api\/v1\/(sessions?|backup-(status|settings)|backups(\/[\w.%-]+(\/content|\/check)?)?)$/;
    expect(asked.filter((one) => !expected.test(one))).toEqual([]);
    expect((await visitor.get(path)).status).toBe(200);
  });
});
