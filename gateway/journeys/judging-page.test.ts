import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waygate } from '../../bin/journeys/run.ts';
import { createAuditor } from '../../security-server/index.ts';
import { readConfigurationFolder } from '../configuration/index.ts';
import { type BundleContent, judgeBundle, type Trust, type Verdict, writeBundle } from '../evidence/index.ts';
import { type CorpusBundle, flippedBytes, makeArchives, makeCorpus } from '../evidence/testing/corpus.ts';
import { TestLog } from '../evidence/testing/test-log.ts';
import { createWorld, type World } from '../evidence/testing/world.ts';
import { writeArchive } from '../signature/container/archive.ts';
import { composeEnvelope, parseEnvelope } from '../soap/index.ts';
import { bodyOf, call, startNetwork } from './network.ts';

const executablePath = '/usr/bin/chromium';
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'];
const quiet = ['--disable-component-update', '--disable-sync'];

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Shown {
  readonly word: string;
  readonly code: string | null;
  readonly place: string | null;
  /** How many steps are good, bad, absent. */
  readonly steps: readonly [number, number, number];
}

/** Runs in the page: its types are not those of this program. */
const readShown = `(() => {
  const verdict = document.getElementById('verdict');
  const { code = null, place = null } = verdict.dataset;
  const count = (state) => document.querySelectorAll('.step.' + state).length;
  return { word: verdict.textContent, code, place, steps: [count('good'), count('bad'), count('absent')] };
})()`;

/** What the page should show of a verdict. */
function shownOf({ valid, code, place, steps }: Verdict): Shown {
  const count = (wanted: string) => steps.filter(({ state }) => state === wanted).length;
  return {
    word: valid ? 'Valid' : 'Not valid',
    ...{ code, place },
    steps: [count('good'), count('bad'), count('absent')],
  };
}

/** Exports of a network's server, of exchanges that went over its road: one without answer among them. */
async function exportFromServer(): Promise<{ readonly name: string; readonly bytes: Buffer }[]> {
  const network = await startNetwork();
  try {
    const { path } = await network.publish('echo', async (incoming, outgoing) => {
      outgoing.end(await bodyOf(incoming));
    });
    for (const id of ['rest-1', 'rest-2']) {
      const headers = { 'X-Road-Id': id, 'X-Road-UserId': 'EE1' };
      expect((await call(network, path, { method: 'POST', body: 'asked', headers })).status).toBe(200);
    }
    await network.publish(
      'ask',
      async (incoming, outgoing) => {
        const { header } = parseEnvelope(await bodyOf(incoming));
        outgoing.setHeader('content-type', 'text/xml; charset=UTF-8');
        outgoing.end(composeEnvelope(header, '<askResponse/>'));
      },
      'WSDL',
    );
    const body = composeEnvelope(soapHeader, '<ask/>');
    const headers = { 'content-type': 'text/xml; charset=UTF-8' };
    expect((await call(network, '/', { method: 'POST', body, headers })).status).toBe(200);
    const silent = await network.publish('silent', (_incoming, outgoing) => outgoing.destroy());
    const unanswered = await call(network, silent.path, { headers: { 'X-Road-Id': 'open-1' } });
    expect(unanswered.status).toBeGreaterThanOrEqual(500);
    const today = new Date().toISOString().slice(0, 10);
    const scopes = [
      { kind: 'exchange', queryId: 'rest-1' },
      { kind: 'exchange', queryId: 'soap-1' },
      { kind: 'exchange', queryId: 'open-1' },
      { kind: 'case', title: 'Complaint 117', queryIds: ['rest-1', 'soap-1', 'rest-2'] },
      {
        kind: 'party',
        party: 'PILOT:MUN:2001',
        from: `${today}T00:00:00.000Z`,
        to: '2100-01-01T00:00:00.000Z',
      },
    ];
    const exported: { name: string; bytes: Buffer }[] = [];
    for (const [at, scope] of scopes.entries()) {
      const response = await fetch(`${network.city.adminUrl}/api/v1/evidence/exports`, {
        method: 'POST',
        headers: { authorization: `Bearer ${network.city.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ scope, purpose: 'complaint 117', includeBodies: at % 2 === 0 }),
      });
      expect([at, response.status]).toEqual([at, 200]);
      exported.push({ name: `export ${at}`, bytes: Buffer.from(await response.arrayBuffer()) });
    }
    return exported;
  } finally {
    await network.close();
  }
}

const soapHeader = {
  client: subsystem('MUN', '2001', 'portal'),
  service: { ...subsystem('GOV', '1001', 'population'), kind: 'SERVICE', serviceCode: 'ask' },
  ...{ id: 'soap-1', userId: 'EE2', protocolVersion: '4.0' },
} as const;

function subsystem(memberClass: string, memberCode: string, subsystemCode: string) {
  return { kind: 'SUBSYSTEM', instance: 'PILOT', memberClass, memberCode, subsystemCode } as const;
}

/** Each makes its verdict in one process, one after another. */
const filesAtOnce = 60;

describe.skipIf(!isThere(executablePath))('the judging page (needs chromium)', () => {
  const dir = mkdtempSync(join(tmpdir(), 'judging-page-'));
  const file = join(dir, 'judge.html');
  let browser: Browser;
  let page: Page;
  let world: World;
  let log: TestLog;
  /** What the browser asked for, and what it complained about. */
  const requests: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    const builder = fileURLToPath(new URL('../../tools/build-page.mjs', import.meta.url));
    execFileSync(process.execPath, [builder, file]);
    browser = await chromium.launch({ executablePath, args: [...args, ...quiet] });
    world = await createWorld();
    log = await TestLog.create(world);
    await log.exchange({ queryId: 'DEV-0' });
    ({ page } = await open());
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function open(offline = true): Promise<{ context: BrowserContext; page: Page }> {
    const opened = await browser.newContext({ viewport: { width: 1100, height: 900 } });
    await opened.setOffline(offline);
    const first = await opened.newPage();
    first.on('request', (request) => requests.push(request.url()));
    first.on('console', (message) => complaints.push(message.text()));
    first.on('pageerror', (error) => complaints.push(error.message));
    await first.goto(pathToFileURL(file).href);
    return { context: opened, page: first };
  }

  async function judge(bytes: Buffer, name = 'test.evidence.zip', on = page): Promise<Shown> {
    await on.setInputFiles('#file-input', { name, mimeType: 'application/zip', buffer: bytes });
    await on.waitForSelector('body[data-state="done"]');
    return on.evaluate(readShown);
  }

  /** What the page should show, by the judge in this process. */
  async function expected(bytes: Buffer, trust?: Trust): Promise<Shown> {
    return shownOf(await judgeBundle(bytes, trust));
  }

  async function oneExchange(): Promise<BundleContent> {
    const records = await log.exchange({ queryId: 'DEV-1', body: '{"a":1}', userId: 'EE1' });
    await log.stamp();
    await log.exchange({ queryId: 'DEV-2' });
    return log.bundle({ kind: 'exchange', queryId: 'DEV-1' }, records, { oldSizes: [2] });
  }

  /** What the command says of files, by their names; some at a time, as a shell does with `*`. */
  async function commanded(
    files: readonly string[],
    ...options: readonly string[]
  ): Promise<Map<string, Verdict>> {
    const verdicts = new Map<string, Verdict>();
    for (let at = 0; at < files.length; at += filesAtOnce) {
      const { stdout, stderr } = await waygate(
        ...['audit', 'verify', '--json', ...options],
        ...files.slice(at, at + filesAtOnce),
      );
      expect(stderr).toBe('');
      const { bundles } = JSON.parse(stdout) as { bundles: { file: string; verdict: Verdict }[] };
      for (const one of bundles) verdicts.set(one.file, one.verdict);
    }
    return verdicts;
  }

  /** Judges each file on the page and with the command. @returns what differs */
  async function differences(corpus: readonly CorpusBundle[], ending: string): Promise<string[]> {
    const paths = corpus.map(({ bytes }, at) => {
      const path = join(dir, `${at}${ending}`);
      writeFileSync(path, bytes);
      return path;
    });
    const verdicts = await commanded(paths);
    const differing: string[] = [];
    for (const [at, { name, bytes, expectValid }] of corpus.entries()) {
      const verdict = verdicts.get(paths[at] ?? '');
      if (verdict === undefined) throw new Error(`the command says nothing of ${name}`);
      const wanted = shownOf(verdict);
      const shown = await judge(bytes, `${at}${ending}`);
      if (JSON.stringify(shown) !== JSON.stringify(wanted) || verdict.valid !== expectValid) {
        differing.push(`${name}: ${JSON.stringify(shown)}, the command: ${JSON.stringify(wanted)}`);
      }
    }
    return differing;
  }

  it('agrees with the command on every bundle of the corpus, with the network off', async () => {
    const corpus = await makeCorpus();
    expect(corpus.length).toBeGreaterThan(200);
    expect(await differences(corpus, '.evidence.zip')).toEqual([]);
    expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
    expect(complaints).toEqual([]);
  }, 900_000);

  it('agrees with the command on archives, by the evidence inside them', async () => {
    expect(await differences(await makeArchives(), '.zip')).toEqual([]);
    expect(complaints).toEqual([]);
  }, 600_000);

  it('agrees with the command on what a running server exports, over REST and SOAP, whole and altered', async () => {
    const exported = await exportFromServer();
    const corpus = exported.flatMap(({ name, bytes }, at) => [
      { name, bytes, expectValid: true },
      ...flippedBytes(name, bytes, 8, at),
    ]);
    expect(await differences(corpus, '.evidence.zip')).toEqual([]);
    expect(complaints).toEqual([]);
  }, 600_000);

  it('judges by what is pasted, as a program does', async () => {
    const content = await oneExchange();
    const bytes = writeBundle(content);
    const stranger = await createWorld();
    const fork = await TestLog.create(world);
    await fork.exchange({ queryId: 'other' });
    const held: readonly [field: string, pasted: string, trust: Trust][] = [
      ['#key-input', ` ${content.verifierKey} `, { verifierKey: content.verifierKey }],
      ['#key-input', stranger.note.verifierKey, { verifierKey: stranger.note.verifierKey }],
      ['#anchor-input', 'ab '.repeat(28), { anchorHash: Array(28).fill('AB').join(':') }],
      ['#checkpoint-input', `\n${log.checkpoint(2)}\n\n`, { heldCheckpoints: [log.checkpoint(2)] }],
      ['#checkpoint-input', fork.checkpoint(2).trim(), { heldCheckpoints: [fork.checkpoint(2)] }],
      [
        '#checkpoint-input',
        `${log.checkpoint(2)}\n${fork.checkpoint(2)}`,
        { heldCheckpoints: [log.checkpoint(2), fork.checkpoint(2)] },
      ],
    ];
    const codes: (string | null)[] = [];
    await page.locator('details.held > summary').click();
    for (const [field, pasted, trust] of held) {
      await page.fill(field, pasted);
      const shown = await judge(bytes);
      expect(shown).toEqual(await expected(bytes, trust));
      codes.push(shown.code);
      await page.fill(field, '');
    }
    expect(codes).toEqual([null, 'verifier-key-differs', 'anchor-untrusted', null, 'forked', 'forked']);
    // What was pasted in part is no ground for a verdict of any kind.
    await page.fill('#checkpoint-input', 'ss1.example/DEV');
    expect((await judge(bytes)).word).toBe('No verdict');
    await page.fill('#checkpoint-input', '');
  });

  it('runs no script out of names, texts and contents of a bundle', async () => {
    const trap = '<img src=x onerror="window.caught=1"><script>window.caught=1</script>';
    const [request] = await log.exchange({ queryId: trap, body: trap, userId: trap });
    await log.stamp();
    const bytes = writeBundle(log.bundle({ kind: 'case', title: `${trap}\u202e` }, [request]));
    expect((await judge(bytes, `${trap}.zip`.replaceAll('/', '_'))).word).toBe('Valid');
    await page.locator('.message > summary').click();
    expect(await page.locator('.part pre').last().textContent()).toBe(trap);
    // Bad bundles quote what they say, too.
    const forged = Buffer.from(bytes.toString('latin1').replace('"queryId"', '"queryIt"'), 'latin1');
    await judge(forged);
    await judge(writeBundle({ ...log.bundle({ kind: 'case', title: trap }, [request]), origin: trap }));
    expect(await page.locator('#result').locator('img, script, iframe, [onerror]').count()).toBe(0);
    expect(await page.evaluate('window.caught')).toBeUndefined();
    expect(complaints).toEqual([]);
  });

  it('shows what cannot be seen, and cuts no direction of writing loose', async () => {
    const [request] = await log.exchange({ queryId: 'DEV-9' });
    await judge(writeBundle(log.bundle({ kind: 'case', title: 'abc\u202edcba' }, [request])));
    expect(await page.locator('#result').textContent()).toContain('abc\\u{202e}dcba');
  });

  it('may load nothing and send nothing, even with a network', async () => {
    const html = readFileSync(file, 'utf8');
    const [, policy = ''] = /<meta http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html) ?? [];
    expect(policy).toMatch(/default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'/);
    expect(policy).toContain("connect-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const outsideScript = html.slice(0, html.indexOf('<script>'));
    expect(/<link|<iframe|src=|@import|url\(/i.exec(outsideScript)).toBeNull();
    expect([...html.matchAll(/<script/g)]).toHaveLength(1);
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const online = await open(false);
    const url = JSON.stringify(`http://127.0.0.1:${port}/`);
    const outcome = await online.page.evaluate(`fetch(${url}).then(() => 'sent', () => 'refused')`);
    const image = `new Promise((done) => { const i = new Image(); i.onload = i.onerror = (e) => done(e.type); i.src = ${url}; })`;
    expect([outcome, await online.page.evaluate(image)]).toEqual(['refused', 'error']);
    const markup = "try { document.body.innerHTML = '<b>x</b>'; 'set' } catch (error) { error.name }";
    expect(await online.page.evaluate(markup)).toBe('TypeError');
    expect(asked).toBe(0);
    await online.context.close();
    server.close();
    complaints.length = 0;
  });

  it('is used with the keyboard alone', async () => {
    const bytes = writeBundle(await oneExchange());
    const { context: fresh, page: keyed } = await open();
    const focused = (what: string) => keyed.evaluate(`document.activeElement.${what}`);
    const chooser = keyed.waitForEvent('filechooser');
    await keyed.keyboard.press('Tab');
    // Asked of the page itself: by the answer it has heard as well that its chooser is waited for.
    expect(await focused('id')).toBe('file-input');
    await keyed.keyboard.press('Enter');
    await (await chooser).setFiles({ name: 'a.evidence.zip', mimeType: 'application/zip', buffer: bytes });
    await keyed.waitForSelector('body[data-state="done"]');
    expect(await focused('id')).toBe('verdict');
    const seen: unknown[] = [];
    for (
      let presses = 0;
      presses < 60 && (await focused('parentElement.className')) !== 'checks';
      presses += 1
    ) {
      await keyed.keyboard.press('Tab');
      seen.push(await focused('tagName'));
    }
    await keyed.keyboard.press('Enter');
    expect(await focused('parentElement.open')).toBe(true);
    expect(new Set(seen)).toEqual(new Set(['BUTTON', 'SUMMARY']));
    await fresh.close();
  });

  it('takes a file that is dropped anywhere on it', async () => {
    const { context: fresh, page: dropped } = await open();
    const data = JSON.stringify(writeBundle(await oneExchange()).toString('base64'));
    await dropped.evaluate(`(() => {
      const dataTransfer = new DataTransfer();
      const octets = Uint8Array.from(atob(${data}), (one) => one.charCodeAt(0));
      dataTransfer.items.add(new File([octets], 'dropped.evidence.zip'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    })()`);
    await dropped.waitForSelector('body[data-state="done"]');
    expect(await dropped.evaluate(readShown)).toMatchObject({ word: 'Valid' });
    expect(await dropped.title()).toBe('Valid: dropped.evidence.zip');
    await fresh.close();
  });

  it('judges the file that was chosen last, though another is being judged', async () => {
    const { context: fresh, page: hasty } = await open();
    const data = JSON.stringify(writeBundle(await oneExchange()).toString('base64'));
    await hasty.evaluate(`(async () => {
      const drop = (name, octets) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([octets], name));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
      };
      drop('first', Uint8Array.from(atob(${data}), (one) => one.charCodeAt(0)));
      // It begins with the second frame, and has not ended within it.
      for (let frames = 0; frames < 2; frames += 1) await new Promise(requestAnimationFrame);
      drop('second', new Uint8Array(10));
    })()`);
    await expect.poll(() => hasty.title(), { timeout: 20_000 }).toBe('Not valid: second');
    await fresh.close();
  });

  it('is no wider than a phone, in either scheme, and prints its verdict', async () => {
    const { context: fresh, page: phone } = await open();
    await phone.setViewportSize({ width: 320, height: 640 });
    await phone.emulateMedia({ colorScheme: 'dark' });
    await judge(writeBundle(await oneExchange()), undefined, phone);
    await phone.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
    await phone.emulateMedia({ media: 'print' });
    expect(await phone.locator('#verdict').isVisible()).toBe(true);
    expect(await phone.locator('#form').isVisible()).toBe(false);
    await fresh.close();
  });

  it('judges containers with a configuration, as a program does', async () => {
    const content = await oneExchange();
    const folder = join(dir, 'globalconf');
    for (const { name, bytes } of content.configurations[0]?.files ?? []) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
    const container = content.records[0]?.container ?? Buffer.alloc(0);
    expect(await judge(container, 'a.asice')).toMatchObject({ code: 'configuration-missing' });
    const auditor = createAuditor(await readConfigurationFolder(folder));
    await page.setInputFiles('#configuration-input', folder);
    const codes: (string | null)[] = [];
    for (let at = 0; at < container.length; at += Math.ceil(container.length / 24)) {
      const changed = Buffer.from(container);
      if (at > 0) changed[at] = (changed[at] ?? 0) ^ 4;
      const wanted = await auditor.judgeContainer('a.asice', changed);
      const shown = await judge(changed, 'a.asice');
      expect([shown.word, shown.code], `octet ${at}`).toEqual([
        wanted.valid ? 'Valid' : 'Not valid',
        wanted.code,
      ]);
      codes.push(shown.code);
    }
    expect(codes[0]).toBeNull();
    expect(new Set(codes).size).toBeGreaterThan(1);
    const bytes = content.records.flatMap((record) => record.container ?? []);
    const { bytes: archive } = writeArchive(bytes.map((one, at) => ({ name: `${at}.asice`, bytes: one })));
    expect(await judge(archive, 'a.zip')).toMatchObject({ word: 'Valid', steps: [1 + bytes.length, 0, 0] });
    const cut = writeArchive([{ name: '0.asice', bytes: container.subarray(1) }]).bytes;
    const broken = Buffer.from(archive);
    broken[200] = (broken[200] ?? 0) ^ 1;
    for (const one of [cut, broken]) {
      const { results, linking } = await auditor.judgeArchive('a.zip', one);
      const wanted = linking.code ?? results[0]?.code;
      expect(await judge(one, 'a.zip')).toMatchObject({ word: 'Not valid', code: wanted });
    }
  });
});
