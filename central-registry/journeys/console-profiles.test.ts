import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, type Certificate, createCertificate } from '../../certs/x509/index.ts';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { AskedRegistry } from '../testing/asked-registry.ts';

const password = 'four words of oil';
const forms = [
  {
    shownBy: [{ attribute: 'OU' }],
    instance: { from: 'signer' },
    memberClass: { from: 'constant', value: 'GOV' },
    memberCode: { from: 'subject', attribute: 'OU', shape: { characters: 'digits' } },
  },
];

describe.skipIf(!hasChromium())('the pages of certificate profiles (needs chromium)', () => {
  let registry: AskedRegistry;
  let browser: Browser;
  let watched: WatchedPage;
  let url: string;
  let certificate: Certificate;

  beforeAll(async () => {
    registry = await AskedRegistry.found('PILOT');
    url = registry.running.adminUrl;
    await registry.ask('POST', '/users', { name: 'sofia', password, roles: ['security-officer'] });
    const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
    const subject = buildName({ OU: '12', CN: '<b>x</b>' });
    const validity = { notBefore: new Date('2026-01-01'), notAfter: new Date('2036-01-01') };
    const wanted = { subject, issuer: subject, publicKey, serialNumber: 1n, ...validity };
    certificate = await createCertificate(wanted, softwareSigningKey(privateKey));
    browser = await launchBrowser();
    watched = await WatchedPage.open(await browser.newContext(), url);
    const { page } = watched;
    await page.goto(`${url}/`);
    await page.fill('#field-name', 'sofia');
    await page.fill('#field-password', password);
    await page.click('button[type=submit]');
    await page.waitForURL(`${url}/`);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await registry?.close();
    expect(registry.reported).toEqual([]);
  });

  /** Sends the form of the page as it is filled, and waits for the answer. */
  const send = async () => {
    const { page } = watched;
    await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      page.click('form.wg-form button[type=submit]'),
    ]);
    await page.waitForLoadState();
  };
  const problem = async (field: string) => {
    const text = await watched.page.textContent(`#problem-${field}`);
    expect(await watched.findBarriers()).toEqual([]);
    watched.complaints.splice(0);
    return text;
  };

  it('say what is wrong at its field, and where inside the definition', async () => {
    const { page } = watched;
    await page.goto(`${url}/certificate-profile-new`);
    await page.fill('#field-name', 'own');
    await page.fill('#field-forms', '[{');
    await send();
    expect(await problem('forms')).toContain('JSON');
    expect(await page.inputValue('#field-forms')).toBe('[{');
    const [form] = forms;
    const wrong = [{ ...form, memberCode: { from: 'subject', attribute: 'X' } }];
    await page.fill('#field-forms', JSON.stringify(wrong));
    await send();
    expect(await problem('forms')).toContain('/0/memberCode/attribute');
    await page.fill('#field-name', 'EjbcaCertificateProfileInfoProvider');
    await send();
    expect(await problem('name')).not.toBe('');
  });

  it('add a profile, and change it', async () => {
    const { page } = watched;
    await page.fill('#field-name', 'own');
    await page.fill('#field-forms', JSON.stringify(forms));
    await send();
    await page.waitForURL(/own\?done=saved/);
    await page.fill('#field-description', 'By number');
    await send();
    await page.waitForURL(/own\?done=saved/);
    const { json } = await registry.ask('GET', '/certificate-profiles/own');
    expect(json).toMatchObject({ description: 'By number', forms });
  });

  it('try it on a pasted certificate and on a file, step by step', async () => {
    const { page } = watched;
    await page.goto(`${url}/certificate-profile-trial?profile=own`);
    await page.fill('#field-certificate', certificate.pem);
    await send();
    expect(await page.textContent('.wg-notice')).toContain('PILOT:GOV:12');
    expect(await page.locator('.wg-step').count()).toBe(4);
    expect(await watched.findBarriers()).toEqual([]);

    await page.selectOption('#field-profile', 'EjbcaCertificateProfileInfoProvider');
    await page.fill('#field-certificate', '');
    await page.setInputFiles('#field-file', {
      ...{ name: 'x.der', mimeType: 'application/octet-stream', buffer: certificate.der },
    });
    await send();
    expect(await page.locator('.wg-step-failed').count()).toBe(1);
    expect(await page.locator('.wg-step-failed').textContent()).toContain('C');
    expect(await page.locator('b', { hasText: 'x' }).count()).toBe(0);
    expect(await watched.findBarriers()).toEqual([]);

    await page.selectOption('#field-profile', '');
    await page.fill('#field-forms', JSON.stringify(forms));
    await send();
    expect(await page.textContent('.wg-notice')).toContain('PILOT:GOV:12');
    expect(watched.complaints).toEqual([]);
  });

  it('remove it after asking', async () => {
    const { page } = watched;
    await page.goto(`${url}/certificate-profiles/own/remove`);
    await page.fill('#field-_why', 'The authority closed');
    await page.check('#field-confirmed');
    await send();
    await page.waitForURL(/done=removed/);
    expect((await registry.ask('GET', '/certificate-profiles/own')).status).toBe(404);
  });
});
