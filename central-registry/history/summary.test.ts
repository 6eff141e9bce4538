import { expect, it } from 'vitest';
import type { HistoryEntry, RowChange } from './entry.ts';
import { type EntrySummary, KeptSummaries, summarize } from './summary.ts';

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

it('a large entry is summarized once, and anew as soon as its hash is another', () => {
  const kept = new KeptSummaries();
  let made = 0;
  const make = (): EntrySummary => {
    made += 1;
    return summarize(entry);
  };
  const large = 'x'.repeat(200_000);
  const [leaf, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  for (const one of [leaf, leaf, other, other]) kept.of(large, one, make);
  expect(made).toBe(2);
  for (const one of [leaf, leaf]) kept.of('small', one, make);
  expect(made).toBe(4);
});

it('no more than a thousand summaries are kept', () => {
  const kept = new KeptSummaries();
  const large = 'x'.repeat(200_000);
  let made = 0;
  const ask = (at: number) =>
    kept.of(large, Buffer.from(String(at)), () => {
      made += 1;
      return summarize(entry);
    });
  for (let at = 0; at <= 1_000; at += 1) ask(at);
  ask(0);
  expect(made).toBe(1_002);
  ask(1_000);
  expect(made).toBe(1_002);
});
