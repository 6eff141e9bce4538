import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { judgeBundle } from './judge.ts';
import type { BundleContent, BundleScope } from './model.ts';
import { TestLog } from './testing/test-log.ts';
import { createWorld, type World } from './testing/world.ts';
import type { Verdict } from './verdict.ts';
import { writeBundle } from './write-bundle.ts';

let world: World;
let log: TestLog;
let tallies: number[];
let inside: number[];
/** Records of the party that are not of the period. */
let outside: number[];
let scope: BundleScope;

const pair = (subsystem: string, direction: string) =>
  `DEV:COM:111:${subsystem}|DEV:COM:222:register|${direction}|client`;

beforeAll(async () => {
  world = await createWorld();
  log = await TestLog.create(world);
  outside = await log.exchange({ queryId: 'DEV-0' });
  outside.push(...(await log.exchange({ queryId: 'DEV-1', subsystem: 'taxes' })));
  const from = log.now().toISOString();
  tallies = [log.tally()];
  inside = [];
  for (let number = 2; number < 8; number += 1) {
    const subsystem = number % 3 === 0 ? 'taxes' : 'permits';
    inside.push(...(await log.exchange({ queryId: `DEV-${number}`, subsystem })));
  }
  const to = log.now().toISOString();
  tallies.push(log.tally());
  await log.stamp();
  outside.push(...(await log.exchange({ queryId: 'DEV-9' })));
  scope = { kind: 'party', party: 'DEV:COM:111', from, to };
});

/** Many bundles are judged, perhaps on a busy machine. */
const slow = 60_000;
const bundle = () => log.bundle(scope, inside, { tallies });
const judge = (content: BundleContent): Promise<Verdict> => judgeBundle(writeBundle(content));

function outcomeOf({ valid, code, place }: Verdict): string {
  return valid ? 'valid' : `${code} at ${place}`;
}

describe("the bundle of a party's period", () => {
  it('is valid when all is there, and warns of nothing but what is taken from itself', async () => {
    const verdict = await judge(bundle());
    expect(outcomeOf(verdict)).toBe('valid');
    expect(verdict.gaps).toEqual([]);
    expect(verdict.warnings).toHaveLength(2);
    expect(verdict.steps.filter(({ id }) => id === 'sequence').map(({ about }) => about)).toEqual([
      pair('permits', 'request'),
      pair('permits', 'response'),
      pair('taxes', 'request'),
      pair('taxes', 'response'),
    ]);
  });

  it('is valid for a party that had nothing', async () => {
    const quiet = await TestLog.create(world);
    const at = quiet.now();
    const indices = [quiet.tally(at)];
    const nobody: BundleScope = {
      kind: 'party',
      party: 'DEV:COM:111',
      from: at.toISOString(),
      to: at.toISOString(),
    };
    expect(outcomeOf(await judge(quiet.bundle(nobody, [], { tallies: indices })))).toBe('valid');
  });

  it(
    'names the gap that every deletion leaves, at the beginning, inside and at the end',
    async () => {
      for (const gone of inside) {
        const verdict = await judge(
          log.bundle(
            scope,
            inside.filter((index) => index !== gone),
            { tallies },
          ),
        );
        const deleted = JSON.parse(
          bundle()
            .records.find(({ index }) => index === gone)
            ?.facts.toString() ?? '',
        );
        const of = `${deleted.client}|${deleted.provider}|${deleted.direction}|client`;
        expect(outcomeOf(verdict)).toBe(`gap at ${of}`);
        const isLast = !verdict.gaps.some(({ before }) => before !== null);
        expect(verdict.gaps).toEqual([
          { pair: of, after: deleted.sequence - 1, before: isLast ? null : deleted.sequence + 1 },
        ]);
      }
    },
    slow,
  );

  it('names the gap of a whole pair that was left out', async () => {
    const content = bundle();
    const records = content.records.filter(({ facts }) => !facts.includes('DEV:COM:111:taxes'));
    const verdict = await judge({ ...content, records });
    expect(verdict.gaps.map((gap) => `${gap.pair} ${gap.after} ${gap.before}`)).toEqual([
      `${pair('taxes', 'request')} 1 null`,
      `${pair('taxes', 'response')} 1 null`,
    ]);
  });

  it(
    'finds every set of records that was deleted, and exactly what is missing',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.subarray(inside, { minLength: 1, maxLength: inside.length - 1 }),
          async (gone) => {
            const left = inside.filter((index) => !gone.includes(index));
            const { valid, gaps } = await judge(log.bundle(scope, left, { tallies }));
            expect(valid).toBe(false);
            const facts = bundle().records.map((record) => ({
              index: record.index,
              ...JSON.parse(String(record.facts)),
            }));
            const missing = facts.filter((one) =>
              gaps.some(
                (gap) =>
                  gap.pair === `${one.client}|${one.provider}|${one.direction}|client` &&
                  gap.after < one.sequence &&
                  (gap.before === null || one.sequence < gap.before),
              ),
            );
            expect(missing.map(({ index }) => index)).toEqual(gone);
          },
        ),
        { numRuns: 10, seed: 4 },
      );
    },
    slow,
  );

  it('refuses records that were put in, reordered or doubled, and names them', async () => {
    const all = log.bundle(scope, [0, ...inside], { tallies });
    expect(outcomeOf(await judge(all))).toBe('out-of-scope at records/0');
    const bare = log.bundle(scope, [0, ...inside], { tallies, bare: [0] });
    expect(outcomeOf(await judge(bare))).toBe('tally-differs at records/0');
    const [one, two] = bundle().records;
    if (one === undefined || two === undefined) throw new Error('there are records');
    const backwards = { ...bundle(), records: [two, one, ...bundle().records.slice(2)] };
    expect(outcomeOf(await judge(backwards))).toBe(`bundle-malformed at records/${one.index}`);
    const twice = { ...bundle(), records: [one, ...bundle().records] };
    expect(outcomeOf(await judge(twice))).toBe(`bundle-malformed at records/${one.index}.asice`);
    const bareOne = { ...one, container: null, timestamp: null };
    const bareTwice = { ...bundle(), records: [bareOne, bareOne, ...bundle().records.slice(1)] };
    expect(outcomeOf(await judge(bareTwice))).toBe(`bundle-malformed at records/${one.index}`);
  });

  /** Refused, and one of these records is where. */
  const namesOneOf = ({ valid, place }: Verdict, indices: readonly number[]) => {
    expect(valid).toBe(false);
    const named = /^records\/(\d+)(\.asice)?$/.exec(place ?? '')?.[1];
    expect(indices.map(String)).toContain(named);
  };

  it(
    'refuses every record that was put in, with its message or without, and names it',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.subarray(outside, { minLength: 1 }),
          fc.subarray(outside),
          async (put, withoutMessage) => {
            const indices = [...inside, ...put].sort((a, b) => a - b);
            namesOneOf(await judge(log.bundle(scope, indices, { tallies, bare: withoutMessage })), put);
          },
        ),
        { numRuns: 20 },
      );
    },
    slow,
  );

  it(
    'refuses every other order of its records, and names one that is not in its place',
    async () => {
      const order = fc.shuffledSubarray(inside, { minLength: inside.length, maxLength: inside.length });
      await fc.assert(
        fc.asyncProperty(order, async (shuffled) => {
          fc.pre(shuffled.some((index, at) => index !== inside[at]));
          const { records } = bundle();
          const byIndex = new Map(records.map((one) => [one.index, one]));
          // One that stays where it was stands behind another that should follow it.
          const moved = shuffled.filter(
            (index, at) => index !== inside[at] || index < (shuffled[at - 1] ?? index),
          );
          const reordered = shuffled.flatMap((index) => byIndex.get(index) ?? []);
          namesOneOf(await judge({ ...bundle(), records: reordered }), moved);
        }),
        { numRuns: 20 },
      );
    },
    slow,
  );

  it(
    'refuses every record that stands in it twice, wherever, and names it',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: inside.length - 1 }),
          fc.nat({ max: inside.length }),
          fc.boolean(),
          async (which, where, isBare) => {
            const { records } = bundle();
            const one = records[which];
            if (one === undefined) throw new Error('there is one');
            const copy = isBare ? { ...one, container: null, timestamp: null } : one;
            const doubled = [...records.slice(0, where), copy, ...records.slice(where)];
            // Put far from its place it is out of order, and so is its neighbour.
            const around = [one, records[where - 1], records[where]].flatMap((near) => near?.index ?? []);
            namesOneOf(await judge({ ...bundle(), records: doubled }), around);
          },
        ),
        { numRuns: 30 },
      );
    },
    slow,
  );

  it('takes records beside the period without their messages', async () => {
    const narrow: BundleScope = {
      ...scope,
      kind: 'party',
      party: 'DEV:COM:111',
      from: bundleFrom(3),
      to: bundleFrom(9),
    };
    const inNarrow = inside.slice(3, 9);
    const bare = inside.filter((index) => !inNarrow.includes(index));
    expect(outcomeOf(await judge(log.bundle(narrow, inside, { tallies, bare })))).toBe('valid');
  });

  it('demands tallies, of its own log and from its own time', async () => {
    expect(outcomeOf(await judge({ ...bundle(), tallies: [] }))).toBe('tally-missing at tallies');
    expect(outcomeOf(await judge({ ...bundle(), tallies: bundle().tallies.slice(0, 1) }))).toBe(
      'tally-missing at tallies',
    );
    // Without the first, all must be there from the beginning of the log.
    const verdict = await judge({ ...bundle(), tallies: bundle().tallies.slice(1) });
    expect(verdict.gaps).toHaveLength(4);
    const [first, last] = bundle().tallies;
    if (first === undefined || last === undefined) throw new Error('there are tallies');
    const forged = last.pairs.map((line) => ({ ...line, text: line.text.replace(/\d+$/, '1') }));
    expect(outcomeOf(await judge({ ...bundle(), tallies: [first, { ...last, pairs: forged }] }))).toBe(
      `tally-differs at tallies/${last.index}`,
    );
    const hidden = { ...last, pairs: last.pairs.slice(1) };
    expect(outcomeOf(await judge({ ...bundle(), tallies: [first, hidden] }))).toMatch(/^tally-differs at/);
  });

  it('says how many lines of a tally it does not show', async () => {
    const permits: BundleScope = {
      ...scope,
      kind: 'party',
      party: 'DEV:COM:111:permits',
      from: bundleFrom(0),
      to: bundleTo(),
    };
    const indices = bundle()
      .records.filter(({ facts }) => facts.includes('DEV:COM:111:permits'))
      .map(({ index }) => index);
    const shown = log.bundle(permits, indices, { tallies }).tallies.map((tally) => ({
      ...tally,
      pairs: tally.pairs.filter(({ text }) => text.includes('permits')),
    }));
    const verdict = await judge(log.sign({ ...log.bundle(permits, indices, { tallies }), tallies: shown }));
    expect(outcomeOf(verdict)).toBe('valid');
    expect(verdict.warnings.some((text) => text.includes('2 lines'))).toBe(true);
  });
});

function bundleFrom(place: number): string {
  const facts = bundle().records[place - 1]?.facts;
  if (facts !== undefined) return new Date(Date.parse(JSON.parse(String(facts)).at) + 1).toISOString();
  return scope.kind === 'party' ? scope.from : '';
}

function bundleTo(): string {
  return scope.kind === 'party' ? scope.to : '';
}
