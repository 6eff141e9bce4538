import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import { fillServer } from './testing/fill-server.ts';
import { findPages } from './testing/find-pages.ts';

const password = 'four words of oil';
/** Pages that no link leads to: what a form answers with. */
const answers = [
  '/evidence?party=PILOT%3AGOV%3A1001',
  '/evidence/gaps?from=',
  '/evidence/statistics?per=service',
];
const screenshots = fileURLToPath(new URL('../../docs/screenshots', import.meta.url));

describe.skipIf(!hasChromium())('the console of a security server (needs chromium)', () => {
  let network: TestNetwork;
  let browser: Browser;
  let context: BrowserContext;
  let watched: WatchedPage;
  let url: string;
  let paths: readonly string[];

  beforeAll(async () => {
    network = await startNetwork();
    url = network.ministry.adminUrl;
    const roles = ['registration-officer', 'security-officer', 'service-administrator'];
    await network.ministryAdmin.post('/users', {
      ...{ name: 'anna', password, roles: [...roles, 'system-administrator', 'auditor'] },
    });
    await fillServer(network);
    browser = await launchBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    watched = await WatchedPage.open(context, url);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await network?.close();
  });

  it('is signed in to by keyboard alone', async () => {
    const { page } = watched;
    await page.goto(`${url}/`);
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    expect(await watched.findBarriers()).toEqual([]);
    await page.focus('#field-name');
    await page.keyboard.type('anna');
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}/`);
  });

  it('leaves questions of whoever watches the process to the program', async () => {
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  });

  it('shows every page without a barrier, light and dark, and lets the keyboard reach everything', async () => {
    const { page } = watched;
    const found: Record<string, unknown> = {};
    paths = await findPages(page, url, answers, async (path, status) => {
      await page.emulateMedia({ colorScheme: 'light' });
      const light = await watched.findBarriers();
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await watched.findBarriers('contrast');
      const unreachable = await watched.findUnreachable();
      const inline = await page.$$eval('script:not([src]), style, [style], [onclick]', (all) => all.length);
      const isFine = status === 200 && inline + light.length + dark.length + unreachable.length === 0;
      if (!isFine) found[path] = { status, inline, light, dark, unreachable };
    });
    expect(found).toEqual({});
    expect([watched.complaints, watched.elsewhere]).toEqual([[], []]);
    expect(paths).toEqual(expect.arrayContaining(['/', '/people', '/backups', '/account', '/api-reference']));
  }, 600_000);

  it('fits a telephone, in German, without scrolling sideways', async () => {
    const { page } = watched;
    await page.setViewportSize({ width: 360, height: 740 });
    await context.addCookies([{ name: 'language', value: 'de', url }]);
    const tooWide: string[] = [];
    for (const path of paths) {
      await page.goto(url + path);
      const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
      if (width > 360) tooWide.push(`${path} ${width}`);
    }
    expect(tooWide).toEqual([]);
    expect(await page.getAttribute('html', 'lang')).toBe('de');
    await context.clearCookies({ name: 'language' });
    await page.setViewportSize({ width: 1280, height: 900 });
  }, 300_000);

  it('secrets in browser storage: keeps nothing there, and its cookies from scripts', async () => {
    const { page } = watched;
    await page.goto(`${url}/account`);
    const kept = await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]');
    expect(kept).toEqual([0, 0, '']);
    const cookies = await context.cookies();
    expect(cookies.map(({ httpOnly, sameSite }) => [httpOnly, sameSite])).toEqual([[true, 'Strict']]);
  });

  it.runIf(process.env['WAYGATE_SCREENSHOTS'] === '1')('is pictured for the documentation', async () => {
    const { page } = watched;
    mkdirSync(screenshots, { recursive: true });
    const pictures = { '/': 'overview' };
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const [path, name] of Object.entries(pictures)) {
        await page.goto(url + path);
        await page.screenshot({ path: `${screenshots}/server-${name}-${scheme}.png` });
      }
    }
  });
});
