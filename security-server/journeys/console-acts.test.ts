import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { choose, confirm, follow, send, tabTo, type } from '../../gateway/console/testing/by-keyboard.ts';
import { signIn } from '../../gateway/console/testing/second-factor.ts';
import { roles } from '../../gateway/http/index.ts';
import { startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import { loadOrMakeSecrets } from '../../pilot/index.ts';
import { fillServer } from './testing/fill-server.ts';
import { issueCertificate } from './testing/issue-certificate.ts';

const password = 'four words of oil';
const pathOf = (code: string) => `/clients/${encodeURIComponent(`PILOT:GOV:1001:${code}`)}`;
const population = pathOf('population');
const cadastre = pathOf('cadastre');
const archive = `${population}/services/archive`;

/** Every kind of act that is asked about once, and every ordinary form, done without a mouse. */
describe.skipIf(!hasChromium())(
  'work at the console of a security server by keyboard alone (needs chromium)',
  () => {
    let network: TestNetwork;
    let browser: Browser;
    /** In which the acts are done. */
    let watched: WatchedPage;
    const opened: WatchedPage[] = [];
    let page: Page;
    let url: string;
    const admin = () => network.ministryAdmin;

    beforeAll(async () => {
      network = await startNetwork();
      await admin().post('/users', { name: 'anna', password, roles });
      await fillServer(network);
      browser = await launchBrowser();
      await openConsole(network.ministry.adminUrl);
    }, 240_000);
    afterAll(async () => {
      await browser?.close();
      await network?.close();
      expect(opened.flatMap(({ complaints, elsewhere }) => [...complaints, ...elsewhere])).toEqual([]);
    });

    async function openConsole(of: string): Promise<void> {
      url = of;
      watched = await WatchedPage.open(await browser.newContext(), url);
      opened.push(watched);
      page = watched.page;
      await signIn(watched, url, { name: 'anna', password });
    }

    /** Led to from a page, read, said to be meant, and done. @param done what the address says afterwards */
    async function act(
      from: string,
      href: string,
      done: RegExp,
      fields: Readonly<Record<string, string>> = {},
    ) {
      await page.goto(url + from);
      await follow(page, href);
      expect(await watched.findFaults(200)).toBeUndefined();
      await Promise.all([page.waitForEvent('domcontentloaded'), confirm(page, fields)]);
      expect(await page.locator('.ds-error-summary').allTextContents()).toEqual([]);
      await page.waitForURL(done);
      expect(await watched.findFaults(200)).toBeUndefined();
    }
    /** The first link of a page that ends so. */
    async function hrefOn(from: string, end: string): Promise<string> {
      await page.goto(url + from);
      return (await page.getAttribute(`main a[href$="${end}"]`, 'href')) ?? '';
    }
    const text = async () => (await page.textContent('main')) ?? '';
    const clientOf = (path: string) =>
      admin().get<{
        readonly status: string;
        readonly connectionType: string;
        readonly certificates: object[];
        readonly registry?: { readonly isShown: boolean };
      }>(path);
    /** The registry decides by itself here, and what it decided has to be published and fetched. */
    const becomes = (path: string, status: string) =>
      expect
        .poll(
          async () => {
            await admin().post('/configuration/refresh');
            await admin().post('/management-requests/refresh');
            const { status: now, registry } = await clientOf(path);
            // What the page shows of the registry is part of what its form changes.
            return now === 'registered' && registry?.isShown !== true ? 'not shown yet' : now;
          },
          { timeout: 60_000 },
        )
        .toBe(status);

    it('a client is added, connected otherwise, and given a group with a member', async () => {
      await page.goto(`${url}/clients`);
      await follow(page, '/clients/add');
      await type(page, 'client', 'PILOT:GOV:1001:lakes');
      await type(page, 'name', 'Lakes');
      await send(page);
      await becomes(pathOf('lakes'), 'registered');
      await page.goto(url + pathOf('lakes'));
      await choose(page, 'connectionType', 'SSLNOAUTH');
      await send(page);
      expect(await clientOf(pathOf('lakes'))).toMatchObject({ connectionType: 'SSLNOAUTH' });
      await page.goto(`${url}${pathOf('lakes')}/groups`);
      await type(page, 'code', 'anglers');
      await type(page, 'description', 'Who fish');
      await send(page);
      await page.goto(`${url}${pathOf('lakes')}/groups/anglers`);
      await type(page, 'q', 'portal');
      await send(page);
      await choose(page, 'member', 'SUBSYSTEM:PILOT:MUN:2001:portal');
      await send(page);
      expect(await admin().get(`${pathOf('lakes')}/local-groups/anglers`)).toMatchObject({
        ...{ description: 'Who fish', members: ['PILOT:MUN:2001:portal'] },
      });
    });

    it('a service is published by its address, with an endpoint and a notice, and one endpoint is given', async () => {
      const services = `${pathOf('lakes')}/services`;
      await page.goto(url + services);
      await follow(page, `${pathOf('lakes')}/add-service`);
      await type(page, 'service', 'levels');
      await type(page, 'url', 'http://127.0.0.1:1/levels');
      await send(page);
      await page.goto(`${url}${services}/levels`);
      await follow(page, `${services}/levels/add-endpoint`);
      await type(page, 'path', '/levels/*');
      await send(page);
      await type(page, 'notice', 'Frozen until March');
      await send(page);
      await page.goto(`${url}${services}/levels/access`);
      await type(page, 'q', 'portal');
      await send(page);
      await choose(page, 'subject', 'SUBSYSTEM:PILOT:MUN:2001:portal');
      await tabTo(page, 'input[value="GET /levels/*"]');
      await page.keyboard.press('Space');
      await send(page);
      expect(await text()).toContain('The right is given.');
      expect(await admin().get(`${services}/levels`)).toMatchObject({
        ...{ disabledNotice: 'Frozen until March', endpoints: [{ method: 'GET', path: '/levels/*' }] },
      });
    });

    it('a key is made and its request written; a token signs otherwise', async () => {
      await page.goto(`${url}/keys`);
      await follow(page, '/keys/new');
      await choose(page, 'use', 'signing');
      await type(page, 'label', 'by keyboard');
      await choose(page, 'spec', 'P-384');
      await send(page);
      await choose(page, 'member', 'PILOT:GOV:1001');
      await send(page);
      await send(page);
      await page.waitForURL(/done=requested/);
      await page.goto(`${url}/tokens/software`);
      await choose(page, 'signing', 'single');
      await send(page);
      expect(await admin().get('/tokens')).toMatchObject([{ signing: 'single' }]);
    });

    it('a call is tried, an exchange explained, and its evidence found', async () => {
      await page.goto(`${url}/try-it`);
      await choose(page, 'client', 'PILOT:GOV:1001:population');
      await type(page, 'provider', 'PILOT:GOV:1001:population');
      await type(page, 'serviceCode', 'listMethods');
      await send(page);
      expect(await text()).toContain('The service answered');
      await page.goto(`${url}/explain`);
      await type(page, 'messageId', 'first-1');
      await send(page);
      expect(await text()).toContain('It succeeded');
    });

    it('enable, rename, disable, unregister and delete: a client', async () => {
      const inspection = pathOf('inspection');
      await act(inspection, `${inspection}/enable`, /done=asked/);
      await becomes(inspection, 'registered');
      const lakes = pathOf('lakes');
      await act(lakes, `${lakes}/rename`, /done=asked/, { subsystemName: 'Lakes and rivers' });
      await act(lakes, `${lakes}/disable`, /done=asked/);
      await becomes(lakes, 'disabled');
      await act(lakes, `${lakes}/unregister`, /done=asked/);
      await becomes(lakes, 'saved');
      await act(lakes, `${lakes}/delete`, /\/clients\?done=removed/);
      await expect(clientOf(lakes)).rejects.toThrow('unknown-client');
      await act(cadastre, `${cadastre}/register`, /done=asked/, { subsystemName: 'Cadastre' });
      await becomes(cadastre, 'registered');
    });

    it('remove: a certificate of an information system, a member of a group, and the group', async () => {
      await act(cadastre, await hrefOn(cadastre, '/remove'), /done=saved/);
      expect((await clientOf(cadastre)).certificates).toEqual([]);
      const trial = `${population}/groups/trial`;
      const permits = encodeURIComponent('PILOT:MUN:2001:permits');
      await act(trial, `${trial}/members/${permits}/remove`, /done=saved/);
      await act(trial, `${trial}/remove`, /\/groups\?done=saved/);
      expect(await admin().get(`${population}/local-groups`)).toEqual([]);
    });

    it('withdraw and remove: a right, a certificate of a service, an endpoint, and the service', async () => {
      await act(`${archive}/access`, await hrefOn(`${archive}/access`, '/take'), /done=taken/);
      const certificate =
        (await hrefOn(archive, '/remove')) &&
        (await page.getAttribute('main a[href*="/certificates/"]', 'href'));
      await act(archive, certificate ?? '', /done=saved/);
      const endpoint = await page.getAttribute('main a[href*="/remove-endpoint/"]', 'href');
      await act(archive, endpoint ?? '', /done=saved/);
      expect(await admin().get(archive)).toMatchObject({ certificates: [], endpoints: [] });
      await act(archive, `${archive}/remove`, /\/services\?done=/);
      await expect(admin().get(archive)).rejects.toThrow('unknown-service');
    });

    it('switch off and on, remove: a certificate; and the key that it is for', async () => {
      const spec = { type: 'ec', curve: 'P-256' };
      const key = await admin().post<{ readonly id: string }>('/keys', { label: 'more', spec });
      const { request } = await admin().post<{ readonly request: string }>(`/keys/${key.id}/requests`, {
        subject: { O: 'Ministry', CN: 'ss1' },
      });
      const ministry = { memberClass: 'GOV', memberCode: '1001', memberName: 'Ministry' };
      const certificate = await issueCertificate(
        ...([`http://127.0.0.1:${network.ports.authority}`, network.data, request, 'signing'] as const),
        { ...ministry, serverCode: 'ss1', dnsName: '127.0.0.1' },
      );
      const { sha256 } = await admin().post<{ readonly sha256: string }>('/certificates', { certificate });
      const path = `/certificates/${sha256}`;
      const isActive = async () => (await admin().get<{ readonly isActive: boolean }>(path)).isActive;
      const isOn = await isActive();
      if (!isOn) await act(path, `${path}/switch-on`, /done=switched/);
      await act(path, `${path}/switch-off`, /done=switched/);
      expect(await isActive()).toBe(false);
      await act(path, `${path}/switch-on`, /done=switched/);
      expect(await isActive()).toBe(true);
      await act(path, `${path}/switch-off`, /done=switched/);
      await act(path, `${path}/remove`, /\/certificates\?done=removed/);
      await act(`/keys/${key.id}`, `/keys/${key.id}/remove`, /\/keys\?done=removed/);
    });

    it('check and remove: a backup; revoke: an API key; make anew: the key of internal TLS', async () => {
      const [backup] = await admin().get<readonly { readonly name: string }[]>('/backups');
      const path = `/backups/${backup?.name}`;
      await act(path, `${path}/check`, /found=whole/);
      await act(path, `${path}/remove`, /\/backups\?done=removed/);
      await act('/api-keys', await hrefOn('/api-keys', '/revoke'), /done=revoked/);
      await act('/internal-tls', '/internal-tls/new-key', /done=made/, { names: 'ss1.example' });
      expect(await admin().get('/internal-certificate')).toMatchObject({ names: ['ss1.example'] });
    });

    it('sign out: a token, which is signed in again, and whose PIN is changed', async () => {
      await act('/tokens/software', '/tokens/software/sign-out', /done=signed-out/);
      const { ministry: pin } = await loadOrMakeSecrets(network.data);
      await type(page, 'pin', pin);
      await send(page);
      expect(await admin().get('/tokens')).toMatchObject([{ isActive: true }]);
      await follow(page, '/tokens/software/pin');
      const next = 'Another-Horse-8';
      await type(page, 'pin', pin);
      await type(page, 'newPin', next);
      await type(page, 'newPinAgain', next);
      await send(page);
      await page.waitForURL(/done=pin-changed/);
    });

    it('begin and end: maintenance, which the registry is asked for; move: another server, for the ministry’s takes these requests', async () => {
      await network.cityAdmin.post('/users', { name: 'anna', password, roles });
      await openConsole(network.city.adminUrl);
      await act('/requests', '/requests/maintenance', /\/requests\/\d+$/, { message: 'Until noon' });
      await act('/requests', '/requests/maintenance-end', /\/requests\/\d+$/);
      await act('/requests', '/requests/address', /\/requests\/\d+$/, { address: 'localhost' });
      const asked =
        await network.cityAdmin.get<readonly { readonly kind: string; readonly address?: string }[]>(
          '/management-requests',
        );
      expect(asked.slice(0, 3)).toMatchObject([
        { kind: 'addressChange', address: 'localhost' },
        { kind: 'maintenanceModeDisable' },
        { kind: 'maintenanceModeEnable', message: 'Until noon' },
      ]);
    });
  },
);
