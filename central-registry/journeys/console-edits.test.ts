import { X509Certificate } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { follow, tabTo } from '../../gateway/console/testing/by-keyboard.ts';
import { signIn } from '../../gateway/console/testing/second-factor.ts';
import { AskedRegistry } from '../testing/asked-registry.ts';
import { everyRole, makeCertificate, password } from './testing/fill-registry.ts';

/** What is changed by hand: each page says what it found, and the register holds what was typed. */
describe.skipIf(!hasChromium())('changes in the console of a registry (needs chromium)', () => {
  let registry: AskedRegistry;
  let browser: Browser;
  let watched: WatchedPage;
  let url: string;
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, json } = await registry.ask(method, path, body);
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  };

  beforeAll(async () => {
    registry = await AskedRegistry.found('PILOT');
    await registry.start({ registration: { host: '127.0.0.1', port: 0 } });
    url = registry.running.adminUrl;
    await ask('POST', '/users', { name: 'anna', password, roles: everyRole });
    await ask('PUT', '/member-classes/GOV', { description: 'Government' });
    await ask('POST', '/members', { id: 'PILOT:GOV:1', name: 'Ministry' });
    await ask('POST', '/subsystems', { id: 'PILOT:GOV:1:population', name: 'People' });
    browser = await launchBrowser();
    watched = await WatchedPage.open(await browser.newContext(), url);
    await signIn(watched, url, { name: 'anna', password });
  });
  afterAll(async () => {
    await browser?.close();
    await registry?.close();
    expect(registry.reported).toEqual([]);
    expect([watched.complaints, watched.elsewhere]).toEqual([[], []]);
  });

  const save = async (done: RegExp) => {
    const { page } = watched;
    await tabTo(page, 'main form.wg-form button[type=submit]');
    await page.keyboard.press('Enter');
    await page.waitForURL(done);
    expect(await watched.findBarriers()).toEqual([]);
  };
  const server = '/servers/PILOT%3AGOV%3A1%3Ass1';

  it('adds a server, changes its address, begins and ends its maintenance', async () => {
    const { page } = watched;
    await page.goto(`${url}/servers`);
    await follow(page, '/servers/new');
    await page.fill('#field-owner', 'PILOT:GOV:1');
    await page.fill('#field-serverCode', 'ss1');
    await page.fill('#field-address', 'ss1.example');
    await save(/ss1\?done=saved/);
    await follow(page, `${server}/edit`);
    await page.fill('#field-address', 'moved.example');
    await page.check('input[name=isInMaintenance]');
    await page.fill('#field-message', 'Until noon');
    await save(/done=saved/);
    expect(await ask('GET', server)).toMatchObject({
      ...{ address: 'moved.example', maintenance: { message: 'Until noon' } },
    });
    await follow(page, `${server}/edit`);
    await page.uncheck('input[name=isInMaintenance]');
    await save(/done=saved/);
    expect(await ask('GET', server)).not.toHaveProperty('maintenance');
  });

  it('gives a server a client, and says when there is none of that name', async () => {
    const { page } = watched;
    await follow(page, `${server}/clients/new`);
    await page.fill('#field-id', 'PILOT:GOV:1:nobody');
    await tabTo(page, 'main form.wg-form button[type=submit]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.ds-error-summary');
    expect(watched.complaints.splice(0)).toHaveLength(1);
    await page.fill('#field-id', 'PILOT:GOV:1:population');
    await save(/done=saved/);
    expect(await ask('GET', server)).toMatchObject({ clients: ['PILOT:GOV:1:population'] });
  });

  it('finds a subsystem, whosever it is, and names it anew', async () => {
    const { page } = watched;
    await ask('POST', '/subsystems', { id: 'PILOT:GOV:1:permits', name: 'Permits of buildings' });
    await page.goto(`${url}/subsystems?subsystems.search=building+permits`);
    expect(await page.locator('#subsystems-rows tr').count()).toBe(1);
    await page.click('#subsystems-rows a');
    await follow(page, '/members/PILOT%3AGOV%3A1/subsystems/PILOT%3AGOV%3A1%3Apermits');
    await page.fill('#field-name', 'Building permits');
    await save(/done=saved/);
    expect(await ask('GET', '/subsystems/PILOT:GOV:1:permits')).toMatchObject({ name: 'Building permits' });
  });

  it('sets how servers fetch and judge statuses of certificates, and takes it back', async () => {
    const { page } = watched;
    for (const [seconds, choice, told] of [
      ['600', 'false', { ocspFetchIntervalSeconds: 600, verifyNextUpdate: false }],
      ['', '', {}],
    ] as const) {
      await page.goto(`${url}/settings`);
      await page.fill('#field-ocspFetchIntervalSeconds', seconds);
      await page.selectOption('#field-verifyNextUpdate', choice);
      await save(/done=saved/);
      const { ocspFetchIntervalSeconds, verifyNextUpdate } = (await ask('GET', '/settings')) as Record<
        string,
        unknown
      >;
      expect(JSON.parse(JSON.stringify({ ocspFetchIntervalSeconds, verifyNextUpdate }))).toEqual(told);
    }
  });

  it('makes a configuration key of the algorithm that was chosen', async () => {
    const { page } = watched;
    await page.goto(`${url}/keys`);
    await page.selectOption('#field-algorithm-external', 'P-384');
    await page.click('form:has(#field-algorithm-external) button[type=submit]');
    await page.waitForURL(/done=made/);
    const keys = (await ask('GET', '/keys')) as { source: string; certificate: string }[];
    const sizes = keys.filter(({ source }) => source === 'external').map((key) => curveOf(key.certificate));
    expect(sizes.sort()).toEqual(['prime256v1', 'secp384r1']);
  });

  it('shows of the history what is asked for', async () => {
    const { page } = watched;
    await page.goto(`${url}/history`);
    await page.click('main summary');
    await page.selectOption('#field-table', 'subsystem');
    await page.fill('#field-key', 'GOV/1/permits');
    await page.fill('#field-by', 'user:anna');
    await page.fill('#field-since', new Date().toISOString().slice(0, 10));
    await tabTo(page, 'main form.wg-form button[type=submit]');
    await page.keyboard.press('Enter');
    await page.waitForURL(/table=subsystem/);
    expect(await page.locator('#history-rows > tr').count()).toBe(1);
    expect(await page.textContent('#history-rows')).toContain('Building permits');
    await page.goto(`${url}/history?until=2020-01-01`);
    expect(await page.locator('#history-rows > tr').count()).toBe(0);
    expect(await watched.findBarriers()).toEqual([]);
  });

  it('demands a second factor of a role', async () => {
    const { page } = watched;
    await page.goto(`${url}/people`);
    await follow(page, '/sign-in-settings');
    await page.check('input[value=observer]');
    await save(/done=saved/);
    expect(await ask('GET', '/sign-in-settings')).toEqual({ secondFactorRoles: ['observer'] });
    expect(await page.isChecked('input[value=observer]')).toBe(true);
  });

  it('tells on the first page which certificates end soon, of servers and of trust services', async () => {
    const { page } = watched;
    const certificate = async (name: string, days: number) => makeCertificate(name, days);
    await ask('POST', '/servers/PILOT:GOV:1:ss1/authentication-certificates', {
      certificate: await certificate('ss1', 5),
    });
    await ask('POST', '/certification-services', {
      ...{ name: 'Authority', profile: 'FiVRKCertificateProfileInfoProvider' },
      top: {
        certificate: await certificate('CA', 20),
        ocspResponders: [{ url: 'http://ocsp.example/', certificate: await certificate('OCSP', 10) }],
      },
      intermediates: [{ certificate: await certificate('Below', 900), ocspResponders: [] }],
    });
    await ask('POST', '/timestamping-services', {
      ...{ name: 'Timestamps', url: 'http://tsa.example/', certificate: await certificate('TSA', -1) },
    });
    await page.goto(`${url}/`);
    const told = (await page.locator('.wg-todo li').allTextContents()).filter((text) =>
      text.includes('expires'),
    );
    expect(told.map((text) => text.replace(/\s*\d{4}-.*/s, ''))).toEqual([
      'The certificate of the timestamping service Timestamps expires',
      'The certificate of PILOT:GOV:1:ss1 expires',
      'The certificate of an OCSP responder of Authority expires',
      'A certificate of the certification service Authority expires',
    ]);
  });
});

function curveOf(pem: string): string | undefined {
  return new X509Certificate(pem).publicKey.asymmetricKeyDetails?.namedCurve;
}
