import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';

const password = 'four words of oil';
const service = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services/vehicles';
const portal = 'SUBSYSTEM:PILOT:MUN:2001:portal';

/** Two administrators, each at the console of their own server: one calls, the other finds out why it is refused. */
describe.skipIf(!hasChromium())(
  'a call that is tried, refused, explained and mended (needs chromium)',
  () => {
    let network: TestNetwork;
    let browser: Browser;
    let city: WatchedPage;
    let ministry: WatchedPage;
    let served = 0;

    beforeAll(async () => {
      network = await startNetwork();
      await network.publish('vehicles', (_incoming, outgoing) => {
        served += 1;
        outgoing.setHeader('content-type', 'text/plain').end('a red one');
      });
      await network.ministryAdmin.put(`${service}/access-rights`, [{ subject: portal, endpoints: [] }]);
      browser = await launchBrowser();
      city = await signIn(network.city.adminUrl, network.cityAdmin);
      ministry = await signIn(network.ministry.adminUrl, network.ministryAdmin);
    }, 120_000);

    afterAll(async () => {
      await browser?.close();
      await network?.close();
    });

    async function signIn(url: string, admin: TestNetwork['cityAdmin']): Promise<WatchedPage> {
      await admin.post('/users', { name: 'anna', password, roles: ['service-administrator'] });
      const watched = await WatchedPage.open(await browser.newContext(), url);
      const { page } = watched;
      await page.goto(`${url}/`);
      await page.fill('#field-name', 'anna');
      await page.fill('#field-password', password);
      await page.keyboard.press('Enter');
      await page.waitForURL(`${url}/`);
      return watched;
    }

    const text = async (page: Page) => (await page.textContent('main')) ?? '';
    const press = async (page: Page, name: string) => {
      await page.getByRole('main').getByRole('button', { name, exact: true }).first().click();
      await page.waitForLoadState();
    };

    /** Calls from the page of the city, for real. @returns the message id */
    async function tryIt(): Promise<string> {
      const { page } = city;
      await page.goto(`${network.city.adminUrl}/`);
      await page.getByRole('link', { name: 'Try a call' }).click();
      await page.selectOption('#field-client', 'PILOT:MUN:2001:portal');
      await page.fill('#field-provider', 'PILOT:GOV:1001:population');
      await page.fill('#field-serviceCode', 'vehicles');
      await page.fill('#field-path', '/vehicles/AB-1');
      await press(page, 'Call');
      const id = await page.getByRole('main').locator('dd code').first().textContent();
      return id ?? '';
    }

    async function giveUntil(page: Page, until: Date): Promise<void> {
      await page.fill('#field-q', 'portal');
      await press(page, 'Find');
      await page.selectOption('#field-subject', portal);
      await page.locator('main input[name="endpoints"]').first().check();
      await page.fill('#field-validUntil', until.toISOString().slice(0, 19));
      await press(page, 'Give a right');
      expect(await text(page)).toContain('The right is given.');
    }

    it('is answered while the right holds', async () => {
      const { page } = ministry;
      const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 8_000);
      await page.goto(`${network.ministry.adminUrl}${service}/access`);
      await giveUntil(page, until);
      await tryIt();
      expect(await text(city.page)).toContain('The service answered');
      expect(await text(city.page)).toContain('a red one');
      expect(await city.findBarriers()).toEqual([]);
    });

    let refused = '';
    it('is refused when the right has ended', async () => {
      await giveUntil(ministry.page, new Date(Date.now() + 3_000));
      do refused = await tryIt();
      while ((await text(city.page)).includes('The service answered'));
      expect(await text(city.page)).toContain('server.serverproxy.access_denied');
      // What the calling side decides it lets pass, and says who else decides.
      await city.page.getByRole('link', { name: 'Why? Explain this call' }).click();
      expect(await text(city.page)).toContain('the provider’s server decides about access');
    });

    it('is explained to the provider by its message id, with the right that ended and who can mend it', async () => {
      const { page } = ministry;
      await page.goto(`${network.ministry.adminUrl}/`);
      await page.getByRole('link', { name: 'Explain' }).click();
      await page.fill('#field-messageId', refused);
      await press(page, 'Look');
      const shown = await text(page);
      for (const part of [
        'server.serverproxy.access_denied',
        'The client has a right',
        'ended, until',
        'a service administrator of this server',
      ]) {
        expect(shown).toContain(part);
      }
      expect(await ministry.findBarriers()).toEqual([]);
    });

    it('is mended from there, and answered again', async () => {
      const { page } = ministry;
      await page.getByRole('link', { name: 'Go to where it is mended' }).first().click();
      await page.waitForURL(/\/services\/vehicles\/access/);
      await giveUntil(page, new Date(Date.now() + 3_600_000));
      const before = served;
      await tryIt();
      expect(await text(city.page)).toContain('a red one');
      expect(served).toBe(before + 1);
      expect([city.complaints, ministry.complaints]).toEqual([[], []]);
    });

    it('is in the audit logs: who called in whose name, and who read how it ended', async () => {
      const called = await network.cityAdmin.get<readonly object[]>('/audit-events');
      expect(called).toContainEqual(
        expect.objectContaining({
          ...{ action: 'trial.call', target: refused, outcome: 'done' },
          detail: expect.objectContaining({ client: 'PILOT:MUN:2001:portal', serviceCode: 'vehicles' }),
        }),
      );
      const explained = await network.ministryAdmin.get<readonly object[]>('/audit-events');
      expect(explained).toContainEqual(
        expect.objectContaining({ action: 'exchange.explain', target: refused, outcome: 'done' }),
      );
    });
  },
);
