import type { Page } from 'playwright-core';

/** More stops than any page has. */
const maxStops = 400;

/** Goes on with the tab key until the focus is there. @throws Error when it never is */
export async function tabTo(page: Page, selector: string): Promise<void> {
  const isThere = `document.activeElement?.matches(${JSON.stringify(selector)}) === true`;
  for (let stop = 0; stop < maxStops; stop += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(isThere)) return;
  }
  throw new Error(`${page.url()}: the tab key does not lead to ${selector}`);
}

/** Follows a link of the page. @param href as the link says it */
export async function follow(page: Page, href: string): Promise<void> {
  await tabTo(page, `main a[href="${href}"]`);
  await Promise.all([page.waitForURL(new URL(href, page.url()).href), page.keyboard.press('Enter')]);
}

/** Types into a field of the page's form, in place of what it holds. */
export async function type(page: Page, field: string, text: string): Promise<void> {
  await tabTo(page, `#field-${field}`);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

/** Chooses from a list of the page's form. @throws Error when it has no such value */
export async function choose(page: Page, field: string, value: string): Promise<void> {
  await tabTo(page, `#field-${field}`);
  await page.keyboard.press('Home');
  const chosen = '[document.activeElement.value, document.activeElement.length]';
  for (let moved = 0; ; moved += 1) {
    const [now, length] = (await page.evaluate(chosen)) as [string, number];
    if (now === value) return;
    if (moved >= length) throw new Error(`${page.url()}: ${field} cannot be ${value}`);
    await page.keyboard.press('ArrowDown');
  }
}

/** Sends the form in which the focus is. */
export async function send(page: Page): Promise<void> {
  await tabTo(page, 'main button[type=submit]');
  await Promise.all([page.waitForEvent('domcontentloaded'), page.keyboard.press('Enter')]);
}

/** Reads what will happen, says that it was understood, and does it. */
export async function confirm(page: Page, fields: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const [field, text] of Object.entries(fields)) await type(page, field, text);
  await tabTo(page, '#field-confirmed');
  await page.keyboard.press('Space');
  await tabTo(page, 'main button[type=submit]');
  await page.keyboard.press('Enter');
}
