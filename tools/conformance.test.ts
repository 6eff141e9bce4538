import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync('docs/conformance.md', 'utf8');
const references = [...page.matchAll(/\[[^\]]+\]\(\.\.\/([^)]+\.test\.ts)\)(?:: \*([^*]+)\*)?/g)];

describe('the conformance page', () => {
  it('refers to tests that there are', () => {
    expect(references.length).toBeGreaterThan(100);
    const missing = references.flatMap(([, path = '', title]) => {
      if (!existsSync(path)) return [path];
      if (title === undefined) return [];
      return readFileSync(path, 'utf8').includes(title) ? [] : [`${path}: ${title}`];
    });
    expect(missing).toEqual([]);
  });

  it('leaves no section of the protocol out', () => {
    const sections = [...page.matchAll(/^## (\d+)\./gm)].map(([, number]) => Number(number));
    expect(sections).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    expect([...page.matchAll(/^\| .* \| *\|$/gm)]).toEqual([]);
  });
});
