import { checkLog, type JournalFinding, type NamedNote } from '../../gateway/journal/index.ts';
import type { HashReader } from '../../gateway/transparency/index.ts';
import type { Row, RowChange } from './entry.ts';
import { type HistoryRows, wrongWith } from './rows.ts';

interface HistoryToCheck {
  /** Caught up with the entries. */
  readonly tree: HashReader & { readonly size: number };
  readonly verifierKey: string;
  readonly ownCheckpoint: NamedNote | undefined;
  /** Signed notes that were kept elsewhere. */
  readonly held: readonly NamedNote[];
}

/** Compares every entry, hash and checkpoint, and the register with what the entries make of it. */
export async function checkHistory(rows: HistoryRows, log: HistoryToCheck): Promise<JournalFinding[]> {
  const { database } = rows;
  const findings = await checkLog({
    ...{ ...log, database, file: 'register.sqlite', table: 'historyEntry', word: 'entry' },
    read: (from, below) =>
      rows
        .read(from, below)
        .map((row) => ({ id: row.id, wrongWith: (leaf) => wrongWith(row, leaf, database) })),
  });
  // Entries that are not what was written down make no register to compare with.
  if (findings.some(({ place }) => /^entr(y|ies) /.test(place))) return findings;
  return [...findings, ...rows.differences().map(describe)];
}

/** A row of the register that was changed past the history. */
function describe({ table, key, before, after }: RowChange): JournalFinding {
  const place = `${table} ${key}`;
  if (before === null) {
    return {
      code: 'inserted',
      place,
      text: 'The register has it, and no entry of the history says how it came',
    };
  }
  if (after === null) {
    return { code: 'missing', place, text: 'The history has it, and no entry says how it went' };
  }
  const text = `The register says something else than the history: ${namesOf(before, after)}`;
  return { code: 'altered', place, text };
}

/** Columns that differ. */
function namesOf(before: Row, after: Row): string {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).join(', ');
}
