import { createHash } from 'node:crypto';
import { EvidenceError } from './error.ts';
import type { BundleContent } from './model.ts';
import { bundleNames, bundleVersions, entriesOf } from './write-bundle.ts';

/**
 * First line of what a log signs for with each export. No checkpoint is taken for it, nor it for a checkpoint, whose
 * second line is a number.
 */
export const contentsStart = 'waygate.contents.v1';

/** First and last of places that follow each other. */
export type Range = readonly [first: number, last: number];

/** What a log said that an export holds. */
export interface ContentsStatement {
  readonly origin: string;
  /** Places of records and of tallies, rising, in as few ranges as there can be. */
  readonly records: readonly Range[];
  readonly tallies: readonly Range[];
  /** Digests in base64: of the index, and of the list of all other entries as `sha256sum` prints it. */
  readonly index: string;
  readonly files: string;
}

/** The text that the log signs: what an export holds, to its last octet. */
export function describeContents(content: BundleContent): string {
  const [index, ...files] = entriesOf(content, bundleVersions.signed);
  if (index === undefined) throw new Error('a bundle begins with its index');
  const sums = files.map(({ name, data }) => `${sha256(data).toString('hex')}  ${name}\n`).join('');
  return [
    contentsStart,
    content.origin,
    `records ${printRanges(content.records.map(indexOf))}`,
    `tallies ${printRanges(content.tallies.map(indexOf))}`,
    `${bundleNames.index} ${sha256(index.data).toString('base64')}`,
    `files ${sha256(Buffer.from(sums)).toString('base64')}`,
    '',
  ].join('\n');
}

/** @throws EvidenceError contents-malformed */
export function parseContents(text: string): ContentsStatement {
  const [start, origin, records, tallies, index, files, end, ...more] = text.split('\n');
  const isWhole = start === contentsStart && end === '' && more.length === 0;
  if (!isWhole || origin === undefined) throw malformed('it has six lines, and begins with its kind');
  return {
    origin,
    records: parseRanges(partOf(records, 'records')),
    tallies: parseRanges(partOf(tallies, 'tallies')),
    index: partOf(index, bundleNames.index),
    files: partOf(files, 'files'),
  };
}

const none = 'none';

/** @param places rising */
function printRanges(places: readonly number[]): string {
  return (
    rangesOf(places)
      .map(([first, last]) => (first === last ? String(first) : `${first}-${last}`))
      .join(',') || none
  );
}

/** @param places rising */
export function rangesOf(places: readonly number[]): Range[] {
  const ranges: [number, number][] = [];
  for (const place of places) {
    const open = ranges.at(-1);
    if (open !== undefined && place === open[1] + 1) open[1] = place;
    else ranges.push([place, place]);
  }
  return ranges;
}

function parseRanges(text: string): Range[] {
  if (text === none) return [];
  return text.split(',').map((part) => {
    const [, first, last = first] = /^(\d{1,16})(?:-(\d{1,16}))?$/.exec(part) ?? [];
    const range = [Number(first), Number(last)] as const;
    if (!range.every(Number.isSafeInteger)) throw malformed(`${part} is not a range of places`);
    return range;
  });
}

function partOf(line: string | undefined, name: string): string {
  if (line?.startsWith(`${name} `) !== true) throw malformed(`it has a line for '${name}'`);
  return line.slice(name.length + 1);
}

function malformed(why: string): EvidenceError {
  const text = `This is not what a log signs with an export: ${why}`;
  return new EvidenceError('contents-malformed', text, { place: bundleNames.contents });
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

const indexOf = ({ index }: { readonly index: number }) => index;
