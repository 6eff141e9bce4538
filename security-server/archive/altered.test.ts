import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { judgeOwnArchive } from '../../gateway/evidence/index.ts';
import type { ArchiveLink } from '../../gateway/signature/index.ts';
import { archiveParts } from '../testing/archived-log.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';

let bench: LogBench;
let archive: Buffer;
let previous: ArchiveLink;
let trust: object;

beforeAll(async () => {
  bench = await startLogBench();
  const { made, trust: trusted } = await archiveParts(bench, [
    ['first', 'first-other'],
    ['second', 'second-other'],
  ]);
  const [before, last] = made;
  previous = { digest: before?.lastDigest ?? '', fileName: before?.name ?? '' };
  archive = last?.bytes ?? Buffer.alloc(0);
  trust = trusted;
});
afterAll(() => bench.close());

/** Code and place of what is found; undefined when nothing is. */
async function find(bytes: Buffer): Promise<{ code: string; place: string | null } | undefined> {
  const { verdict } = await judgeOwnArchive(bytes, trust, previous);
  const { valid, code, place } = verdict;
  return valid ? undefined : { code: code ?? '', place };
}

it('an archive is good as it was made', async () => {
  expect(await find(archive)).toBeUndefined();
});

it('a bit changed anywhere in an archive is found, and its place named', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(archive.length - 1), fc.nat(7), async (at, bit) => {
      const altered = Buffer.from(archive);
      altered[at] = (altered[at] ?? 0) ^ (1 << bit);
      const found = await find(altered);
      expect(found?.place, `bit ${bit} of octet ${at} of ${archive.length}`).toBeTruthy();
    }),
    { numRuns: 800 },
  );
});
