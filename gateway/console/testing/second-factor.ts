import { codeOf } from '../../people/testing/authenticator.ts';
import type { WatchedPage } from './browser.ts';
import { confirm, follow, type } from './by-keyboard.ts';

interface Person {
  readonly name: string;
  readonly password: string;
}

/** Signs in by keyboard. @param code where it is asked for */
export async function signIn(
  { page }: WatchedPage,
  origin: string,
  { name, password }: Person,
): Promise<void> {
  await page.goto(`${origin}/sign-in`);
  await type(page, 'name', name);
  await type(page, 'password', password);
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
}

/**
 * Makes a second factor, signs in with one of its recovery codes and turns it off again, by keyboard alone.
 * @param watched whose owner is signed in, and is afterwards
 * @returns what was wrong with any page of it, by what the page is
 */
export async function walkSecondFactor(
  watched: WatchedPage,
  origin: string,
  person: Person,
): Promise<Readonly<Record<string, object>>> {
  const { page } = watched;
  const found: Record<string, object> = {};
  const look = async (what: string) => {
    const faults = await watched.findFaults(200);
    if (faults !== undefined) found[what] = faults;
  };
  await page.goto(`${origin}/account`);
  await follow(page, '/account/second-factor');
  await type(page, 'password', person.password);
  await page.keyboard.press('Enter');
  const copied = await page
    .waitForSelector('main [data-copy]')
    .then(() =>
      page.$$eval('main [data-copy]', (all) => all.map((one) => one.getAttribute('data-copy') ?? '')),
    );
  const [secret = '', recoveryCodes = ''] = copied;
  await look('secret and recovery codes');
  await type(page, 'code', codeOf(secret, new Date()));
  await page.keyboard.press('Enter');
  await page.waitForURL(`${origin}/account?done=factor-on`);
  await look('account with a second factor');

  await page.context().clearCookies();
  await signIn(watched, origin, person);
  await page.waitForSelector('#field-code[required]');
  await look('sign-in that wants a code');
  await type(page, 'password', person.password);
  await type(page, 'code', recoveryCodes.split('\n')[0] ?? '');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${origin}/`);

  await page.goto(`${origin}/account`);
  await follow(page, '/account/second-factor/remove');
  await look('end of a second factor');
  await confirm(page, { password: person.password });
  await page.waitForURL(`${origin}/sign-in`);
  await signIn(watched, origin, person);
  await page.waitForURL(`${origin}/`);
  return found;
}
