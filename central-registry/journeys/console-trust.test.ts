import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { confirm, follow, tabTo } from '../../gateway/console/testing/by-keyboard.ts';
import { AskedRegistry } from '../testing/asked-registry.ts';
import { makeCertificate, password } from './testing/fill-registry.ts';

interface Service {
  readonly entryId: string;
  readonly top: { readonly ocspResponders: readonly object[] };
  readonly intermediates: readonly object[];
}

/** Approving authorities, and changing all that servers are told of them. */
describe.skipIf(!hasChromium())('trust services in the console of a registry (needs chromium)', () => {
  let registry: AskedRegistry;
  let browser: Browser;
  let watched: WatchedPage;
  let url: string;
  let servicePath: string;

  beforeAll(async () => {
    registry = await AskedRegistry.found('PILOT');
    url = registry.running.adminUrl;
    await registry.ask('POST', '/users', { name: 'sofia', password, roles: ['security-officer'] });
    browser = await launchBrowser();
    watched = await WatchedPage.open(await browser.newContext(), url);
    const { page } = watched;
    await page.goto(`${url}/trust-services`);
    await page.fill('#field-name', 'sofia');
    await page.fill('#field-password', password);
    await page.click('button[type=submit]');
    await page.waitForURL(`${url}/trust-services`);
  });
  afterAll(async () => {
    await browser?.close();
    await registry?.close();
    expect(registry.reported).toEqual([]);
    expect([watched.complaints, watched.elsewhere]).toEqual([[], []]);
  });

  const list = async (kind: string) =>
    (await registry.ask('GET', `/${kind}-services`)).json as readonly Service[];
  const save = async () => {
    await tabTo(watched.page, 'main form.wg-form button[type=submit]');
    await watched.page.keyboard.press('Enter');
  };

  it('approves an authority with all that servers are told of it', async () => {
    const { page } = watched;
    await follow(page, '/trust-services/certification/new');
    await page.fill('#field-name', 'Authority');
    await page.selectOption('#field-profile', 'FiVRKCertificateProfileInfoProvider');
    await page.check('input[name=usage]');
    await page.selectOption('#field-defaultCsrFormat', 'PEM');
    await page.fill('#field-directoryUrl', 'https://acme.example/directory');
    await page.fill('#field-ipAddress', '192.0.2.7');
    await page.fill('#field-signingCertificateProfileId', 'sign');
    await page.fill('#field-certificate', await makeCertificate('Authority', 20));
    await page.fill('#field-url0', 'http://ocsp.example/');
    await page.selectOption('#field-costType0', 'PAID');
    await page.fill('#field-ocsp0', await makeCertificate('Responder', 900));
    await save();
    await page.waitForURL(/done=added/);
    servicePath = new URL(page.url()).pathname;
    const text = (await page.textContent('main')) ?? '';
    for (const shown of ['CN=Authority', 'CN=Responder', 'expires soon', 'http://ocsp.example/', 'sign']) {
      expect(text).toContain(shown);
    }
    const [service] = await list('certification');
    expect(service).toMatchObject({
      ...{ name: 'Authority', authenticationOnly: true, defaultCsrFormat: 'PEM' },
      profile: 'FiVRKCertificateProfileInfoProvider',
      acmeServer: { directoryUrl: 'https://acme.example/directory', ipAddress: '192.0.2.7' },
      top: { ocspResponders: [{ url: 'http://ocsp.example/', costType: 'PAID' }] },
    });
  });

  it('changes its settings, and loses nothing of its authorities', async () => {
    const { page } = watched;
    const [{ top: before } = { top: undefined }] = await list('certification');
    await follow(page, `${servicePath}/edit`);
    expect(await page.inputValue('#field-ipAddress')).toBe('192.0.2.7');
    await page.uncheck('input[name=usage]');
    await page.fill('#field-directoryUrl', '');
    await save();
    await page.waitForSelector('.ds-error-summary');
    expect(await watched.findBarriers()).toEqual([]);
    expect(watched.complaints.splice(0)).toHaveLength(1);
    for (const field of ['ipAddress', 'signingCertificateProfileId']) await page.fill(`#field-${field}`, '');
    await save();
    await page.waitForURL(/done=saved/);
    const [service] = await list('certification');
    expect(service).toMatchObject({ authenticationOnly: false, top: before });
    expect(service).not.toHaveProperty('acmeServer');
  });

  it('takes further responders in order, and leaves out one without an address', async () => {
    const { page } = watched;
    for (const [place, address] of ['http://ocsp2.example/', 'http://ocsp3.example/'].entries()) {
      await page.click('main a[href*="/authorities/"]:not([href$=new])');
      await page.fill(`#field-url${place + 1}`, address);
      await save();
      await page.waitForURL(/done=saved/);
    }
    await page.click('main a[href*="/authorities/"]:not([href$=new])');
    await page.fill('#field-url1', '');
    await save();
    await page.waitForURL(/done=saved/);
    const [service] = await list('certification');
    expect(service?.top.ocspResponders).toMatchObject([
      { url: 'http://ocsp.example/', costType: 'PAID', certificate: expect.stringContaining('BEGIN') },
      { url: 'http://ocsp3.example/' },
    ]);
  });

  it('adds an intermediate authority, and removes it after asking once', async () => {
    const { page } = watched;
    await follow(page, `${servicePath}/authorities/new`);
    await page.fill('#field-certificate', await makeCertificate('Below', 900));
    await save();
    await page.waitForURL(/done=saved/);
    expect((await list('certification'))[0]?.intermediates).toHaveLength(1);
    const remove = (await page.getAttribute('main a[href$="/remove"][aria-label*=Below]', 'href')) ?? '';
    await follow(page, remove);
    await confirm(page);
    await page.waitForURL(/done=saved/);
    expect((await list('certification'))[0]?.intermediates).toEqual([]);
  });

  it('loses no change of another administrator', async () => {
    const { page } = watched;
    await page.goto(`${url}${servicePath}/edit`);
    const [service] = await list('certification');
    const path = `/certification-services/${service?.entryId}`;
    expect((await registry.ask('PUT', path, { ...service, name: 'Renamed' })).status).toBe(204);
    await page.fill('#field-name', 'Mine');
    await save();
    await page.waitForSelector('.ds-error-summary');
    expect(await page.inputValue('#field-name')).toBe('Mine');
    expect((await list('certification'))[0]).toMatchObject({ name: 'Renamed' });
    expect(watched.complaints.splice(0)).toEqual([expect.stringContaining('412')]);
  });

  it('approves and changes a timestamping service', async () => {
    const { page } = watched;
    await page.goto(`${url}/trust-services/timestamping/new`);
    await page.fill('#field-name', 'Timestamps');
    await page.fill('#field-url', 'http://tsa.example/');
    await page.fill('#field-certificate', await makeCertificate('TSA', 900));
    await save();
    await page.waitForURL(/done=added/);
    await page.click('a[href*="/timestamping/"]:text("Timestamps")');
    await page.selectOption('#field-costType', 'FREE');
    await save();
    await page.waitForURL(/done=saved/);
    expect(await list('timestamping')).toMatchObject([{ name: 'Timestamps', costType: 'FREE' }]);
    await follow(page, `${new URL(page.url()).pathname}/remove`);
    await confirm(page);
    await page.waitForURL(/done=removed/);
    expect(await list('timestamping')).toEqual([]);
  });
});
