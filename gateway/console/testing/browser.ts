import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';

const chromiumPath = '/usr/bin/chromium';
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'];
const quiet = ['--disable-component-update', '--disable-sync'];
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

export function hasChromium(): boolean {
  try {
    accessSync(chromiumPath, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath, args: [...args, ...quiet] });
}

/** A page that remembers what went wrong in it, and whom it asked. */
export class WatchedPage {
  /** Errors of scripts, of loading and of the policy. */
  readonly complaints: string[] = [];
  /** Origins other than the console's. */
  readonly elsewhere: string[] = [];
  readonly page: Page;
  readonly #session: CDPSession;

  private constructor(page: Page, session: CDPSession, origin: string) {
    this.page = page;
    this.#session = session;
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== origin) this.elsewhere.push(request.url());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('dialog', (dialog) => {
      this.complaints.push(`a script of somebody ran: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  static async open(context: BrowserContext, origin: string): Promise<WatchedPage> {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Page.enable');
    return new WatchedPage(page, session, origin);
  }

  /**
   * What an accessibility checker finds. It runs in a world of its own: the page's policy lets no script in.
   * @param what contrast alone is what another colour scheme can change
   * @returns rule and place of each finding
   */
  async findBarriers(what: 'all' | 'contrast' = 'all'): Promise<readonly string[]> {
    const { frameTree } = await this.#session.send('Page.getFrameTree');
    const world = { frameId: frameTree.frame.id, worldName: 'axe' };
    const { executionContextId: contextId } = await this.#session.send('Page.createIsolatedWorld', world);
    await this.#session.send('Runtime.evaluate', { contextId, expression: axeSource });
    const runOnly =
      what === 'all' ? { type: 'tag', values: rules } : { type: 'rule', values: ['color-contrast'] };
    const options = JSON.stringify({ runOnly, resultTypes: ['violations'] });
    const { result, exceptionDetails } = await this.#session.send('Runtime.evaluate', {
      contextId,
      expression: `axe.run(document, ${options}).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
    return result.value as string[];
  }

  /**
   * Everything that is demanded of any page, in both colour schemes.
   * @param status it was answered with
   * @returns what is wrong; undefined when nothing is
   */
  async findFaults(status: number | undefined): Promise<object | undefined> {
    await this.page.emulateMedia({ colorScheme: 'light' });
    const light = await this.findBarriers();
    await this.page.emulateMedia({ colorScheme: 'dark' });
    const dark = await this.findBarriers('contrast');
    await this.page.emulateMedia({ colorScheme: 'light' });
    const unreachable = await this.findUnreachable();
    const inline = await this.page.$$eval(
      'script:not([src]), style, [style], [onclick]',
      (all) => all.length,
    );
    const isFine = status === 200 && inline + light.length + dark.length + unreachable.length === 0;
    return isFine ? undefined : { status, inline, light, dark, unreachable };
  }

  /** Goes through the page with the tab key alone. @returns what can be worked with and was never reached */
  async findUnreachable(): Promise<readonly string[]> {
    await this.page.evaluate(`(() => {
      document.activeElement?.blur();
      const all = document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]');
      window.unreached = new Set([...all].filter((one) => one.checkVisibility({ visibilityProperty: true })));
      window.stops = unreached.size;
    })()`);
    const stops = Number(await this.page.evaluate('stops'));
    for (let index = 0; index < stops + 20; index += 1) {
      await this.page.keyboard.press('Tab');
      const left = await this.page.evaluate('(unreached.delete(document.activeElement), unreached.size)');
      if (left === 0) break;
    }
    // Parts that live may have been put in place of others meanwhile.
    const shown = '[...unreached].filter((one) => one.isConnected).map((one) => one.outerHTML.slice(0, 120))';
    return (await this.page.evaluate(shown)) as string[];
  }
}
