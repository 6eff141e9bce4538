import { createServer } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { call, startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';

const password = 'four words of oil';
const description = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'Vehicle register', version: '3' },
  servers: [{ url: 'https://vehicles.example/v3' }],
  paths: { '/vehicles': { get: {}, post: {} }, '/vehicles/{plate}': { get: {} } },
});

describe.skipIf(!hasChromium())('a service from its description to its end (needs chromium)', () => {
  let network: TestNetwork;
  let service: Listening;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  let url: string;
  /** What the service was asked for. */
  const asked: string[] = [];

  beforeAll(async () => {
    network = await startNetwork();
    const server = createServer((incoming, outgoing) => {
      asked.push(`${incoming.method} ${incoming.url}`);
      outgoing.end('a red one');
    });
    service = await listen(server, '127.0.0.1', 0, 'none');
    url = network.ministry.adminUrl;
    const roles = ['service-administrator', 'registration-officer'];
    await network.ministryAdmin.post('/users', { name: 'anna', password, roles });
    browser = await launchBrowser();
    watched = await WatchedPage.open(
      await browser.newContext({ viewport: { width: 1280, height: 900 } }),
      url,
    );
    page = watched.page;
    await page.goto(`${url}/clients`);
    await page.fill('#field-name', 'anna');
    await page.fill('#field-password', password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}/clients`);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await service?.close(0);
    await network?.close();
  });

  const follow = async (text: string) => {
    await page.getByRole('main').getByRole('link', { name: text, exact: true }).first().click();
    await page.waitForLoadState();
  };
  const press = async (text: string) => {
    await page.getByRole('main').getByRole('button', { name: text, exact: true }).first().click();
    await page.waitForLoadState();
  };
  const text = async (within = 'main') => (await page.textContent(within)) ?? '';
  const ask = async (path: string, method = 'GET') => {
    const answer = await call(network, `/r1/PILOT/GOV/1001/population/vehicles${path}`, { method });
    return answer.headers['x-road-error'] ?? answer.body.toString();
  };
  const denied = 'server.serverproxy.access_denied';

  it('the administrator uploads a description; the page shows what it would make, and then it is there', async () => {
    await follow('PILOT:GOV:1001:population');
    await page.click('a.wg-card[href$="/services"]');
    await follow('From an OpenAPI description');
    await page.fill('#field-service', 'vehicles');
    const file = { name: 'vehicles.json', mimeType: 'application/json', buffer: Buffer.from(description) };
    await page.setInputFiles('#field-document', file);
    await press('Look at it');
    for (const shown of [
      'Vehicle register',
      'https://vehicles.example/v3',
      'GET /vehicles/*',
      'POST /vehicles',
    ]) {
      expect(await text()).toContain(shown);
    }
    const services = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services';
    const codes = async () =>
      (await network.ministryAdmin.get<{ serviceCode: string }[]>(services)).map((one) => one.serviceCode);
    expect(await codes()).not.toContain('vehicles');
    await page.fill('#field-address', `http://127.0.0.1:${service.port}/v3`);
    await press('Accept');
    expect(await codes()).toContain('vehicles');
    expect(await text()).toContain('GET /vehicles/*');
    expect(await ask('/vehicles/AB-1')).toBe(denied);
  });

  it('callers are given the description, with the road in place of every address', async () => {
    const answer = await call(network, '/r1/PILOT/GOV/1001/population/getOpenAPI?serviceCode=vehicles');
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      ...{
        info: { title: 'Vehicle register' },
        servers: [{ url: '/r1/PILOT/GOV/1001/population/vehicles' }],
      },
    });
  });

  const give = async (until: Date) => {
    await page.goto(`${url}/clients/PILOT%3AGOV%3A1001%3Apopulation/services/vehicles/access`);
    await page.fill('#field-q', 'portal');
    await press('Find');
    await page.selectOption('#field-subject', 'SUBSYSTEM:PILOT:MUN:2001:portal');
    await page.check('input[value="GET /vehicles/*"]');
    await page.fill('#field-validUntil', until.toISOString().slice(0, 19));
    await press('Give a right');
    expect(await text()).toContain('The right is given.');
  };

  it('one endpoint is given to one subsystem until an instant; it may call that, and nothing else', async () => {
    await give(new Date(Date.now() + 3_600_000));
    expect(await text('#rights-rows')).toContain('holds');
    expect(await ask('/vehicles/AB-1')).toBe('a red one');
    expect(asked).toEqual(['GET /v3/vehicles/AB-1']);
    expect(await ask('/vehicles')).toBe(denied);
    expect(await ask('/vehicles', 'POST')).toBe(denied);
    const other = await call(network, '/r1/PILOT/GOV/1001/population/vehicles/vehicles/AB-1', {
      client: 'PILOT/MUN/2001/permits',
    });
    expect(other.headers['x-road-error']).toBe(denied);
    expect(asked).toHaveLength(1);
  });

  it('the right is seen from its subject as well', async () => {
    await page.goto(`${url}/access?q=portal`);
    await follow('SUBSYSTEM:PILOT:MUN:2001:portal');
    expect(await text()).toContain('Vehicle register');
    expect(await text()).toContain('GET /vehicles/*');
  });

  it('when the right ends the call is refused, not before, and the page shows that it has ended', async () => {
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 5_000);
    await give(until);
    const refusedAt = async (): Promise<number> => {
      for (;;) if ((await ask('/vehicles/AB-1')) === denied) return Date.now();
    };
    expect(await refusedAt()).toBeGreaterThanOrEqual(until.getTime());
    await page.goto(`${url}/clients/PILOT%3AGOV%3A1001%3Apopulation/services/vehicles/access`);
    expect(await text('#rights-rows')).toContain('ended');
    await page.goto(`${url}/access/${encodeURIComponent('SUBSYSTEM:PILOT:MUN:2001:portal')}`);
    expect(await text('#access-rows')).toContain('ended');
    await give(new Date(Date.now() + 3_600_000));
    expect(await ask('/vehicles/AB-1')).toBe('a red one');
    expect(watched.complaints).toEqual([]);
  });

  it('a right is taken away on a page that says what will happen', async () => {
    await page.goto(`${url}/clients/PILOT%3AGOV%3A1001%3Apopulation/services/vehicles/access`);
    await page.click('a[href$="/take"]');
    await page.check('#field-confirmed');
    await press('Withdraw');
    expect(await text()).toContain('The right is withdrawn.');
    expect(await ask('/vehicles/AB-1')).toBe(denied);
  });

  it('a new description shows who would lose a right, and takes it when it is accepted', async () => {
    await give(new Date(Date.now() + 3_600_000));
    await page.goto(`${url}/clients/PILOT%3AGOV%3A1001%3Apopulation/services/vehicles`);
    await follow('Look for changes');
    const without = description.replace('/vehicles/{plate}', '/vehicles/by-owner/{owner}');
    const file = { name: 'vehicles.json', mimeType: 'application/json', buffer: Buffer.from(without) };
    await page.setInputFiles('#field-document', file);
    await press('Look at it');
    expect(await text()).toContain('GET /vehicles/* – loses a right: SUBSYSTEM:PILOT:MUN:2001:portal');
    await press('Accept');
    expect(await ask('/vehicles/AB-1')).toBe(denied);
    const path = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services/vehicles';
    expect(await network.ministryAdmin.get(`${path}/access-rights`)).toEqual([]);
    expect(await network.ministryAdmin.get(path)).toMatchObject({
      ...{ url: `http://127.0.0.1:${service.port}/v3`, kind: 'OPENAPI' },
    });
  });
});
