import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasSoftHsm, SoftHsm } from '../../certs/pkcs11/testing/soft-hsm.ts';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { signIn } from '../../gateway/console/testing/second-factor.ts';
import { answerPage, enterCode } from '../../gateway/first-start/testing/by-page.ts';
import { findFaults } from '../../gateway/first-start/testing/examine.ts';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { freePorts } from '../../gateway/http/testing/free-ports.ts';
import { startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import { Programs } from '../../gateway/journeys/testing/programs.ts';
import { type AdminClient, adminClient } from '../../pilot/index.ts';
import { issueCertificate } from './testing/issue-certificate.ts';

const password = 'four words of oil';
const pin = 'Correct-Horse-7';
const devicePin = '12345678';
const host = '127.0.0.3';
const harbour = 'PILOT:GOV:1010';
const vessels = `${harbour}:vessels`;
const portal = 'PILOT:MUN:2001:portal';
const service = `/clients/${encodeURIComponent(vessels)}/services/berths`;
const description = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'Berths of the harbour', version: '1' },
  servers: [{ url: 'https://berths.example/v1' }],
  paths: { '/berths': { get: {}, post: {} }, '/berths/{number}': { get: {} } },
});

/**
 * What the administrator of a new security server does, one after the other, in its console: from an empty folder to a
 * service that another administration calls, is refused, and calls again.
 */
describe.skipIf(!hasChromium() || !hasSoftHsm())(
  'the way of an administrator (needs chromium, softhsm2)',
  () => {
    const programs = new Programs();
    let network: TestNetwork;
    let hsm: SoftHsm;
    let folder: string;
    let berths: Listening;
    let browser: Browser;
    /** Of the harbour, whose administrator is bert. */
    let own: WatchedPage;
    let ownUrl: string;
    /** Of the city, whose administrator is anna. */
    let city: WatchedPage;
    /** What the service of the harbour was asked for. */
    const asked: string[] = [];

    beforeAll(async () => {
      network = await startNetwork();
      hsm = new SoftHsm();
      hsm.addToken('harbour', devicePin);
      folder = await mkdtemp(join(tmpdir(), 'waygate-walk-'));
      const server = createServer((incoming, outgoing) => {
        asked.push(`${incoming.method} ${incoming.url}`);
        outgoing.setHeader('content-type', 'text/plain').end('free until noon');
      });
      berths = await listen(server, '127.0.0.1', 0, 'none');
      const role = { name: 'anna', password, roles: ['service-administrator'] };
      await network.cityAdmin.post('/users', role);
      browser = await launchBrowser();
      city = await WatchedPage.open(await browser.newContext(), network.city.adminUrl);
      await signIn(city, network.city.adminUrl, { name: 'anna', password });
    }, 120_000);
    afterAll(async () => {
      await browser?.close();
      programs.end('SIGKILL');
      await berths?.close(0);
      await network?.close();
      hsm?.remove();
      await rm(folder, { recursive: true, force: true });
    });

    const text = async (page: Page) => (await page.textContent('main')) ?? '';
    const press = async (page: Page, name: string) => {
      await page.getByRole('main').getByRole('button', { name, exact: true }).first().click();
      await page.waitForLoadState();
    };
    const follow = async (page: Page, name: string) => {
      await page.getByRole('main').getByRole('link', { name, exact: true }).first().click();
      await page.waitForLoadState();
    };
    /** Through the navigation, which every page has. */
    const go = async (page: Page, name: string) => {
      await page.getByRole('navigation').getByRole('link', { name, exact: true }).first().click();
      await page.waitForLoadState();
    };
    const isSaid = (words: string) =>
      own.page.locator('#join').getByText(words).first().waitFor({ timeout: 90_000 });

    async function invite(): Promise<{ readonly id: string; readonly invitation: string }> {
      return network.registryAdmin.post('/invitations', {
        ...{ memberClass: 'GOV', memberCode: '1010', memberName: 'Harbour', contact: 'bert@harbour.example' },
      });
    }

    async function startOnEmptyFolder(): Promise<void> {
      const ports = await freePorts(3);
      const { module, environment } = hsm;
      const settings = join(folder, 'harbour.yaml');
      await writeFile(
        settings,
        JSON.stringify({
          ...{ data: join(folder, 'harbour'), peerHost: host, peerPort: network.ports.peers },
          ...{ instancePeerPort: network.ports.peers, configurationPollSeconds: 0.5, logLevel: 'warn' },
          ...{ clientPort: ports, clientTlsPort: ports + 1, adminPort: ports + 2 },
          tokens: [{ module, environment, label: 'harbour' }],
        }),
      );
      const run = programs.run('server', 'start', '--settings', settings, '--json');
      await run.until('adminUrl');
      ownUrl = (JSON.parse(run.out()) as { adminUrl: string }).adminUrl;
    }

    it('joins with an invitation, its key for signing in a device, and gets its certificates', async () => {
      const { id, invitation } = await invite();
      await startOnEmptyFolder();
      own = await WatchedPage.open(await browser.newContext(), ownUrl);
      const { page } = own;
      await page.goto(ownUrl);
      await enterCode(own, join(folder, 'harbour'));
      const faults = [...(await findFaults(own))];
      await answerPage(own, {
        ...{ invitation, address: host, subsystem: 'vessels', subsystemName: 'Vessel register' },
        ...{ signingToken: 'harbour', administrator: 'bert' },
      });
      expect(await text(page)).toContain('Device harbour');
      const passwords = { administratorPassword: password, administratorPasswordAgain: password };
      await answerPage(own, { pin, pinAgain: pin, ...passwords });
      await page.waitForURL('**/sign-in?next=%2Fjoin', { timeout: 60_000 });
      await page.fill('#field-name', 'bert');
      await page.fill('#field-password', password);
      await page.keyboard.press('Enter');
      await page.waitForURL('**/join');
      await isSaid('the device harbour, for the key for signing, waits for its PIN');
      faults.push(...(await findFaults(own)));
      await follow(page, 'To the tokens');
      await follow(page, 'harbour');
      await page.fill('#field-pin', devicePin);
      await press(page, 'Sign in');
      expect(await text(page)).toContain('The token is signed in.');
      await page.goto(`${ownUrl}/join`);
      await isSaid('waits for the registration officer');
      await network.registryAdmin.post(`/invitations/${id}/approve`);
      await isSaid('This server has joined');
      expect(faults).toEqual([]);
      // Whose roles change signs in anew.
      await page.goto(`${ownUrl}/people/bert`);
      for (const role of ['registration-officer', 'security-officer', 'service-administrator']) {
        await page.locator(`main [name="roles"][value="${role}"]`).check();
      }
      await page
        .locator('main form', { has: page.locator('[name="roles"]') })
        .getByRole('button')
        .click();
      await page.waitForURL('**/sign-in*');
      await signIn(own, ownUrl, { name: 'bert', password });
    }, 240_000);

    it('makes another key in the device, takes its request to the authority, and imports the certificate', async () => {
      const { page } = own;
      await go(page, 'Tokens');
      await follow(page, 'harbour');
      expect(await page.locator('main a[href^="/keys/"]:has-text("signing")').count()).toBe(1);
      await follow(page, 'New key');
      await page.selectOption('#field-use', 'signing');
      await page.fill('#field-label', 'for the years to come');
      await page.selectOption('#field-spec', 'P-384');
      await press(page, 'Make the key');
      await page.selectOption('#field-member', harbour);
      await press(page, 'Go on');
      await press(page, 'Make the request');
      expect(await text(page)).toContain('The request is made.');
      const downloading = page.waitForEvent('download');
      await follow(page, 'Download the request');
      const request = await readFile(await (await downloading).path(), 'utf8');
      const authority = `http://127.0.0.1:${network.ports.authority}`;
      const applicant = { memberClass: 'GOV', memberCode: '1010', memberName: 'Harbour' };
      const certificate = await issueCertificate(authority, network.data, request, 'signing', {
        ...{ ...applicant, serverCode: 'ss1', dnsName: host },
      });
      await follow(page, 'Import a certificate');
      const file = {
        name: 'harbour.pem',
        mimeType: 'application/x-pem-file',
        buffer: Buffer.from(certificate),
      };
      await page.setInputFiles('#field-certificate', file);
      await press(page, 'Import a certificate');
      expect(await text(page)).toContain('The certificate is taken in.');
    });

    it('publishes a service from an OpenAPI file', async () => {
      const { page } = own;
      await go(page, 'Clients');
      await follow(page, vessels);
      await page.click('a.wg-card[href$="/services"]');
      await follow(page, 'From an OpenAPI description');
      await page.fill('#field-service', 'berths');
      const file = { name: 'berths.json', mimeType: 'application/json', buffer: Buffer.from(description) };
      await page.setInputFiles('#field-document', file);
      await press(page, 'Look at it');
      expect(await text(page)).toContain('GET /berths/*');
      await page.fill('#field-address', `http://127.0.0.1:${berths.port}/v1`);
      await press(page, 'Accept');
      expect(await text(page)).toContain('GET /berths/*');
    });

    /** On the page of who may use the service. */
    async function giveUntil(until: Date): Promise<void> {
      const { page } = own;
      await page.fill('#field-q', 'portal');
      await press(page, 'Find');
      await page.selectOption('#field-subject', `SUBSYSTEM:${portal}`);
      await page.check('input[value="GET /berths/*"]');
      await page.fill('#field-validUntil', until.toISOString().slice(0, 19));
      await press(page, 'Give a right');
      expect(await text(page)).toContain('The right is given.');
    }
    const later = (ms: number) => new Date(Date.now() + ms);

    /** Calls from the page of the city, for real. @returns the message id */
    async function tryIt(path = '/berths/7'): Promise<string> {
      const { page } = city;
      await go(page, 'Try a call');
      await page.selectOption('#field-client', portal);
      await page.fill('#field-provider', vessels);
      await page.fill('#field-serviceCode', 'berths');
      await page.fill('#field-path', path);
      await press(page, 'Call');
      return (await page.getByRole('main').locator('dd code').first().textContent()) ?? '';
    }

    it('gives one endpoint to one subsystem, whose administrator calls that, and nothing else', async () => {
      await own.page.goto(`${ownUrl}${service}/access`);
      await giveUntil(later(3_600_000));
      await tryIt();
      expect(await text(city.page)).toContain('The service answered');
      expect(await text(city.page)).toContain('free until noon');
      expect(asked).toEqual(['GET /v1/berths/7']);
      expect(await city.findBarriers()).toEqual([]);
      await tryIt('/berths');
      expect(await text(city.page)).toContain('server.serverproxy.access_denied');
      expect(asked).toHaveLength(1);
    });

    let refused = '';
    it('the call is refused when the right has ended', async () => {
      const until = later(6_000);
      await giveUntil(until);
      do refused = await tryIt();
      while ((await text(city.page)).includes('The service answered'));
      expect(Date.now()).toBeGreaterThanOrEqual(Math.floor(until.getTime() / 1000) * 1000);
      expect(await text(city.page)).toContain('server.serverproxy.access_denied');
      // What the calling side decides it lets pass, and says who else decides.
      await follow(city.page, 'Why? Explain this call');
      expect(await text(city.page)).toContain('the provider’s server decides about access');
    });

    it('it is explained to the provider by its message id, with the right that ended and who can mend it', async () => {
      const { page } = own;
      await go(page, 'Explain');
      await page.fill('#field-messageId', refused);
      await press(page, 'Look');
      const shown = await text(page);
      for (const part of [
        'server.serverproxy.access_denied',
        'The client has a right',
        'ended, until',
        'a service administrator of this server',
      ]) {
        expect(shown).toContain(part);
      }
      expect(await own.findBarriers()).toEqual([]);
    });

    it('is mended from there, and answered again', async () => {
      const { page } = own;
      await follow(page, 'Go to where it is mended');
      await page.waitForURL(/\/services\/berths\/access/);
      await giveUntil(later(3_600_000));
      const before = asked.length;
      await tryIt();
      expect(await text(city.page)).toContain('free until noon');
      expect(asked.slice(before)).toEqual(['GET /v1/berths/7']);
      expect([city.complaints, own.complaints, city.elsewhere, own.elsewhere]).toEqual([[], [], [], []]);
    });

    it('is in the audit logs: who called in whose name, and who read how it ended', async () => {
      const events = (admin: AdminClient) => admin.get<readonly object[]>('/audit-events');
      expect(await events(network.cityAdmin)).toContainEqual(
        expect.objectContaining({
          ...{ action: 'trial.call', target: refused, outcome: 'done' },
          detail: expect.objectContaining({ client: portal, serviceCode: 'berths' }),
        }),
      );
      const key = (await readFile(join(folder, 'harbour', 'api-key'), 'utf8')).trim();
      expect(await events(adminClient(ownUrl, key))).toContainEqual(
        expect.objectContaining({ action: 'exchange.explain', target: refused, outcome: 'done' }),
      );
    });
  },
);
