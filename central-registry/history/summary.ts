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
const beginOfChanges = '"changes":[';

/** Whether an entry is so large that a list reads no more of it than it shows. */
export function isLarge(text: string): boolean {
  return text.length >= largeLength;
}

/** What `summarize` makes of an entry, from its text; the changes that are not shown are counted and not read. */
export function summarizeText(index: number, text: string): EntrySummary {
  // Within a string of JSON no quotation mark stands alone: this is the key.
  const from = text.indexOf(beginOfChanges) + beginOfChanges.length;
  const { count, end } = countObjects(text, from);
  const { changes, ...entry } = JSON.parse(`${text.slice(0, end)}]}`) as HistoryEntry;
  return { index, ...entry, changes, changeCount: count };
}

/** @returns how many objects stand side by side, and where the last one that is shown ends */
function countObjects(text: string, from: number): { readonly count: number; readonly end: number } {
  let [count, depth, end] = [0, 0, from];
  for (let at = from; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === quotationMark) at = endOfString(text, at + 1);
    else if (character === openingBrace) depth += 1;
    else if (character === closingBrace && depth > 0) {
      depth -= 1;
      if (depth > 0) continue;
      count += 1;
      if (count <= maxShown) end = at + 1;
    }
  }
  return { count, end };
}

const [quotationMark, backslash, openingBrace, closingBrace] = [0x22, 0x5c, 0x7b, 0x7d];

/** @param from first character of a string of JSON @returns place of the quotation mark that ends it */
function endOfString(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === backslash) before -= 1;
  return (at - before) % 2 === 1;
}

/** Summaries of large entries, by the hash of what they were made from: what was changed since has another. */
export class KeptSummaries {
  readonly #byLeaf = new Map<string, EntrySummary>();

  /** @param make of an entry that is not known */
  of(leaf: Buffer, make: () => EntrySummary): EntrySummary {
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
