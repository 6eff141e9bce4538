import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WatchedPage } from '../../console/testing/browser.ts';

/** Comes in with the code that a program has put into its data folder. */
export async function enterCode({ page }: WatchedPage, data: string): Promise<void> {
  await page.fill('#field-code', (await readFile(join(data, 'first-start-code'), 'utf8')).trim());
  await page.keyboard.press('Enter');
  await page.waitForURL((at) => at.pathname === '/');
}

/** Fills in a page of a first start and sends it by key. @param values of fields and choices, by their names */
export async function answerPage(
  { page }: WatchedPage,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    const field = page.locator(`#field-${name}`);
    const isChoice = await field.evaluate((element) => element.tagName === 'SELECT');
    await (isChoice ? field.selectOption(value) : field.fill(value));
  }
  const last = page.locator('main form').last().locator('button[type=submit]');
  await last.focus();
  await Promise.all([page.waitForEvent('domcontentloaded'), page.keyboard.press('Enter')]);
}
