import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createCertificate } from '../../certs/x509/index.ts';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { AskedRegistry } from '../testing/asked-registry.ts';

const password = 'four words of oil';
const script = '<script>alert(1)</script>"><img src=x onerror=alert(2)>';
const screenshots = fileURLToPath(new URL('../../docs/screenshots', import.meta.url));

describe.skipIf(!hasChromium())('the console of a registry (needs chromium)', () => {
  let registry: AskedRegistry;
  let browser: Browser;
  let context: BrowserContext;
  let watched: WatchedPage;
  let url: string;
  let paths: string[];

  beforeAll(async () => {
    registry = await AskedRegistry.found('PILOT');
    await registry.start({ registration: { host: '127.0.0.1', port: 0 } });
    url = registry.running.adminUrl;
    paths = await fill(registry);
    browser = await launchBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    watched = await WatchedPage.open(context, url);
    await watched.page.goto(`${url}/`);
  });

  afterAll(async () => {
    await browser?.close();
    await registry?.close();
    expect(registry.reported).toEqual([]);
  });

  it('is signed in to by keyboard alone', async () => {
    const { page } = watched;
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    expect(await watched.findBarriers()).toEqual([]);
    await take(watched, 'registry-sign-in');
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

  it('shows every page without a barrier, light and dark, and lets the keyboard reach everything', async () => {
    const { page } = watched;
    const found: Record<string, unknown> = {};
    for (const path of paths) {
      await page.emulateMedia({ colorScheme: 'light' });
      const response = await page.goto(url + path);
      const light = await watched.findBarriers();
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await watched.findBarriers('contrast');
      const unreachable = await watched.findUnreachable();
      const inline = await page.$$eval('script:not([src]), style, [style], [onclick]', (all) => all.length);
      const status = response?.status();
      const isFine = status === 200 && inline + light.length + dark.length + unreachable.length === 0;
      if (!isFine) found[path] = { status, inline, light, dark, unreachable };
    }
    expect(found).toEqual({});
    expect([watched.complaints, watched.elsewhere]).toEqual([[], []]);
  }, 300_000);

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
  });

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
    const { json } = await registry.ask('GET', '/members');
    expect(JSON.stringify(json)).not.toContain('1003');
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

  it.runIf(process.env['WAYGATE_SCREENSHOTS'] === '1')('is pictured for the documentation', async () => {
    const { page } = watched;
    await registry.ask('PUT', '/members/PILOT:GOV:1002', { name: 'City of Rivertown' });
    const pictures = { '/': 'overview', '/members': 'members', '/keys': 'keys', '/api-reference': 'api' };
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const [path, name] of Object.entries(pictures)) {
        await page.goto(url + path);
        await take(watched, `registry-${name}-${scheme}`);
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${url}/members`);
    await take(watched, 'registry-members-phone');
  });
});

async function take({ page }: WatchedPage, name: string): Promise<void> {
  if (process.env['WAYGATE_SCREENSHOTS'] !== '1') return;
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: `${screenshots}/${name}.png` });
}

/** Everything that has a page. @returns the paths of all pages */
async function fill(registry: AskedRegistry): Promise<string[]> {
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await registry.ask(method, path, body);
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(answer.json)}`);
    return answer.json;
  };
  const roles = ['registration-officer', 'security-officer', 'system-administrator', 'auditor'];
  await ask('POST', '/users', { name: 'anna', password, roles });
  await ask('POST', '/users', { name: 'otto', password, roles: ['observer'] });
  await ask('PUT', '/member-classes/GOV', { description: 'Government' });
  await ask('POST', '/members', { id: 'PILOT:GOV:1001', name: 'Ministry of the Interior' });
  await ask('POST', '/members', { id: 'PILOT:GOV:1002', name: script });
  await ask('POST', '/subsystems', { id: 'PILOT:GOV:1001:population', name: script });
  const server = 'PILOT:GOV:1001:ss1';
  await ask('POST', '/servers', { id: server, address: 'ss1.example', maintenance: { message: script } });
  await ask('POST', `/servers/${server}/clients`, { id: 'PILOT:GOV:1001:population' });
  const certificate = await makeCertificate('ss1.example', 20);
  await ask('POST', `/servers/${server}/authentication-certificates`, { certificate });
  await ask('PUT', '/global-groups/judges', { description: script });
  await ask('POST', '/global-groups/judges/members', { id: 'PILOT:GOV:1001:population' });
  const url = 'http://tsa.example/';
  await ask('POST', '/timestamping-services', {
    name: script,
    url,
    certificate: await makeCertificate('TSA', 900),
  });
  const managementServiceAddress = registry.running.registrationUrl;
  const managementServiceProvider = 'PILOT:GOV:1001:population';
  await ask('PUT', '/settings', {
    ...(await ask('GET', '/settings')),
    ...{ managementServiceAddress, managementServiceProvider },
  });
  const made = await ask('POST', '/invitations', {
    ...{ memberClass: 'GOV', memberCode: '2001', memberName: script, contact: script },
  });
  const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
  await ask('PUT', '/backup-settings', { recipients: [recipient], keepLast: 7, madeElsewhere: false });
  const backup = `/backups/${(await ask('POST', '/backups')).name}`;
  await ask('PUT', '/certificate-profiles/own', {
    description: script,
    ...{ forms: (await ask('GET', '/certificate-profiles/SkKlass3CertificateProfileInfoProvider')).forms },
  });
  const member = '/members/PILOT%3AGOV%3A1001';
  const serverPath = '/servers/PILOT%3AGOV%3A1001%3Ass1';
  return [
    ...['/', '/members', '/members/new', member, `${member}/remove`, `${member}/subsystems/new`],
    ...[`${member}/subsystems/PILOT%3AGOV%3A1001%3Apopulation/remove`, '/member-classes'],
    ...['/servers', serverPath, `${serverPath}/remove`, '/groups', '/groups/judges', '/requests'],
    ...['/invitations', '/invitations/new', `/invitations/${made.id}`, `/invitations/${made.id}/withdraw`],
    ...['/trust-services', '/trust-services/certification/new', '/trust-services/timestamping/new'],
    ...['/certificate-profiles', '/certificate-profile-new', '/certificate-profiles/own'],
    ...['/certificate-profiles/FiVRKCertificateProfileInfoProvider', '/certificate-profiles/own/remove'],
    ...['/certificate-profile-trial?profile=own'],
    ...['/keys', '/federation', '/settings', '/people', '/people/new', '/people/otto', '/people/otto/remove'],
    ...['/audit-events', '/account', '/account/password', '/account/second-factor', '/api-keys'],
    ...['/api-keys/new', '/api-reference', '/history', '/backups', '/backups/settings'],
    ...[backup, `${backup}/check`, `${backup}/remove`],
  ];
}

async function makeCertificate(name: string, days: number): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const subject = buildName({ CN: name });
  const [notBefore, notAfter] = [new Date(), new Date(Date.now() + days * 24 * 3_600_000)];
  const wanted = { subject, issuer: subject, publicKey, serialNumber: 1n, notBefore, notAfter };
  return (await createCertificate(wanted, softwareSigningKey(privateKey))).pem;
}
