import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { findPages, unvisited } from '../../gateway/console/testing/find-pages.ts';
import { Pictures } from '../../gateway/console/testing/pictures.ts';
import { walkSecondFactor } from '../../gateway/console/testing/second-factor.ts';
import { startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import { createServerConsole } from '../console/index.ts';
import { fillServer } from './testing/fill-server.ts';

const password = 'four words of oil';
/** Pages that no link leads to, what a form answers with, and those of many that have most to show. */
const answers = [
  '/evidence?party=PILOT%3AGOV%3A1001',
  '/explain?messageId=first-1',
  '/explain?client=PILOT%3AMUN%3A2001%3Aportal&provider=PILOT%3AGOV%3A1001%3Apopulation&serviceCode=none&path=',
  '/evidence/gaps?from=',
  '/evidence/statistics?per=service',
  ...['', '/services', '/services/archive', '/services/register', '/services/register/access?q=permits'].map(
    (of) => `/clients/PILOT%3AGOV%3A1001%3Apopulation${of}`,
  ),
  '/clients/PILOT%3AGOV%3A1001%3Apopulation/groups/trial?q=portal',
  '/clients/PILOT%3AGOV%3A1001%3Ainspection',
  '/access/SUBSYSTEM%3APILOT%3AMUN%3A2001%3Aportal',
];
/** There is nothing at these once a server has joined: whole-instance.test.ts of the registry goes to them. */
const ofJoining = ['/join', '/join/certificates', '/join/requests/signing', '/join/again'];

describe.skipIf(!hasChromium())('the console of a security server (needs chromium)', () => {
  let network: TestNetwork;
  let browser: Browser;
  let context: BrowserContext;
  let watched: WatchedPage;
  let url: string;
  let paths: readonly string[];
  let unlinked: readonly string[];
  const pictures = new Pictures('server');
  /** Of the console, whichever program it is of. */
  const { paths: patterns } = createServerConsole({
    ...{ instance: '', version: '', now: () => new Date(), report: () => undefined },
    api: () => new Response(null, { status: 404 }),
  });

  beforeAll(async () => {
    network = await startNetwork();
    url = network.ministry.adminUrl;
    const roles = ['registration-officer', 'security-officer', 'service-administrator'];
    await network.ministryAdmin.post('/users', {
      ...{ name: 'anna', password, roles: [...roles, 'system-administrator', 'auditor'] },
    });
    unlinked = await fillServer(network);
    browser = await launchBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    watched = await WatchedPage.open(context, url);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await network?.close();
    pictures.close();
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

  it('a second factor is made, asked for with a recovery code, and turned off by keyboard alone', async () => {
    expect(await walkSecondFactor(watched, url, { name: 'anna', password })).toEqual({});
    // The answer that wants the code.
    expect(watched.complaints.splice(0).every((text) => text.includes('401'))).toBe(true);
  });

  it('shows every page without a barrier, light and dark, and lets the keyboard reach everything', async () => {
    const { page } = watched;
    const found: Record<string, unknown> = {};
    const visited = await findPages(
      page,
      url,
      { patterns, more: [...answers, ...unlinked] },
      async (path, status) => {
        const faults = await watched.findFaults(status);
        if (faults !== undefined) found[path] = faults;
      },
    );
    paths = visited.pages;
    expect(found).toEqual({});
    expect([watched.complaints, watched.elsewhere]).toEqual([[], []]);
    // The two that the tests before this one went to.
    const all = [...visited.pages, ...visited.files, '/sign-in', '/account/second-factor/remove'];
    expect(unvisited(patterns, [...all, ...ofJoining])).toEqual([]);
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

  it('is pictured for the documentation, which has no other pictures of it', async () => {
    const { page } = watched;
    const shown = { '/': 'overview' };
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const [path, name] of Object.entries(shown)) {
        await page.goto(url + path);
        await pictures.take(page, `${name}-${scheme}`);
      }
    }
    expect(pictures.documented).toEqual(pictures.made);
  });
});
