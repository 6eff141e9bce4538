import { openNote, TransparencyError } from '../transparency/index.ts';
import { describeContents, parseContents, type Range, rangesOf } from './contents.ts';
import { EvidenceError } from './error.ts';
import type { MessageFacts } from './facts.ts';
import type { KnownLog } from './judge-checkpoint.ts';
import type { BundleContent } from './model.ts';
import { absent, bad, good, type Step } from './verdict.ts';
import { bundleNames } from './write-bundle.ts';

const id = 'contents';
/** Places that are named; the rest of them are counted. */
const maxNamed = 100;

/**
 * Whether the export is the one that the log signed for: whoever altered it since, took something out or put something
 * in is found, unless they have the log's key.
 */
export function judgeContents(
  content: BundleContent,
  log: KnownLog,
  facts: readonly MessageFacts[],
): { readonly steps: readonly Step[]; readonly warnings: readonly string[] } {
  const { contents: note } = content;
  if (note === undefined) return judgeUnsigned(facts);
  try {
    const { text, signatures } = openNote(note, [log.verifierKey]);
    // Nothing else signs for this note itself: a line that nobody reads could be put in unseen.
    if (signatures !== 1) {
      const why = `It has ${signatures} signatures, and the log makes one: a line was put in.`;
      return { steps: [bad(id, bundleNames.contents, 'note-malformed', why)], warnings: [] };
    }
    if (text === describeContents(content)) {
      const told =
        'The log signed for what this export holds: nothing was taken out, put in or altered since it was made.';
      const details = [
        ['records', String(content.records.length)],
        ['tallies', String(content.tallies.length)],
      ] as const;
      return { steps: [good(id, bundleNames.contents, told, details)], warnings: [] };
    }
    return { steps: compare(text, content), warnings: [] };
  } catch (error) {
    if (!(error instanceof TransparencyError || error instanceof EvidenceError)) throw error;
    const told = `What the log signed for this export cannot be believed: ${error.message}.`;
    return { steps: [bad(id, bundleNames.contents, error.code, told)], warnings: [] };
  }
}

/** Of version 1. Records say whether their log signs for its exports: then the signed word was taken away. */
function judgeUnsigned(facts: readonly MessageFacts[]): ReturnType<typeof judgeContents> {
  const about = bundleNames.contents;
  if (facts.some(({ signedExports }) => signedExports === true)) {
    const text =
      'The log signs for what each of its exports holds, and here its word is missing: it was taken away.';
    return { steps: [bad(id, about, 'contents-missing', text)], warnings: [] };
  }
  const text =
    'This is of version 1, for which logs did not sign: whether something was taken out since it was made cannot be judged.';
  return { steps: [absent(id, about, 'contents-unsigned', text)], warnings: [text] };
}

/** Names what is not as it was signed for. */
function compare(text: string, content: BundleContent): Step[] {
  const told = parseContents(text);
  const here = parseContents(describeContents(content));
  if (told.origin !== here.origin) {
    const why = `What was signed is of an export of the log ${told.origin}.`;
    return [bad(id, bundleNames.contents, 'origin-differs', why)];
  }
  const lists = (['records', 'tallies'] as const).flatMap((list) =>
    compareList(list, told[list], content[list]),
  );
  if (lists.length > 0) return lists;
  const about = told.index === here.index ? 'files' : bundleNames.index;
  const what = told.index === here.index ? 'its files are' : 'its index is';
  return [
    bad(
      id,
      about,
      'contents-differ',
      `The export was altered since the log signed for it: ${what} not as then.`,
    ),
  ];
}

function compareList(
  list: 'records' | 'tallies',
  told: readonly Range[],
  here: readonly { readonly index: number }[],
): Step[] {
  const found = rangesOf(here.map(({ index }) => index));
  return [
    ...without(told, found).map((range) => {
      const [what, were] = nameRange(list, range);
      const text = `${what} of the log ${were} in this export when the log signed for it, and ${were === 'was' ? 'is' : 'are'} missing.`;
      return bad(id, `${list}/${range[0]}`, 'contents-missing', text);
    }),
    ...without(found, told).map((range) => {
      const [what, were] = nameRange(list, range);
      const text = `${what} of the log ${were} not in this export when the log signed for it: put in later.`;
      return bad(id, `${list}/${range[0]}`, 'contents-added', text);
    }),
  ].slice(0, maxNamed);
}

function nameRange(
  list: 'records' | 'tallies',
  [first, last]: Range,
): readonly [what: string, were: 'was' | 'were'] {
  const [one, many] = list === 'records' ? ['Record', 'Records'] : ['Tally', 'Tallies'];
  return first === last ? [`${one} ${first}`, 'was'] : [`${many} ${first} to ${last}`, 'were'];
}

/** Places of some ranges that are in none of the others, as ranges; both rise. */
function without(ranges: readonly Range[], others: readonly Range[]): Range[] {
  const left: Range[] = [];
  let next = 0;
  for (const [first, last] of ranges) {
    while ((others[next]?.[1] ?? Number.POSITIVE_INFINITY) < first) next += 1;
    let from = first;
    for (const [low, high] of others.slice(next, next + 1 + last - first)) {
      if (low > last) break;
      if (low > from) left.push([from, low - 1]);
      from = Math.max(from, high + 1);
    }
    if (from <= last) left.push([from, last]);
  }
  return left;
}
