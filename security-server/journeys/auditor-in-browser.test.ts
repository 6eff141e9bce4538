import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSoftwareToken } from '../../certs/token/index.ts';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { freePorts } from '../../gateway/http/testing/free-ports.ts';
import { adminClient } from '../../pilot/admin-client.ts';
import { type PilotNetwork, portCount, startPilot } from '../../pilot/index.ts';
import { loadOrMakeSecrets } from '../../pilot/secrets.ts';
import { SqliteMessageLog } from '../message-log/index.ts';
import { startLogBench } from '../testing/log-bench.ts';
import { fillLog } from '../testing/log-generator.ts';

const password = 'four words of oil';
const records = 100_000;

/** Whoever audits has the role of an auditor, a browser, and what the pages say. */
describe.skipIf(!hasChromium())('an auditor, in a browser (needs chromium)', () => {
  const data = mkdtempSync(join(tmpdir(), 'waygate-auditor-'));
  const judge = join(data, 'judge.html');
  let network: PilotNetwork;
  let browser: Browser;
  let watched: WatchedPage;
  let evidence: Buffer;
  let url: string;

  beforeAll(async () => {
    const portBase = await freePorts(portCount);
    const start = () => startPilot({ data, portBase, onStep: () => undefined, onTrouble: () => undefined });
    network = await start();
    const headers = {
      ...{ 'x-road-client': 'PILOT/MUN/2001/portal', 'x-road-userid': 'EE38001085718' },
      ...{ 'x-road-issue': 'complaint 2026/117', 'x-road-id': 'the-one' },
    };
    const path = '/r1/PILOT/GOV/1001/population/register/persons/P-1001';
    const answer = await fetch(`${network.city.clientUrl}${path}`, { headers });
    expect(answer.status).toBe(200);
    // By the authority of its own time: those that come later are stamped by another.
    await adminClient(network.ministry.adminUrl, network.ministry.apiKey).post('/timestamps');
    await network.close();
    await fillLater(data);
    network = await start();
    url = network.ministry.adminUrl;
    const admin = adminClient(url, network.ministry.apiKey);
    await admin.post('/users', { name: 'otto', password, roles: ['auditor'] });
    browser = await launchBrowser();
    watched = await WatchedPage.open(await browser.newContext({ acceptDownloads: true }), url);
  }, 600_000);

  afterAll(async () => {
    await browser?.close();
    await network?.close();
    rmSync(data, { recursive: true, force: true });
  });

  it('finds one exchange among a hundred thousand by its issue', async () => {
    const { page } = watched;
    await page.goto(`${url}/`);
    await page.fill('#field-name', 'otto');
    await page.fill('#field-password', password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}/`);
    await page.getByRole('link', { name: 'Exchanges' }).click();
    await page.getByLabel('Issue').fill('complaint 2026/117');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    const rows = page.locator('#messages-rows tr');
    expect(await rows.count()).toBe(2);
    await rows.first().getByRole('link', { name: 'the-one' }).click();
    await page.waitForURL(`${url}/evidence/exchanges/the-one`);
  });

  it('reads what happened, and that it is proven', async () => {
    const { page } = watched;
    expect(await page.textContent('main')).toContain('The evidence is good');
    const told = await page.locator('.wg-told').first().textContent();
    expect(told).toContain("on behalf of its user 'EE38001085718', concerning 'complaint 2026/117'");
    expect(
      await page
        .getByRole('group')
        .filter({ hasText: /^good:/ })
        .count(),
    ).toBeGreaterThan(5);
    expect(await watched.findBarriers()).toEqual([]);
  });

  it('takes the evidence and the page that judges it away, telling what for', async () => {
    const { page } = watched;
    const form = page.locator('form', { has: page.locator('[name="purpose"]') });
    await form.locator('[name="purpose"]').fill('complaint 2026/117 of a citizen');
    evidence = await save(page, () => form.locator('button').click());
    await page.getByRole('link', { name: 'Export' }).click();
    writeFileSync(judge, await save(page, () => page.click('a[href="/evidence/judge.html"]')));
    expect(watched.complaints).toEqual([]);
    const told = await adminClient(url, network.ministry.apiKey).get<readonly object[]>('/audit-events');
    expect(told).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ action: 'evidence.search', outcome: 'done' }),
        expect.objectContaining({ action: 'evidence.show', target: 'the-one' }),
        expect.objectContaining({ action: 'evidence.export', target: 'the-one' }),
      ]),
    );
  });

  it('judges it from disk with the network off: good, and with one byte changed not', async () => {
    const context = await browser.newContext();
    await context.setOffline(true);
    const page = await context.newPage();
    await page.goto(pathToFileURL(judge).href);
    const judged = async (bytes: Buffer) => {
      const file = { name: 'exchange.evidence.zip', mimeType: 'application/zip', buffer: bytes };
      await page.setInputFiles('#file-input', file);
      await page.waitForSelector('body[data-state="done"]');
      return page.locator('#verdict').textContent();
    };
    const good = await judged(evidence);
    const changed = Buffer.from(evidence);
    const middle = Math.floor(changed.length / 2);
    changed.writeUInt8(changed.readUInt8(middle) ^ 1, middle);
    const bad = await judged(changed);
    expect([good, bad]).toEqual(['Valid', 'Not valid']);
  });
});

async function save(page: Page, act: () => Promise<void>): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  return readFileSync(await download.path());
}

/** Records messages of others after what is there, through the log's own door. */
async function fillLater(data: string): Promise<void> {
  const bench = await startLogBench();
  const template = await bench.entry('template', Buffer.from('a body'));
  const token = await openSoftwareToken(join(data, 'ministry', 'token'));
  await token.activate((await loadOrMakeSecrets(data)).ministry);
  const failures: unknown[] = [];
  let at = Date.now();
  const log = await SqliteMessageLog.open({
    ...{ dir: join(data, 'ministry', 'messages'), origin: 'PILOT/GOV/1001/ss1/messages', token },
    configuration: { current: () => bench.services.configuration },
    configurationId: () => 'ab'.repeat(32),
    bodyPolicy: () => ({ kind: 'keep' }),
    strippedHead: ({ head }) => head,
    ...{ timestampUrls: [], acceptableTimestampFailureMs: 0, now: () => new Date(at) },
    onTimestampFailure: (error) => failures.push(error),
    onTrouble: (error) => failures.push(error),
  });
  const setClock = (to: number) => {
    at = to;
  };
  await fillLog({ log, template, count: records, setClock, fromMs: at, toMs: at + 1_000 });
  await log.close();
  await bench.close();
  expect(failures).toEqual([]);
}
