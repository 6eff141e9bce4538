import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';

interface Sent {
  readonly id: number;
  readonly requestId?: number;
  readonly status: string;
  readonly reason?: string;
}

const password = 'four words of oil';
const saved = { status: 'saved', connectionType: 'NOSSL', certificates: [] };
const script = '<script>alert(1)</script>"><img src=x onerror=alert(2)>';
const reason = `The archive is run by <b>the state</b> ${script}`;

/** The officer decides in the console; the answer and its reason reach the server that asked. */
describe.skipIf(!hasChromium())('requests in the console of a registry (needs chromium)', () => {
  let network: TestNetwork;
  let browser: Browser;
  let watched: WatchedPage;
  let url: string;

  beforeAll(async () => {
    network = await startNetwork();
    url = network.registry.adminUrl;
    await network.registryAdmin.post('/users', { name: 'olga', password, roles: ['registration-officer'] });
    await network.registryAdmin.put('/management-requests/automatic-approval', {
      ...{ authCertReg: false, clientReg: false, ownerChange: false },
    });
    browser = await launchBrowser();
    watched = await WatchedPage.open(await browser.newContext(), url);
    await watched.page.goto(`${url}/requests`);
    await watched.page.fill('#field-name', 'olga');
    await watched.page.fill('#field-password', password);
    await watched.page.keyboard.press('Enter');
    await watched.page.waitForURL(`${url}/requests`);
  });

  afterAll(async () => {
    await browser?.close();
    await network?.close();
  });

  /** The city asks to register a subsystem. @returns the path of the request's page, and its answer later */
  async function ask(code: string, subsystemName?: string) {
    const client = `PILOT:MUN:2001:${code}`;
    await network.cityAdmin.put(`/clients/${encodeURIComponent(client)}`, saved);
    const { id, requestId } = await network.cityAdmin.post<Sent>('/management-requests', {
      ...{ kind: 'clientReg', client, subsystemName },
    });
    return {
      path: `/requests/${requestId}`,
      answer: async () => {
        await network.cityAdmin.post('/management-requests/refresh');
        return network.cityAdmin.get<Sent>(`/management-requests/${id}`);
      },
    };
  }

  it('shows what was checked, and approves', async () => {
    const { page } = watched;
    const request = await ask('archive');
    await page.goto(`${url}/`);
    expect(await page.textContent('.wg-todo')).toContain('1 request waits');
    await page.goto(url + request.path);
    const main = (await page.textContent('main')) ?? '';
    expect(main).toContain('Signature of PILOT:MUN:2001');
    expect(await page.locator('.wg-steps li').count()).toBe(4);
    const keys = await network.cityAdmin.get<readonly { sha256: string; use: string }[]>('/certificates');
    const signing = keys.find(({ use }) => use === 'signing')?.sha256 ?? '';
    expect(await page.getAttribute(`[data-copy="${signing.toUpperCase()}"]`, 'data-copy')).toHaveLength(64);
    expect(await watched.findBarriers()).toEqual([]);
    await page.click(`a[href="${request.path}/approve"]`);
    expect(await watched.findBarriers()).toEqual([]);
    await page.check('#field-confirmed');
    await page.click('main button[type=submit]');
    await page.waitForURL(`${url}${request.path}?done=approved`);
    expect((await request.answer()).status).toBe('approved');
  });

  it('stored script: declines with a reason, which the asking server is told, and decides once', async () => {
    const { page } = watched;
    const request = await ask('tax', script);
    await page.goto(url + request.path);
    expect(await page.textContent('.wg-facts')).toContain(script);
    await page.goto(`${url}${request.path}/decline`);
    await page.fill('#field-reason', reason);
    await page.click('main button[type=submit]');
    await page.waitForSelector('.ds-error-summary');
    expect(await page.inputValue('#field-reason')).toBe(reason);
    watched.complaints.splice(0);
    await page.check('#field-confirmed');
    await page.click('main button[type=submit]');
    await page.waitForURL(`${url}${request.path}?done=declined`);
    expect(await page.textContent('main')).toContain(reason);
    expect(await request.answer()).toMatchObject({ status: 'declined', reason });
    expect(await page.$(`a[href="${request.path}/approve"]`)).toBeNull();
    expect([watched.complaints, watched.elsewhere]).toEqual([[], []]);
  });

  it('tells an officer who wants more than the role allows whom to ask', async () => {
    const { page } = watched;
    const answer = await page.goto(`${url}/people`);
    expect(answer?.status()).toBe(403);
    expect(await page.textContent('main')).toContain('system-administrator');
    expect(await watched.findBarriers()).toEqual([]);
    watched.complaints.splice(0);
  });
});
