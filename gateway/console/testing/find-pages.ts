import type { Page } from 'playwright-core';

/** Pages of one kind that are looked at: they differ in what they show, not in how. */
const perKind = 2;

/**
 * Follows every link of a console from its overview, signed in as somebody with every role.
 * @param more pages that no link leads to
 * @param look told of each page while it is open
 * @returns their paths
 */
export async function findPages(
  page: Page,
  origin: string,
  more: readonly string[],
  look: (path: string, status: number | undefined) => Promise<void>,
): Promise<readonly string[]> {
  const waiting = ['/', ...more];
  const seen = new Set(waiting);
  const kinds = new Map<string, number>();
  const found: string[] = [];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const response = await page.goto(origin + path);
    found.push(path);
    await look(path, response?.status());
    const links = await page.$$eval('a[href]:not([download])', (all) =>
      all.map((one) => one.getAttribute('href') ?? ''),
    );
    for (const link of links) {
      const target = new URL(link, origin + path);
      const next = target.pathname + target.search;
      const kind = kindOf(target);
      const count = kinds.get(kind) ?? 0;
      if (
        target.origin !== origin ||
        /\.(?:json|sort|cursor)/.test(next) ||
        seen.has(next) ||
        count >= perKind
      )
        continue;
      seen.add(next);
      kinds.set(kind, count + 1);
      waiting.push(next);
    }
  }
  return found;
}

/** The path without what names one thing of many. */
function kindOf({ pathname }: URL): string {
  return pathname.replace(/[^/]*(?:%3A|\d)[^/]*/gi, '*');
}
