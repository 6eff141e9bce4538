import { accessSync, constants } from 'node:fs';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { listen, serverOf } from '../../http/index.ts';
import { callbackPath, OidcSignIn } from '../oidc/oidc-sign-in.ts';
import { oidcSettingsSchema } from '../oidc/settings.ts';
import { createPeopleApi } from '../testing/browser.ts';
import { startIdentityProvider } from '../testing/identity-provider.ts';
import { openTestPeople } from '../testing/people.ts';

const executablePath = '/usr/bin/chromium';
const hasChromium = () => {
  try {
    accessSync(executablePath, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Nobody knows yet where the other listens. */
async function reservePort(): Promise<number> {
  const listening = await listen(
    serverOf(() => new Response()),
    '127.0.0.1',
    0,
    '--port',
  );
  await listening.close();
  return listening.port;
}

it.skipIf(!hasChromium())(
  'a browser that comes back from another site is signed in at once, with a cookie that no other site can use (needs chromium)',
  async () => {
    const test = await openTestPeople(false);
    // To a browser, `localhost` and 127.0.0.1 are two sites.
    const adminUrl = `http://localhost:${await reservePort()}`;
    const provider = await startIdentityProvider(`${adminUrl}${callbackPath}`, 0, 'public');
    provider.person = { sub: '17', preferred_username: 'anna', groups: ['guards'] };
    const problems: unknown[] = [];
    const settings = oidcSettingsSchema.parse({
      ...{ issuer: provider.issuer, clientId: 'waygate', rolesClaim: 'groups' },
      roleMapping: { guards: ['security-officer'] },
    });
    const report = (error: unknown) => problems.push(error);
    const oidc = await OidcSignIn.open({ settings, adminUrl, now: test.now, report });
    const app = createPeopleApi(test.people, report, oidc);
    const server = await listen(serverOf(app.fetch), '127.0.0.1', Number(new URL(adminUrl).port), '--port');
    const browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu'],
    });
    try {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${adminUrl}/sign-in/oidc?return=/api/v1/session`);
      await page.waitForURL(`${adminUrl}/api/v1/session`);
      expect(await page.textContent('body')).toContain('"name":"anna"');
      expect(problems).toEqual([]);
      const cookies = await context.cookies(adminUrl);
      expect(cookies.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite }))).toEqual([
        { name: 'waygate-test-session', httpOnly: true, sameSite: 'Strict' },
      ]);
      // A link on another site brings no session along.
      await page.goto(`${provider.issuer}/nowhere`);
      await page.setContent(`<a href="${adminUrl}/api/v1/session">look</a>`);
      await page.click('a');
      await page.waitForURL(`${adminUrl}/api/v1/session`);
      expect(await page.textContent('body')).toContain('not-authenticated');
    } finally {
      await browser.close();
      await server.close();
      await provider.close();
      test.close();
    }
  },
);
