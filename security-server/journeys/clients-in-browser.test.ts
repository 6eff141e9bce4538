import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import { makeSystemCertificate } from './testing/system-certificate.ts';

const password = 'four words of oil';
const cadastre = 'PILOT:GOV:1001:cadastre';
const path = `/clients/${encodeURIComponent(cadastre)}`;

interface Client {
  readonly status: string;
  readonly connectionType: string;
  readonly certificates: readonly string[];
  readonly registry?: { readonly isShown: boolean; readonly name?: string };
}

describe.skipIf(!hasChromium())('a client from its registration to its end (needs chromium)', () => {
  let network: TestNetwork;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  let url: string;

  beforeAll(async () => {
    network = await startNetwork();
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
    await network?.close();
  });

  const click = async (role: 'link' | 'button', name: string) => {
    await page.getByRole('main').getByRole(role, { name, exact: true }).first().click();
    await page.waitForLoadState();
  };
  const confirm = async (name: string) => {
    await page.check('#field-confirmed');
    await click('button', name);
  };
  const text = async () => (await page.textContent('main')) ?? '';
  const client = () => network.ministryAdmin.get<Client>(path);
  /** Waits until the configuration says of the client what is expected. */
  const inForce = async (isExpected: (registry: Client['registry']) => boolean) => {
    for (let attempt = 0; !isExpected((await client()).registry); attempt += 1) {
      if (attempt > 200) throw new Error('the registry did not publish what was expected');
      await network.ministryAdmin.post('/configuration/refresh');
    }
  };

  it('is added, and the registry is asked to register it, in one form', async () => {
    await click('link', 'Add a client');
    await page.fill('#field-client', cadastre);
    await page.fill('#field-name', 'Cadastre');
    await click('button', 'Add a client');
    expect(await text()).toContain('The registry has taken the request.');
    await network.ministryAdmin.post('/management-requests/refresh');
    expect(await client()).toMatchObject({ status: 'registered', connectionType: 'SSLAUTH' });
    await inForce((registry) => registry?.isShown === true && registry.name === 'Cadastre');
    await page.goto(url + path);
    expect(await text()).toContain('none is let in');
  });

  it('is given certificates of its systems as PEM and as DER, and loses one', async () => {
    const [pem, der] = [(await makeSystemCertificate()).pem, (await makeSystemCertificate()).der];
    for (const [name, buffer] of [
      ['a.pem', Buffer.from(pem)],
      ['b.der', der],
    ] as const) {
      await page.setInputFiles('#field-certificates', { name, mimeType: 'application/octet-stream', buffer });
      await click('button', 'Add a certificate');
      expect(await text()).toContain('Saved.');
    }
    expect((await client()).certificates).toHaveLength(2);
    await page.setInputFiles('#field-certificates', {
      name: 'c',
      mimeType: 'text/plain',
      buffer: Buffer.from('none'),
    });
    await click('button', 'Add a certificate');
    expect(await page.title()).toContain('PILOT:GOV:1001:cadastre');
    expect(await page.getAttribute('.ds-error-summary', 'role')).toBe('alert');
    await page.goto(url + path);
    await page.click('a[href$="/remove"] >> nth=0');
    await confirm('Remove');
    expect((await client()).certificates).toHaveLength(1);
    await page.selectOption('#field-connectionType', 'NOSSL');
    await click('button', 'Save');
    expect(await client()).toMatchObject({ connectionType: 'NOSSL', status: 'registered' });
  });

  it('keeps a group, into which subsystems are found', async () => {
    await page.goto(`${url}${path}/groups`);
    await page.fill('#field-code', 'cities');
    await page.fill('#field-description', 'Cities of the trial');
    await click('button', 'Save');
    await page.fill('#field-q', 'rivertown');
    await click('button', 'Find');
    await page.selectOption('#field-member', 'SUBSYSTEM:PILOT:MUN:2001:permits');
    await click('button', 'Add to the group');
    const group = await network.ministryAdmin.get(`${path}/local-groups/cities`);
    expect(group).toMatchObject({ description: 'Cities of the trial', members: ['PILOT:MUN:2001:permits'] });
  });

  it('has SOAP services from a file, whose changes are looked at before they are accepted', async () => {
    const wsdl = (name: string) => ({
      ...{ name: 's.wsdl', mimeType: 'text/xml' },
      buffer:
        Buffer.from(`<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:t"
        xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"><binding name="B" type="t:P">
        <soap:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="${name}"><soap:operation/></operation>
        </binding><service name="S"><port name="p" binding="t:B"><soap:address location="http://10.0.0.9/"/></port></service>
        </definitions>`),
    });
    await page.goto(`${url}${path}/wsdl`);
    await page.setInputFiles('#field-document', wsdl('parcelDetails'));
    await click('button', 'Add a service');
    expect(await text()).toContain('parcelDetails');
    await click('link', 'Look for changes');
    await page.setInputFiles('#field-document', wsdl('parcelOwners'));
    await click('button', 'Look at it');
    expect(await text()).toContain('parcelOwners – http://10.0.0.9/');
    expect(await text()).toContain('parcelDetails – with the rights on it');
    await click('button', 'Accept');
    await click('link', 'parcelOwners');
    await page.fill('#field-minimumPeerVersion', '7.6.0');
    await click('button', 'Save');
    await page.fill('#field-notice', 'moved');
    await click('button', 'Switch off');
    expect(await network.ministryAdmin.get(`${path}/service-descriptions`)).toMatchObject([
      { disabledNotice: 'moved', services: [{ serviceCode: 'parcelOwners', minimumPeerVersion: '7.6.0' }] },
    ]);
    await click('button', 'Switch on');
    const [on] = await network.ministryAdmin.get<{ disabledNotice?: string }[]>(
      `${path}/service-descriptions`,
    );
    expect(on?.disabledNotice).toBeUndefined();
  });

  it('is renamed, disabled and enabled, each on a page that says what will happen', async () => {
    await page.goto(url + path);
    await click('link', 'Rename');
    await page.fill('#field-subsystemName', 'Land register');
    await confirm('Rename');
    await click('link', 'Disable');
    await confirm('Disable');
    expect((await client()).status).toBe('disabled');
    await click('link', 'Enable');
    await confirm('Enable');
    expect((await client()).status).toBe('registered');
    await inForce((registry) => registry?.isShown === true && registry.name === 'Land register');
  });

  it('is unregistered and deleted, with what it had here told first', async () => {
    await page.goto(url + path);
    await click('link', 'End the registration');
    await confirm('End the registration');
    await inForce((registry) => registry?.isShown === false);
    await page.goto(url + path);
    await click('link', 'Delete');
    expect(await text()).toContain('parcelOwners');
    expect(await text()).toContain('cities');
    await confirm('Delete');
    expect(await text()).toContain('The client is deleted here.');
    await expect(client()).rejects.toThrow('unknown-client');
    expect(watched.complaints.filter((one) => !one.includes('422'))).toEqual([]);
  });
});
