import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const houses = ['.', 'docs', 'security-server', 'central-registry', 'gateway', 'certs', 'pilot', 'bench'];

it('every picture that a page of the documentation names is there', () => {
  const missing: string[] = [];
  let named = 0;
  for (const page of houses.flatMap((house) => pagesOf(house))) {
    for (const [, target = ''] of readFileSync(page, 'utf8').matchAll(/\]\(([^)#\s]+\.(?:png|svg))\)/g)) {
      named += 1;
      if (!existsSync(join(dirname(page), target))) missing.push(`${relative(root, page)}: ${target}`);
    }
  }
  expect(missing).toEqual([]);
  expect(named).toBeGreaterThan(0);
});

/** Pages of a house; those at the root are its own. */
function pagesOf(house: string): readonly string[] {
  return readdirSync(join(root, house), { recursive: house !== '.' })
    .map((file) => join(root, house, String(file)))
    .filter((file) => file.endsWith('.md'));
}
