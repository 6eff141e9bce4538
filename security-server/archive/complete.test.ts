import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BundleContent, judgeOwnArchive, numbersAround } from '../../gateway/evidence/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { Archiver } from './archiver.ts';
import { FolderTarget } from './target/folder.ts';

let bench: LogBench;
beforeAll(async () => {
  bench = await startLogBench();
}, 60_000);
afterAll(() => bench.close());

/** As which of the two this server records: it makes the group, and the pair. */
const sides = ['client', 'provider'] as const;
const acts = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        act: fc.constant('record' as const),
        side: fc.constantFrom(...sides),
        octets: fc.nat(900),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constantFrom('stamp' as const, 'count' as const, 'archive' as const) }),
    },
  ),
  { minLength: 4, maxLength: 24 },
);

/** Places of the records whose messages are in an archive. */
const inside = ({ records }: BundleContent) =>
  records.filter(({ container }) => container !== null).map(({ index }) => index);

/** Pairs that had a number at all. */
const known = (numbers: ReadonlyMap<string, number> = new Map()) =>
  Object.fromEntries([...numbers].filter(([, last]) => last > 0));

it('archives of any log, cut anywhere, hold every record once, go on where the one before ended, and each is judged complete', async () => {
  await fc.assert(
    fc.asyncProperty(
      acts,
      fc.constantFrom('none' as const, 'subsystem' as const),
      async (steps, grouping) => {
        await bench.reset();
        const log = await bench.open();
        const dir = mkdtempSync(join(bench.root, 'complete-'));
        const archiver = await Archiver.open({
          ...{ dir: join(dir, 'own'), log, target: new FolderTarget(join(dir, 'target')), grouping },
          token: bench.services.token,
          ...{ maxBytes: 12_000, intervalMs: 0, now: bench.services.now },
          configurations: bench.noSnapshots,
          onTrouble: (error) => {
            throw error;
          },
        });
        const made: string[] = [];
        let recorded = 0;
        const archive = async () => {
          for (const { name } of (await archiver.run()).delivered) made.push(name);
        };
        for (const step of [...steps, { act: 'stamp' as const }, { act: 'archive' as const }]) {
          if (step.act === 'record') {
            const entry = await bench.entry(`id-${recorded}`, Buffer.alloc(step.octets));
            await log.record({ ...entry, side: step.side });
            recorded += 1;
          } else if (step.act === 'stamp') await log.stampNow();
          else if (step.act === 'count') await log.tallyNow();
          else await archive();
        }
        await archiver.close();
        const trust = { configuration: bench.services.configuration, verifierKey: log.verifierKey ?? '' };
        const found: number[] = [];
        const ends = new Map<string, ReadonlyMap<string, number>>();
        for (const name of made) {
          const bytes = readFileSync(join(dir, 'target', name));
          const { verdict, archive: read } = await judgeOwnArchive(bytes, trust);
          expect(verdict.steps.filter(({ state }) => state === 'bad')).toEqual([]);
          expect(verdict.steps.some(({ id, state }) => id === 'sequence' && state === 'good')).toBe(true);
          if (read === undefined) throw new Error(`${name} cannot be read`);
          found.push(...inside(read.content));
          // Those of a group meet in their numbers; the first begins with none.
          const { before, after } = numbersAround(read.content) ?? {};
          expect(known(before)).toEqual(known(ends.get(read.title)));
          ends.set(read.title, after ?? new Map());
        }
        expect(new Set(found).size).toBe(found.length);
        expect(found).toHaveLength(recorded);
      },
    ),
    { numRuns: 10 },
  );
}, 240_000);
