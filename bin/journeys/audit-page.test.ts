import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waygate } from './run.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'waygate-page-'));
});
afterAll(() => rm(dir, { recursive: true }));

it('the judging page is saved with its fingerprint, and over nothing that is there', async () => {
  const out = join(dir, 'judge.html');
  const { status, stdout } = await waygate('audit', 'page', '--out', out, '--json');
  const page = await readFile(out);
  const sha256 = createHash('sha256').update(page).digest('hex');
  expect([status, JSON.parse(stdout)]).toEqual([0, { file: out, octets: page.length, sha256 }]);
  expect(page.equals(await readFile('dist/judge.html'))).toBe(true);
  expect((await waygate('audit', 'page', '--out', out)).status).toBe(2);
});
