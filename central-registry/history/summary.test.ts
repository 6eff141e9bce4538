import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type HistoryEntry, type RowChange, writeEntry } from './entry.ts';
import { type EntrySummary, KeptSummaries, summarize, summarizeText } from './summary.ts';

const changes: RowChange[] = Array.from({ length: 50 }, (_, at) => ({
  ...{ table: at % 2 === 0 ? 'member' : 'subsystem', key: `GOV/${at}` },
  ...{ before: null, after: { name: `n${at}` } },
}));
const entry: HistoryEntry & { index: number } = {
  ...{ index: 3, at: '2026-11-28T00:00:00.000Z', by: 'user:anna', kind: 'change', schema: 7, changes },
};

it('a summary has twenty changes, those that are wanted alone, and says how many there are', () => {
  expect(summarize(entry)).toEqual({ ...entry, changes: changes.slice(0, 20), changeCount: 50 });
  const found = summarize(entry, ({ key }) => key === 'GOV/41');
  expect(found).toEqual({ ...entry, changes: [changes[41]], changeCount: 50 });
});

it('a summary from the text of an entry is the one of the entry, whatever its words hold', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\\', '\\"', '"}]', '{"changes":[{', '}}'),
    fc.integer(),
    fc.constant(null),
  );
  const row = fc.option(fc.dictionary(fc.string(), value, { maxKeys: 3 }), { nil: null });
  const change = fc.record({ table: fc.string(), key: fc.string(), before: row, after: row });
  const words = fc.string({ unit: 'binary' });
  const written = fc.record(
    {
      ...{ at: fc.constant(entry.at), by: words, why: words, kind: fc.constant('change' as const) },
      ...{ schema: fc.nat(), changes: fc.array(change, { maxLength: 40 }) },
    },
    { requiredKeys: ['at', 'by', 'kind', 'schema', 'changes'] },
  );
  fc.assert(
    fc.property(written, fc.nat(), (one, index) => {
      const text = writeEntry(one);
      expect(summarizeText(index, text)).toEqual(summarize({ index, ...(JSON.parse(text) as HistoryEntry) }));
    }),
  );
});

it('an entry is summarized once, and anew as soon as its hash is another', () => {
  const kept = new KeptSummaries();
  let made = 0;
  const make = (): EntrySummary => {
    made += 1;
    return summarize(entry);
  };
  const [leaf, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  for (const one of [leaf, leaf, other, other]) kept.of(one, make);
  expect(made).toBe(2);
});

it('no more than a thousand summaries are kept', () => {
  const kept = new KeptSummaries();
  let made = 0;
  const ask = (at: number) =>
    kept.of(Buffer.from(String(at)), () => {
      made += 1;
      return summarize(entry);
    });
  for (let at = 0; at <= 1_000; at += 1) ask(at);
  ask(0);
  expect(made).toBe(1_002);
  ask(1_000);
  expect(made).toBe(1_002);
});
