import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeZip } from '../signature/index.ts';
import { parseFacts } from './facts.ts';
import { judgeBundle } from './judge.ts';
import type { BundleContent, BundleRecord, BundleScope } from './model.ts';
import { hasEvidence, judgeOwnArchive, writeOwnArchive } from './own-archive.ts';
import { TestLog } from './testing/test-log.ts';
import { createWorld } from './testing/world.ts';
import type { Trust, Verdict } from './verdict.ts';
import { writeBundle, zipEntriesOf } from './write-bundle.ts';

let log: TestLog;
/** Exports of one log, by their kinds; all have the same checkpoint. */
const exports = new Map<string, BundleContent>();
const kinds = ['exchange', 'unanswered exchange', 'case', 'archive', 'archive of a group'] as const;
type Kind = (typeof kinds)[number];
let trust: Trust;

beforeAll(async () => {
  const world = await createWorld();
  log = await TestLog.create(world);
  const first = log.tally();
  const places: number[] = [];
  for (let n = 0; n < 7; n += 1) {
    const subsystem = n % 2 === 0 ? 'taxes' : 'permits';
    places.push(...(await log.exchange({ queryId: `DEV-${n}`, subsystem, body: `{"n":${n}}` })));
    if (n === 3) places.push(await log.ask({ queryId: 'DEV-open', subsystem: 'permits' }));
  }
  const to = log.size;
  const later = await log.exchange({ queryId: 'DEV-later', subsystem: 'permits' });
  const last = log.tally();
  await log.stamp();
  const tallies = [first, last];
  const [from, open] = [places[0] ?? 0, places[8] ?? 0];
  const factsAt = (index: number) => {
    const facts = parseFacts(
      log.bundle({ kind: 'case', title: '' }, [index]).records[0]?.facts ?? Buffer.of(),
    );
    if (facts.kind !== 'message') throw new Error('not a message');
    return facts;
  };
  const all = [...places, ...later];
  const responses = all.filter((index) => {
    const { direction, client } = factsAt(index);
    return direction === 'response' && client.endsWith('permits');
  });
  const archive: BundleScope = { kind: 'archive', grouping: 'none', group: '', from, to };
  const group = 'DEV:COM:111:permits';
  const ofGroup = all.filter((index) => factsAt(index).client === group);
  exports.set('exchange', log.bundle({ kind: 'exchange', queryId: 'DEV-2' }, places.slice(4, 6)));
  exports.set(
    'unanswered exchange',
    log.bundle(
      { kind: 'exchange', queryId: 'DEV-open' },
      [...responses, open].sort((a, b) => a - b),
      {
        ...{ tallies, bare: responses },
      },
    ),
  );
  exports.set(
    'case',
    log.bundle({ kind: 'case', title: 'x' }, [...places.slice(0, 4), ...places.slice(9, 11)]),
  );
  exports.set('archive', log.bundle(archive, all, { tallies, bare: later }));
  exports.set(
    'archive of a group',
    log.bundle({ ...archive, grouping: 'subsystem', group }, ofGroup, { tallies, bare: later }),
  );
  trust = { verifierKey: world.note.verifierKey };
});

function exported(kind: Kind): BundleContent {
  const content = exports.get(kind);
  if (content === undefined) throw new Error(`there is no export ${kind}`);
  return content;
}

/** As it is handed over: archives as archives, linked anew. */
async function judge(content: BundleContent): Promise<Verdict> {
  if (content.scope.kind !== 'archive') return judgeBundle(writeBundle(content), trust);
  const { bytes } = writeOwnArchive(content, { digest: 'ab'.repeat(64), fileName: 'mlog-before.zip' });
  expect(hasEvidence(bytes)).toBe(true);
  return (await judgeOwnArchive(bytes, trust)).verdict;
}

/** Ways to alter a list of records; each writes all of its evidence anew. */
const alterations = {
  drop: (records: readonly BundleRecord[], at: number) => records.filter((_, place) => place !== at),
  double: (records: readonly BundleRecord[], at: number) =>
    records.flatMap((record, place) => (place === at ? [record, record] : [record])),
  insert: (records: readonly BundleRecord[], at: number, other: BundleRecord) =>
    [...records, other].sort((a, b) => a.index - b.index || at),
  swap: (records: readonly BundleRecord[], at: number) => {
    const next = (at + 1) % records.length;
    return records.map(
      (record, place) => records[place === at ? next : place === next ? at : place] ?? record,
    );
  },
  'swap the places of': (records: readonly BundleRecord[], at: number) => {
    const next = (at + 1) % records.length;
    return records.map((record, place) => {
      const other = place === at ? records[next] : place === next ? records[at] : record;
      return { ...(other ?? record), index: record.index };
    });
  },
} as const;
type Alteration = keyof typeof alterations;

interface Case {
  readonly kind: Kind;
  readonly how: Alteration;
  readonly at: number;
  readonly other: number;
}

const cases = fc.record({
  kind: fc.constantFrom(...kinds),
  how: fc.constantFrom(...(Object.keys(alterations) as Alteration[])),
  at: fc.nat(40),
  other: fc.nat(40),
});

/** @returns undefined when that changes nothing: one record cannot be swapped, nor one put in that is there */
function alter({ kind, how, at, other }: Case): { content: BundleContent; record: BundleRecord } | undefined {
  const content = exported(kind);
  const { records } = content;
  const record = records[at % records.length];
  const strangers = exported('archive').records.filter(
    ({ index }) => !records.some((one) => one.index === index),
  );
  const stranger = strangers[other % Math.max(1, strangers.length)];
  if (record === undefined || (how === 'insert' && stranger === undefined)) return undefined;
  if (how.startsWith('swap') && records.length < 2) return undefined;
  const altered = alterations[how](records, at % records.length, stranger ?? record);
  const timestamps = altered.some(({ timestamp }) => timestamp !== null) ? content.timestamps : [];
  return { content: { ...content, timestamps, records: altered }, record };
}

describe('an export', () => {
  it.each(kinds)('%s is good as it was made', async (kind) => {
    const { valid, code, warnings, steps } = await judge(exported(kind));
    expect({ valid, code }).toEqual({ valid: true, code: null });
    expect(steps.filter(({ state }) => state !== 'good')).toEqual([]);
    expect(warnings.filter((text) => !text.includes('anchor'))).toEqual([]);
  });

  it('of which somebody dropped, doubled, put in or moved a record is found, and the place named', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const altered = alter(one);
        if (altered === undefined) return;
        const { valid, place, steps } = await judge(altered.content);
        expect(valid, `${one.how} ${one.at} of ${one.kind}`).toBe(false);
        expect(place).toBeTruthy();
        const about = `records/${altered.record.index}`;
        if (one.how === 'drop' && altered.content.records.length > 0) {
          expect(steps).toContainEqual(expect.objectContaining({ about, code: 'contents-missing' }));
        }
      }),
      { numRuns: 120 },
    );
  }, 120_000);

  it('of which the log itself left a record out that numbers show is found, and the gap named', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const altered = alter(one);
        if (altered === undefined) return;
        // A request without its answer is dropped with all there is, and one exchange can hide no other.
        const isShown = one.kind.startsWith('archive') || altered.record.container === null;
        if (one.how === 'drop' && !isShown) return;
        const { valid, gaps, place } = await judge(log.sign(altered.content));
        expect(valid, `${one.how} ${one.at} of ${one.kind}`).toBe(false);
        expect(place).toBeTruthy();
        if (one.how !== 'drop') return;
        const facts = parseFacts(altered.record.facts);
        if (facts.kind !== 'message') throw new Error('not a message');
        expect(gaps).toHaveLength(1);
        expect(gaps[0]?.pair).toBe(`${facts.client}|${facts.provider}|${facts.direction}|${facts.side}`);
        expect(gaps[0]?.after).toBe(facts.sequence - 1);
      }),
      { numRuns: 120 },
    );
  }, 120_000);

  it('says whose word it is that there was no answer, when no numbers show it', async () => {
    const content = exported('exchange');
    const alone = log.sign({ ...content, records: content.records.slice(0, 1) });
    const { valid, steps, warnings } = await judge(alone);
    expect(valid).toBe(true);
    expect(steps).toContainEqual(expect.objectContaining({ state: 'absent', code: 'response-missing' }));
    expect(warnings.join()).toContain('is the word of whoever exported this');
  });

  it('shows no answer missing by tallies that hide how many there were', async () => {
    const content = exported('unanswered exchange');
    const hidden = log.sign({
      ...content,
      records: content.records.filter(({ container }) => container !== null),
      tallies: content.tallies.map((tally) => ({ ...tally, pairs: [] })),
    });
    const { valid, steps, warnings } = await judge(hidden);
    expect(valid).toBe(true);
    expect(steps.filter(({ id }) => id === 'exchange' || id === 'sequence')).toEqual([
      expect.objectContaining({ state: 'absent', code: 'response-missing' }),
    ]);
    expect(warnings.join()).toContain('is the word of whoever exported this');
  });

  it('is about all that it names: a case without one of its exchanges is not', async () => {
    const content = exported('case');
    const less = content.records.filter(({ facts }) => !facts.includes('"DEV-1"'));
    expect(less).toHaveLength(content.records.length - 2);
    expect(await judge(log.sign({ ...content, records: less }))).toMatchObject({ code: 'exchange-missing' });
    const request = content.records.slice(0, 1);
    const answer = content.records.filter((record) => !request.includes(record));
    expect(await judge(log.sign({ ...content, records: answer }))).toMatchObject({ code: 'request-missing' });
  });

  it('that was stripped of the word of its log is found by what its records say', async () => {
    for (const kind of ['exchange', 'unanswered exchange'] as const) {
      const { contents: _, ...stripped } = exported(kind);
      expect(await judge(stripped)).toMatchObject({ code: 'contents-missing', place: 'contents' });
    }
  });

  it('with the word of the log on another export, or of another log, is not believed', async () => {
    const { contents } = exported('case');
    expect(await judge({ ...exported('exchange'), contents: contents ?? '' })).toMatchObject({
      valid: false,
      place: expect.stringMatching(/^records\//),
    });
    const stranger = await createWorld();
    const checkpoint = exported('exchange').checkpoint;
    for (const [forged, code] of [
      [stranger.note.sign(`${(contents ?? '').split('\n\n')[0]}\n`), 'note-unsigned'],
      [checkpoint, 'contents-malformed'],
    ] as const) {
      expect(await judge({ ...exported('exchange'), contents: forged })).toMatchObject({
        ...{ valid: false, code, place: 'contents' },
      });
    }
  });

  it('whose signed word has more lines than one signature is not as the log made it', async () => {
    const content = exported('exchange');
    const stranger = await createWorld();
    const contents = content.contents ?? '';
    const foreign = stranger.note.sign('x\n').split('\n').at(-2);
    const own = contents.split('\n').at(-2);
    for (const line of [foreign, own]) {
      expect(line).toMatch(/^\u2014 /);
      expect(await judge({ ...content, contents: `${contents}${line}\n` })).toMatchObject({
        ...{ valid: false, code: 'note-malformed', place: 'contents' },
      });
    }
  });

  it('whose title, time or list of what was erased is another is found', async () => {
    const content = exported('case');
    for (const change of [
      { createdAt: '2030-01-01T00:00:00.000Z' },
      { scope: { ...content.scope, title: 'another' } as BundleScope },
    ]) {
      expect((await judge({ ...content, ...change })).valid).toBe(false);
    }
  });
});

describe('an export of version 1', () => {
  it('stays readable, and says that it cannot be judged complete', async () => {
    const world = await createWorld();
    const old = await TestLog.create(world);
    const lie = ({ signedExports: _, ...facts }: Parameters<NonNullable<TestMessageLie>>[0]) => facts;
    old.tally();
    const places = [
      ...(await old.exchange({ queryId: 'DEV-1', body: 'x', lie })),
      ...(await old.exchange({ queryId: 'DEV-2', lie })),
    ];
    await old.stamp();
    const scope: BundleScope = { kind: 'case', title: 'archive of a message log' };
    const content = old.bundle(scope, places, { isUnsigned: true });
    const { bytes } = writeOwnArchive(content);
    const judged = await judgeOwnArchive(bytes, { verifierKey: world.note.verifierKey });
    expect(judged.verdict).toMatchObject({ valid: true, code: null });
    expect(judged.archive?.title).toBe('archive of a message log');
    expect(judged.verdict.steps.at(-1)).toMatchObject({ state: 'absent', code: 'contents-unsigned' });
    expect(judged.verdict.warnings.join()).toContain('cannot be judged');
  });

  it('is refused by name when its version is not known here', async () => {
    const entries = zipEntriesOf(exported('exchange')).map(({ name, data }) => {
      const text = Buffer.from(data).toString('utf8').replace('{"version":2', '{"version":9');
      return { name, data: name === 'bundle.json' ? Buffer.from(text) : data };
    });
    const later = writeZip(entries, { isStored: true });
    expect(await judgeBundle(later)).toMatchObject({ code: 'bundle-version-unknown', place: 'bundle.json' });
  });
});

type TestMessageLie = Parameters<TestLog['exchange']>[0]['lie'];
