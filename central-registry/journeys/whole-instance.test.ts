import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { Pictures } from '../../gateway/console/testing/pictures.ts';
import { answerPage, enterCode } from '../../gateway/first-start/testing/by-page.ts';
import { findFaults } from '../../gateway/first-start/testing/examine.ts';
import { freePorts } from '../../gateway/http/testing/free-ports.ts';
import { commandsOf, finished, type ProgramRun, Programs } from '../../gateway/journeys/testing/programs.ts';

const password = 'four words of oil';
const pin = 'Correct-Horse-7';
const provider = 'CITY:GOV:1001:management';

/** From nothing to an instance at work: its officer does everything in a browser, and each program is one of its own. */
describe.skipIf(!hasChromium())('an instance, in a browser (needs chromium)', () => {
  const programs = new Programs();
  const pictures = new Pictures('first');
  let folder: string;
  let ports: number;
  let browser: Browser;
  let watched: WatchedPage;
  const url = () => `http://127.0.0.1:${ports}`;
  const pinFile = () => join(folder, 'pin.txt');
  const authority = { url: '', ocspUrl: '', tsaUrl: '' };
  /** Ports of the client side of the servers that joined. */
  const clientPorts = new Map<string, number>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waygate-instance-'));
    ports = await freePorts(24);
    await writeFile(pinFile(), `${pin}\n`);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    programs.end('SIGKILL');
    pictures.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function signIn(path: string): Promise<void> {
    const { page } = watched;
    await page.goto(url() + path);
    await page.waitForURL('**/sign-in*');
    await page.fill('#field-name', 'anna');
    await page.fill('#field-password', password);
    await page.keyboard.press('Enter');
    await page.waitForURL(url() + path);
  }

  /** Fills in the form of a page that has these fields and sends it; harm that is asked about is meant. */
  async function fill(path: string, values: Readonly<Record<string, string>>): Promise<void> {
    const { page } = watched;
    await page.goto(url() + path);
    const [first = 'confirmed'] = Object.keys(values);
    for (const [name, value] of Object.entries(values)) {
      const choice = page.locator(`main select[name="${name}"]`);
      if ((await choice.count()) > 0) await choice.selectOption(value);
      else await page.locator(`main [name="${name}"]`).fill(value);
    }
    await send(first);
  }

  /** @param name of a field of the form */
  async function send(name: string): Promise<void> {
    const { page } = watched;
    const form = page.locator('main form', { has: page.locator(`[name="${name}"]`) });
    const confirmation = form.locator('[name="confirmed"]');
    if ((await confirmation.count()) > 0) await confirmation.check();
    await form.locator('button[type=submit]').click();
    await page.waitForLoadState();
    const problems = await page.locator('.ds-error-summary').allTextContents();
    const isAsked = (await page.locator('main [name="confirmed"]').count()) > 0;
    if (problems.length > 0 && isAsked && (await confirmation.isChecked()) === false) return send(name);
    expect(problems).toEqual([]);
  }

  /** Taken when all else was looked at: it changes the page. */
  async function picture(page: Page, name: string): Promise<void> {
    await page.evaluate('(document.activeElement?.blur(), scrollTo(0, 0))');
    await pictures.take(page, name);
  }

  it('is founded in a browser, with an authority of its own', async () => {
    const commands = await commandsOf('README.md', '## Found an instance');
    expect(commands).toHaveLength(3);
    const [initRegistry = '', startAuthority = '', startRegistry = ''] = commands;
    const data = join(folder, 'registry');
    const settings = join(folder, 'registry.yaml');
    await writeFile(join(folder, 'password.txt'), password);
    await writeFile(join(folder, 'authority-pin.txt'), `${pin}\n`);
    await writeFile(
      settings,
      JSON.stringify({
        ...{ adminPort: ports, configurationPort: ports + 1, configurationHost: '127.0.0.1' },
        ...{ managementPort: ports + 2, registrationPort: ports + 3, registrationHost: '127.0.0.1' },
        ...{ joinAddresses: 'loopback', joinPorts: String(ports + 4) },
      }),
    );
    const base = `http://127.0.0.1:${ports + 23}`;
    // Where things are is all that differs from what a reader does, and that he founds the instance in a browser: the
    // registry is started in another folder than the one that is founded at the terminal, and is told no PIN.
    const run = (command: string) =>
      programs.shell(
        command
          .replace('http://registry.example:4050', base)
          .replace('--host 0.0.0.0', `--host 127.0.0.1 --port ${ports + 23}`)
          .replace(
            'start --data /var/lib/waygate/registry --pin-file pin.txt',
            `start --settings ${settings} --data ${data}`,
          )
          .replace('init --data /var/lib/waygate/registry', `init --data ${folder}/without-browser`)
          .replaceAll('/var/lib/waygate', folder)
          .replace('registry.example', '127.0.0.1'),
        folder,
      );
    const founded = await run(initRegistry);
    expect(founded).toContain('The registry of instance CITY is founded');
    expect(founded).toContain(`waygate authority start --data ${folder}/authority`);
    const serving = [run(startAuthority), run(startRegistry)];
    const failed = Promise.race(serving.map((one) => one.catch((error: unknown) => error)));
    await Promise.race([failed.then((error) => Promise.reject(error)), reached(`${url()}/health/live`)]);
    Object.assign(authority, { url: base, ocspUrl: `${base}/ocsp`, tsaUrl: `${base}/tsa` });
    watched = await WatchedPage.open(await browser.newContext(), url());
    const { page } = watched;
    await page.goto(url());
    await page.waitForURL('**/sign-in');
    const faults = [...(await findFaults(watched))];
    await picture(page, 'code');
    await enterCode(watched, data);
    faults.push(...(await findFaults(watched)));
    await answerPage(watched, { instance: 'CI TY/', address: '127.0.0.1', administrator: 'anna' });
    expect(await page.textContent('#problem-instance')).not.toBe('');
    await picture(page, 'founding');
    await answerPage(watched, { instance: 'CITY', memberClasses: 'GOV Government' });
    faults.push(...(await findFaults(watched)));
    await picture(page, 'secrets');
    const passwords = { administratorPassword: password, administratorPasswordAgain: password };
    await answerPage(watched, { pin: 'short', pinAgain: 'short', ...passwords });
    expect(await page.textContent('#problem-pin')).not.toBe('');
    faults.push(...(await findFaults(watched)));
    expect(faults).toEqual([]);
    // The browser writes a refused form into its own log: nobody's fault.
    expect(watched.complaints.splice(0).every((text) => text.includes('422'))).toBe(true);
    await answerPage(watched, { pin, pinAgain: pin, ...passwords });
    await page.waitForURL('**/sign-in');
    await signIn('/people/anna');
    for (const role of ['registration-officer', 'security-officer', 'system-administrator']) {
      await watched.page.locator(`main [name="roles"][value="${role}"]`).check();
    }
    await send('roles');
    // Whose roles change signs in anew.
    await signIn('/');
  }, 180_000);

  it('is told whom it trusts, who its operator is, and who takes management requests', async () => {
    const pem = (name: string) => readFile(join(folder, 'authority', `${name}.pem`), 'utf8');
    await fill('/trust-services/certification/new', {
      ...{ name: 'Rivertown CA', profile: 'BasicCertificateProfileInfoProvider' },
      ...{ certificate: await pem('ca'), url0: authority.ocspUrl },
    });
    await fill('/trust-services/timestamping/new', {
      ...{ name: 'Rivertown TSA', url: authority.tsaUrl, certificate: await pem('tsa') },
    });
    await fill('/members/new', { memberClass: 'GOV', memberCode: '1001', name: 'City of Rivertown' });
    await fill('/members/CITY%3AGOV%3A1001/subsystems/new', {
      code: 'management',
      name: 'Management services',
    });
    await fill('/settings', {
      managementServiceProvider: provider,
      managementServiceAddress: `https://127.0.0.1:${ports + 3}/managementservice/`,
    });
  }, 60_000);

  it('says what the next step is', async () => {
    await watched.page.goto(`${url()}/`);
    const todo = await watched.page.locator('.wg-todo li').allTextContents();
    expect(todo.filter((text) => text.includes(provider))).toHaveLength(1);
  });

  async function invite(memberCode: string, memberName: string): Promise<{ id: string; file: string }> {
    await fill('/invitations/new', {
      memberClass: 'GOV',
      memberCode,
      memberName,
      contact: 'anna@city.example',
    });
    const { page } = watched;
    const text = await page.locator('.wg-copyable code').first().textContent();
    const href = await page.locator('main a[href^="/invitations/"]').last().getAttribute('href');
    const file = join(folder, `invitation-${memberCode}.txt`);
    await writeFile(file, text ?? '');
    return { id: href?.split('/').at(-1) ?? '', file };
  }

  /** @param places whether the program is told where its PIN is */
  async function settingsOf(name: string, host: string, places: { readonly pinFile?: string } = {}) {
    const first = ports + 5 + clientPorts.size * 4;
    clientPorts.set(name, first);
    const file = join(folder, `${name}.yaml`);
    const settings = {
      ...{ data: join(folder, name), ...places, peerHost: host, peerPort: ports + 4 },
      ...{ instancePeerPort: ports + 4, clientPort: first, clientTlsPort: first + 1, adminPort: first + 2 },
      ...{ configurationPollSeconds: 0.5, logLevel: 'warn' },
    };
    await writeFile(file, JSON.stringify(settings));
    return ['--settings', file];
  }

  /** Invited in the browser, joins by a page of its own program, and waits for the officer. */
  async function joinInBrowser(code: string, name: string, host: string) {
    const { id, file } = await invite(code, name);
    const server = `server-${code}`;
    const settings = await settingsOf(server, host);
    const run = programs.run('server', 'start', ...settings, '--json');
    await run.until('adminUrl');
    const { adminUrl, code: firstCode } = JSON.parse(run.out()) as { adminUrl: string; code: string };
    const joiner = await WatchedPage.open(await browser.newContext(), adminUrl);
    const { page } = joiner;
    await page.goto(adminUrl);
    expect((await readFile(join(folder, server, 'first-start-code'), 'utf8')).trim()).toBe(firstCode);
    await enterCode(joiner, join(folder, server));
    const faults = [...(await findFaults(joiner))];
    const invitation = await readFile(file, 'utf8');
    await answerPage(joiner, {
      ...{ invitation, address: host, subsystem: 'data', subsystemName: 'Data', administrator: 'bert' },
    });
    expect(await page.textContent('main')).toContain(`${name} (GOV:${code})`);
    faults.push(...(await findFaults(joiner)));
    if (code === '1001') await picture(page, 'invitation');
    const passwords = { administratorPassword: password, administratorPasswordAgain: password };
    await answerPage(joiner, { pin, pinAgain: pin, ...passwords });
    // The page follows when the server is founded, whose people sign in.
    await page.waitForURL('**/sign-in?next=%2Fjoin', { timeout: 60_000 });
    await page.fill('#field-name', 'bert');
    await page.fill('#field-password', password);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/join');
    await page.getByText('waits for the registration officer').first().waitFor({ timeout: 60_000 });
    faults.push(...(await findFaults(joiner)));
    const request = await page.context().request.get(`${adminUrl}/join/requests/signing`);
    expect(await request.text()).toContain('BEGIN CERTIFICATE REQUEST');
    await page.goto(`${adminUrl}/join/certificates`);
    faults.push(...(await findFaults(joiner)));
    await page.goto(`${adminUrl}/join`);
    expect(faults).toEqual([]);
    if (code === '1001') await picture(page, 'joining');
    return { id, run, settings, joiner, adminUrl };
  }

  const isSaid = (joiner: WatchedPage, text: string) =>
    joiner.page.locator('#join').getByText(text).first().waitFor({ timeout: 90_000 });

  it('takes a first server in, which joins in a browser and takes its management requests', async () => {
    const first = await joinInBrowser('1001', 'City of Rivertown', '127.0.0.2');
    const { id, joiner, settings, adminUrl } = first;
    // Killed on its way, it goes on where it was, and waits for the PIN where it needs its keys.
    await joiner.page.goto('about:blank');
    await first.run.end('SIGKILL');
    const again: ProgramRun = programs.run('server', 'start', ...settings, '--json');
    await again.until('clientUrl');
    await fill(`/invitations/${id}/approve`, {});
    await joiner.page.goto(`${adminUrl}/join`);
    await isSaid(joiner, 'waits for its PIN');
    await joiner.page.goto(adminUrl);
    expect(await joiner.page.locator('.wg-todo a[href="/tokens"]').count()).toBe(1);
    expect(await joiner.page.locator('.wg-todo a[href="/join"]').count()).toBe(1);
    await enterPin(adminUrl, join(folder, 'server-1001'));
    await joiner.page.goto(`${adminUrl}/join`);
    await isSaid(joiner, 'This server has joined');
    expect([joiner.complaints, joiner.elsewhere]).toEqual([[], []]);
  }, 240_000);

  /** As whoever may read the data folder. */
  async function enterPin(adminUrl: string, data: string): Promise<void> {
    const key = (await readFile(join(data, 'api-key'), 'utf8')).trim();
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const status = await fetch(`${adminUrl}/api/v1/status`, { headers });
    const { token } = (await status.json()) as { token: { id: string } };
    const body = JSON.stringify({ pin });
    const path = `/api/v1/tokens/${token.id}/activation`;
    expect((await fetch(adminUrl + path, { method: 'POST', headers, body })).ok).toBe(true);
  }

  it('takes a second server in, which joins at a terminal', async () => {
    const { id, file } = await invite('1002', 'Harbour Office');
    const settings = await settingsOf('server-1002', '127.0.0.3', { pinFile: pinFile() });
    const begin = ['server', 'join', file, '--address', '127.0.0.3', '--subsystem', 'data=Data', ...settings];
    const joining = programs.run(...begin, '--json');
    await joining.until('waits for the registration officer');
    await fill(`/invitations/${id}/approve`, {});
    expect(JSON.parse(await finished(joining))).toMatchObject({ result: 'joined' });
    const server = programs.run('server', 'start', ...settings, '--json');
    await server.until('clientUrl');
    await watched.page.goto(`${url()}/`);
    // Whoever has founded an instance has saved nothing of it yet: that is all that is left.
    expect(await watched.page.locator('.wg-todo li').count()).toBe(1);
    expect(await watched.page.locator('.wg-todo a[href="/backups"]').count()).toBe(1);
    await watched.page.goto(`${url()}/servers`);
    const table = await watched.page.textContent('main');
    for (const one of ['CITY:GOV:1001:ss1', 'CITY:GOV:1002:ss1']) expect(table).toContain(one);
  }, 120_000);

  it('declines a third, which reads why in its own console, and how to begin again', async () => {
    const { id, joiner, adminUrl, run } = await joinInBrowser('1003', 'Nobody', '127.0.0.4');
    await fill(`/invitations/${id}/decline`, { reason: 'The agreement has not been signed' });
    await isSaid(joiner, 'The agreement has not been signed');
    expect(await findFaults(joiner)).toEqual([]);
    await picture(joiner.page, 'declined');
    await joiner.page.goto(adminUrl);
    expect(await joiner.page.locator('.wg-todo a[href="/join"]').count()).toBe(1);
    await joiner.page.goto(`${adminUrl}/join`);
    await joiner.page.locator('main a[href="/join/again"]').click();
    await joiner.page.waitForURL('**/join/again');
    expect(await findFaults(joiner)).toEqual([]);
    expect([joiner.complaints, joiner.elsewhere]).toEqual([[], []]);
    await joiner.page.goto('about:blank');
    await run.end('SIGTERM');
    expect(pictures.documented).toEqual(pictures.made);
  }, 180_000);

  const exchange = async () => {
    const address = `http://127.0.0.1:${clientPorts.get('server-1002')}/r1/CITY/GOV/1001/management/listMethods`;
    const response = await request(address, { headers: { 'X-Road-Client': 'CITY/GOV/1002/data' } });
    await response.body.dump();
    return response.headers['x-road-error'] ?? response.statusCode;
  };

  it('changes its configuration key under load, and not one exchange fails', async () => {
    const { page } = watched;
    for (let waited = 0; (await exchange()) !== 200 && waited < 100; waited += 1) await sleep(100);
    const outcomes = new Map<unknown, number>();
    let isOver = false;
    const callers = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const outcome = await exchange();
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    });
    const more = async (count: number) => {
      const from = outcomes.get(200) ?? 0;
      for (let waited = 0; (outcomes.get(200) ?? 0) < from + count; waited += 1) {
        if (waited > 600) throw new Error(`exchanges stopped: ${JSON.stringify([...outcomes])}`);
        await sleep(50);
      }
    };
    await more(20);
    await page.goto(`${url()}/keys`);
    const former = await page.locator('main a[href$="/activate"]').count();
    await page.locator('main form button[type=submit]').first().click();
    await page.waitForURL(`${url()}/keys?done=made`);
    expect(await page.locator('main a[href$="/activate"]').count()).toBe(former + 1);
    // The servers learn of the new key from the configuration that the old one signs.
    await more(40);
    const activate = await page.locator('main a[href$="/activate"]').first().getAttribute('href');
    await fill(activate ?? '', {});
    await more(40);
    await page.goto(`${url()}/keys`);
    const remove = await page.locator('main a[href$="/remove"]').first().getAttribute('href');
    await fill(remove ?? '', {});
    await more(40);
    isOver = true;
    await Promise.all(callers);
    expect([...outcomes.keys()]).toEqual([200]);
  }, 120_000);

  it('hands out an anchor that verifies what it publishes', async () => {
    const { page } = watched;
    await page.goto(`${url()}/keys`);
    const downloading = page.waitForEvent('download');
    await page.locator('a[href="/keys/anchors/internal"]').click();
    const anchor = join(folder, 'anchor.xml');
    await (await downloading).saveAs(anchor);
    const directory = `http://127.0.0.1:${ports + 1}/internalconf`;
    const verdict = JSON.parse(
      await programs.finish('config', 'verify', '--anchor', anchor, '--url', directory, '--json'),
    );
    expect(verdict).toMatchObject({ valid: true, instance: 'CITY' });
    expect([watched.complaints, watched.elsewhere]).toEqual([[], []]);
  }, 60_000);
});

async function reached(address: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const status = await fetch(address).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status !== 0) return;
    await sleep(50);
  }
  throw new Error(`${address} is not reached`);
}
