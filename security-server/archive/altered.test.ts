import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EvidenceError } from '../../gateway/evidence/error.ts';
import { ArchiveError, type ArchiveLink } from '../../gateway/signature/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { Archiver } from './archiver.ts';
import { FolderTarget } from './target/folder.ts';
import { verifyArchive } from './verify.ts';

let bench: LogBench;
let archive: Buffer;
let previous: ArchiveLink;
let trust: object;

beforeAll(async () => {
  bench = await startLogBench();
  const log = await bench.open();
  const dir = mkdtempSync(join(bench.root, 'altered-'));
  const archiver = await Archiver.open({
    ...{ dir: join(dir, 'own'), log, target: new FolderTarget(join(dir, 'target')), grouping: 'none' },
    ...{ maxBytes: 33_554_432, intervalMs: 0, now: bench.services.now },
    configurations: {
      snapshot: async () => undefined,
      configurationOf: async () => bench.services.configuration,
    },
    onTrouble: (error) => {
      throw error;
    },
  });
  for (const name of ['first', 'second']) {
    await log.record(await bench.entry(name, Buffer.from(`the body of ${name}`)));
    await log.record(await bench.entry(`${name}-other`));
    await log.stampNow();
    const { delivered } = await archiver.run();
    const [row] = delivered;
    if (name === 'first') previous = { digest: row?.lastDigest ?? '', fileName: row?.name ?? '' };
    archive = readFileSync(join(dir, 'target', row?.name ?? ''));
  }
  await archiver.close();
  trust = { configuration: bench.services.configuration, verifierKey: log.verifierKey ?? '' };
});
afterAll(() => bench.close());

/** Code and place of what is found; undefined when nothing is. */
async function find(bytes: Buffer): Promise<{ code: string; place: string | null } | undefined> {
  try {
    const { verdict } = await verifyArchive(bytes, trust, previous);
    const { valid, code, place } = verdict;
    return valid ? undefined : { code: code ?? '', place };
  } catch (error) {
    if (error instanceof ArchiveError || error instanceof EvidenceError) {
      return { code: error.code, place: error.message };
    }
    throw error;
  }
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
