import type { HistoryEntry, RowChange } from './entry.ts';

/** An entry with no more of its changes than tell what it was about: one that takes a register over has thousands. */
export interface EntrySummary extends HistoryEntry {
  /** Place in the history from 0. */
  readonly index: number;
  /** How many changes it has in all. */
  readonly changeCount: number;
}

const maxShown = 20;

/** @param isWanted which changes are shown before all others; none when undefined */
export function summarize(
  { changes, ...entry }: HistoryEntry & { readonly index: number },
  isWanted?: (change: RowChange) => boolean,
): EntrySummary {
  const wanted = isWanted === undefined ? changes : changes.filter(isWanted);
  return { ...entry, changes: wanted.slice(0, maxShown), changeCount: changes.length };
}

/** An entry of so many characters takes as long to read as all others of a page together. */
const largeLength = 100_000;
const maxKept = 1_000;

/** Summaries of large entries, by the hash of what they were made from: what was changed since has another. */
export class KeptSummaries {
  readonly #byLeaf = new Map<string, EntrySummary>();

  /** @param make of an entry that is not known */
  of(text: string, leaf: Buffer, make: () => EntrySummary): EntrySummary {
    if (text.length < largeLength) return make();
    const name = leaf.toString('base64');
    const known = this.#byLeaf.get(name);
    if (known !== undefined) return known;
    const made = make();
    const [oldest] = this.#byLeaf.keys();
    if (this.#byLeaf.size >= maxKept && oldest !== undefined) this.#byLeaf.delete(oldest);
    this.#byLeaf.set(name, made);
    return made;
  }
}
