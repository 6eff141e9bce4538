import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { findPages, unvisited } from '../../gateway/console/testing/find-pages.ts';
import { Pictures } from '../../gateway/console/testing/pictures.ts';
import { walkSecondFactor } from '../../gateway/console/testing/second-factor.ts';
import { startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import { createRegistryConsole } from '../console/index.ts';
import { fillRegistry, password, script } from './testing/fill-registry.ts';

describe.skipIf(!hasChromium())('the console of a registry (needs chromium)', () => {
  let network: TestNetwork;
  let browser: Browser;
  let context: BrowserContext;
  let watched: WatchedPage;
  let url: string;
  let paths: readonly string[];
  const pictures = new Pictures('registry');
  /** Of the console, whichever program it is of. */
  const { paths: patterns } = createRegistryConsole({
    ...{ instance: '', version: '', now: () => new Date(), report: () => undefined },
    api: () => new Response(null, { status: 404 }),
  });

  beforeAll(async () => {
    network = await startNetwork();
    url = network.registry.adminUrl;
    await fillRegistry(network);
    browser = await launchBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    watched = await WatchedPage.open(context, url);
    await watched.page.goto(`${url}/`);
  });

  afterAll(async () => {
    await browser?.close();
    await network?.close();
    pictures.close();
    expect(network.troubles).toEqual([]);
  });

  it('is signed in to by keyboard alone', async () => {
    const { page } = watched;
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    expect(await watched.findFaults(200)).toBeUndefined();
    await pictures.take(page, 'sign-in');
    await page.focus('#field-name');
    await page.keyboard.type('anna');
    await page.keyboard.press('Tab');
    await page.keyboard.type('wrong words of oil');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.ds-error-summary');
    expect(await watched.findBarriers()).toEqual([]);
    expect(await page.inputValue('#field-name')).toBe('anna');
    expect(watched.complaints.splice(0).every((text) => text.includes('401'))).toBe(true);
    await page.focus('#field-password');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}/`);
  });

  it('a second factor is made, asked for with a recovery code, and turned off by keyboard alone', async () => {
    expect(await walkSecondFactor(watched, url, { name: 'anna', password })).toEqual({});
    // The answer that wants the code.
    expect(watched.complaints.splice(0).every((text) => text.includes('401'))).toBe(true);
  });

  it('shows every page without a barrier, light and dark, and lets the keyboard reach everything', async () => {
    const found: Record<string, unknown> = {};
    const look = async (path: string, status: number | undefined) => {
      const faults = await watched.findFaults(status);
      if (faults !== undefined) found[path] = faults;
    };
    const more = ['/certificate-profiles/own'];
    const visited = await findPages(watched.page, url, { patterns, more }, look);
    expect(found).toEqual({});
    expect([watched.complaints, watched.elsewhere]).toEqual([[], []]);
    paths = visited.pages;
    // The two that the tests before this one went to.
    const all = [...visited.pages, ...visited.files, '/sign-in', '/account/second-factor/remove'];
    expect(unvisited(patterns, all)).toEqual([]);
  }, 900_000);

  it('fits a telephone, in German, without scrolling sideways', async () => {
    const { page } = watched;
    await page.setViewportSize({ width: 360, height: 740 });
    await context.addCookies([{ name: 'language', value: 'de', url }]);
    await page.goto(`${url}/members`);
    expect(await watched.findBarriers()).toEqual([]);
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

  it('adds a member by keyboard, says what is wrong beside the form, and shows its name as text', async () => {
    const { page } = watched;
    await page.goto(`${url}/members/new`);
    await page.focus('#field-memberCode');
    await page.keyboard.type('1001');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Twice');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.ds-error-summary');
    expect(await page.inputValue('#field-name')).toBe('Twice');
    watched.complaints.splice(0);
    await page.fill('#field-memberCode', '1003');
    await page.fill('#field-name', script);
    await page.keyboard.press('Enter');
    await page.waitForURL(/done=added/);
    expect(await page.textContent('h1')).toBe(script);
    expect(watched.complaints).toEqual([]);
  });

  it('asks once before a member is removed', async () => {
    const { page } = watched;
    const path = `${url}/members/${encodeURIComponent('PILOT:GOV:1003')}/remove`;
    await page.goto(path);
    await page.click('button.ds-button[data-color=danger]');
    await page.waitForSelector('.ds-error-summary');
    watched.complaints.splice(0);
    await page.fill('#field-_why', 'Merged with 1001 “for good”');
    await page.check('#field-confirmed');
    await page.click('button.ds-button[data-color=danger]');
    await page.waitForURL(/done=removed/);
    expect(JSON.stringify(await network.registryAdmin.get('/members'))).not.toContain('1003');
    await page.goto(`${url}/history`);
    expect(await page.textContent('#history-rows tr')).toContain('Merged with 1001 “for good”');
  });

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
    await nameProperly(network);
    const both = { '/': 'overview', '/members': 'members', '/keys': 'keys', '/api-reference': 'api' };
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const [path, name] of Object.entries(both)) {
        await page.goto(url + path);
        await pictures.take(page, `${name}-${scheme}`);
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
    const one = { '/invitations': 'invitations', '/history': 'history', '/backups': 'backups' };
    for (const [path, name] of Object.entries(one)) {
      await page.goto(url + path);
      await pictures.take(page, name);
    }
    await page.goto(`${url}/requests`);
    await page.click('main td a[href^="/requests/"], main th a[href^="/requests/"]');
    await page.waitForURL(/requests\/\d+$/);
    await pictures.take(page, 'request', true);
    await page.goto(`${url}/trust-services`);
    await page.click('main a:text("Authority of Rivertown")');
    await page.waitForURL(/certification\/[\w-]+$/);
    await pictures.take(page, 'trust-service', true);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${url}/members`);
    await pictures.take(page, 'members-phone');
    expect(pictures.documented).toEqual(pictures.made);
  });
});

/** The markup that stands in every name for the tests is not for the documentation. */
async function nameProperly({ registryAdmin: admin }: TestNetwork): Promise<void> {
  await admin.put('/members/PILOT:GOV:1002', { name: 'Port Authority' });
  for (const [kind, name] of [
    ['certification', 'Authority of Rivertown'],
    ['timestamping', 'Timestamps of Rivertown'],
  ]) {
    const path = `/${kind}-services`;
    const all = await admin.get<readonly { readonly entryId: string; readonly name: string }[]>(path);
    for (const one of all.filter((service) => service.name === script)) {
      await admin.put(`${path}/${one.entryId}`, { ...one, name });
    }
  }
}
