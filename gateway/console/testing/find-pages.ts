import type { Page } from 'playwright-core';

/** Pages of one pattern that are looked at: they differ in what they show, not in how. */
const perPattern = 2;

/**
 * Follows every link of a console from its overview, signed in as somebody with every role. What is taken away as a file
 * is asked for, and not opened.
 * @param patterns of the console's paths, which tell pages of one kind
 * @param more pages that no link leads to, or that must be among the few of their kind
 * @param look told of each page while it is open
 * @returns the paths of the pages, then those of the files
 */
export async function findPages(
  page: Page,
  origin: string,
  { patterns, more = [] }: { readonly patterns: readonly string[]; readonly more?: readonly string[] },
  look: (path: string, status: number | undefined) => Promise<void>,
): Promise<{ readonly pages: readonly string[]; readonly files: readonly string[] }> {
  const waiting = ['/', ...more];
  const seen = new Set(waiting);
  const counts = new Map<string, number>();
  const pages: string[] = [];
  const files: string[] = [];
  const isNew = (url: URL) => {
    const path = url.pathname + url.search;
    // A table sorted or searched otherwise is the same page.
    if (url.origin !== origin || seen.has(path) || /[?&][\w-]+\.(?:take|sort|cursor)=/.test(url.search))
      return false;
    const kind = patternOf(url.pathname, patterns) ?? url.pathname;
    const count = counts.get(kind) ?? 0;
    if (count >= perPattern) return false;
    seen.add(path);
    counts.set(kind, count + 1);
    return true;
  };
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const response = await page.goto(origin + path);
    pages.push(path);
    const links = await page.$$eval('a[href]', (all) =>
      all.map((one) => [one.getAttribute('href') ?? '', one.hasAttribute('download')] as const),
    );
    await look(path, response?.status());
    for (const [href, isFile] of links) {
      const url = new URL(href, origin + path);
      if (!isNew(url)) continue;
      const next = url.pathname + url.search;
      if (!isFile) waiting.push(next);
      else if ((await page.request.get(origin + next)).ok()) files.push(next);
    }
  }
  return { pages, files };
}

/** Patterns of which no path is. */
export function unvisited(patterns: readonly string[], paths: readonly string[]): readonly string[] {
  const visited = new Set(paths.map((path) => patternOf(path.replace(/\?.*/, ''), patterns)));
  return patterns.filter((pattern) => !visited.has(pattern));
}

/** The first that fits, as the console has it. */
function patternOf(path: string, patterns: readonly string[]): string | undefined {
  const segments = path.split('/');
  return patterns.find((pattern) => {
    const expected = pattern.split('/');
    return (
      expected.length === segments.length && expected.every((one, index) => fits(one, segments[index] ?? ''))
    );
  });
}

/** @param expected `name`, `:name`, or `:name{expression}` */
function fits(expected: string, segment: string): boolean {
  const [, expression] = /^:\w+(?:\{(.+)\})?$/.exec(expected) ?? [];
  if (expression !== undefined) return new RegExp(`^(?:${expression})$`).test(segment);
  return expected.startsWith(':') ? segment !== '' : expected === segment;
}
