import { z } from 'zod';
import {
  ArchiveError,
  type ArchiveLink,
  containerNameOf,
  archiveSideFolder as evidenceFolder,
  readArchive,
  type VerifiedArchive,
  type WrittenArchive,
  writeArchive,
  writeZip,
  zipNames,
} from '../signature/index.ts';
import { EvidenceError } from './error.ts';
import { parseFacts } from './facts.ts';
import { judgeBundle } from './judge.ts';
import type { BundleContent } from './model.ts';
import { readBundle } from './read-bundle.ts';
import { bad, concludeVerdict, good, type Trust, type Verdict } from './verdict.ts';
import { bundleNames, zipEntriesOf } from './write-bundle.ts';

/** Entry of an archive that says in which order its containers were linked. */
const linkingInfo = 'linkinginfo';

const indexSchema = z.object({
  records: z.array(z.object({ index: z.number().int().min(0), container: z.string().nullable() })),
});

/** An archive of ours whose files all belong together. */
export interface ReadOwnArchive extends VerifiedArchive {
  /** Its evidence, in one file that `judgeBundle` judges. */
  readonly bundle: Buffer;
  readonly content: BundleContent;
  /** Of which group it is an archive, in words. */
  readonly title: string;
}

/**
 * Writes an archive: containers as X-Road reads them, and beside them the bundle of their evidence without them.
 * @param content whose records all have their containers
 * @param previous the archive before in the same group; undefined for the first
 */
export function writeOwnArchive(content: BundleContent, previous?: ArchiveLink): WrittenArchive {
  const containers = content.records.flatMap(({ container, facts, index }) =>
    container === null ? [] : [{ name: containerName(facts, index), bytes: container }],
  );
  const beside = zipEntriesOf(content)
    .filter(({ name }) => !name.startsWith(recordsFolder))
    .map(({ name, data }) => [name, Buffer.from(data)] as const);
  return writeArchive(containers, previous, new Map(beside));
}

const recordsFolder = 'records/';

/** Name of a record's container by its facts. */
export function containerName(bytes: Buffer, index: number): string {
  const facts = parseFacts(bytes);
  if (facts.kind !== 'message') throw new Error('a record of a message has facts of a message');
  return containerNameOf({ queryId: facts.queryId, direction: facts.direction, index });
}

/**
 * Reads an archive that Waygate made, in its one form: the links, the manifest of the evidence, and that each container has its place in
 * it. Nothing is verified yet that needs trust in a key or an authority.
 * @param previous link of the archive before; left out when that is not at hand
 * @throws ArchiveError; EvidenceError bundle-malformed
 */
export async function readOwnArchive(bytes: Buffer, previous?: ArchiveLink): Promise<ReadOwnArchive> {
  const archive = await readArchive(bytes, previous);
  requireForm(bytes, archive);
  const bundle = bundleOf(archive);
  const content = readBundle(bundle);
  requireLink(content, archive);
  const containers = new Map(archive.containers.map(({ name, bytes: container }) => [name, container]));
  for (const { index, facts, container } of content.records) {
    if (container === null) continue;
    const name = containerName(facts, index);
    const linked = containers.get(name);
    if (linked?.equals(container) !== true) {
      throw new ArchiveError('broken-link', `the evidence of record ${index} is not that of ${name}`);
    }
    containers.delete(name);
  }
  const [left] = containers.keys();
  if (left !== undefined) throw new ArchiveError('missing', `${left} has no evidence beside it`);
  return { ...archive, bundle, content, title: titleOf(content) };
}

/** Links are made without a key; which archive comes before, the log signs for, too. */
function requireLink({ scope }: BundleContent, { previous }: VerifiedArchive): void {
  if (scope.kind !== 'archive' || scope.previous === undefined) return;
  const isSame =
    scope.previous?.digest === previous?.digest && scope.previous?.fileName === previous?.fileName;
  if (isSame) return;
  const [told, linked] = [scope.previous, previous].map((link) => link?.fileName ?? 'no other');
  const why = `its evidence says that it follows ${told}, and its links that it follows ${linked}`;
  throw new ArchiveError('broken-link', `the archive is not where it was: ${why}`);
}

function titleOf({ scope }: BundleContent): string {
  // Version 1 told its group in the title of a case.
  if (scope.kind === 'case') return scope.title;
  if (scope.kind !== 'archive') return '';
  return scope.group === '' ? 'archive of a message log' : `archive of ${scope.group}`;
}

/** What an archive that Waygate made is found to be. */
export interface JudgedOwnArchive {
  readonly verdict: Verdict;
  /** Undefined when its files do not belong together. */
  readonly archive?: ReadOwnArchive;
  /** Why they do not. */
  readonly trouble?: ArchiveError | EvidenceError;
}

/**
 * Judges an archive that Waygate made, as a bundle of evidence is judged.
 * @param before link of the archive before; left out when that is not at hand
 */
export async function judgeOwnArchive(
  bytes: Buffer,
  trust: Trust,
  before?: ArchiveLink,
): Promise<JudgedOwnArchive> {
  let archive: ReadOwnArchive;
  try {
    archive = await readOwnArchive(bytes, before);
  } catch (trouble) {
    const isKnown = trouble instanceof ArchiveError || trouble instanceof EvidenceError;
    if (!isKnown) throw trouble;
    const place = trouble instanceof EvidenceError ? trouble.place : undefined;
    const text = `The archive is not as it was written: ${trouble.message}.`;
    const step = bad('linking', place ?? linkingInfo, trouble.code, text);
    return { verdict: concludeVerdict([step], [], []), trouble };
  }
  const count = `The archive has ${archive.containers.length} containers, each with its evidence, linked in their order.`;
  const { steps, gaps, warnings } = await judgeBundle(archive.bundle, trust);
  return {
    verdict: concludeVerdict([good('linking', linkingInfo, count), ...steps], gaps, warnings),
    archive,
  };
}

const evidenceName = `${evidenceFolder}bundle.json`;

/**
 * Whether a file claims to be an archive with evidence in it, so that it is judged as one however damaged: an entry or
 * the directory names it, and with a bit changed one of them still does. What is in a message counts for nothing.
 */
export function hasEvidence(bytes: Buffer): boolean {
  const { local, central } = zipNames(bytes);
  return local.includes(evidenceName) || central.includes(evidenceName);
}

/** Headers, order, comments and spare octets of the zip file: what means nothing must be nothing. */
function requireForm(bytes: Buffer, { containers, previous, beside }: VerifiedArchive): void {
  const expected = writeArchive(containers, previous, beside).bytes;
  if (expected.equals(bytes)) return;
  const length = Math.min(expected.length, bytes.length);
  let at = 0;
  while (at < length && expected[at] === bytes[at]) at += 1;
  const form = 'what writing its content again gives';
  throw new ArchiveError('malformed', `the archive is not in its one form: octet ${at} is not ${form}`);
}

/** Entries of a bundle that stand before its containers. */
const heads = new Set<string>([bundleNames.index, bundleNames.checkpoint, bundleNames.contents]);

/** Puts the containers to their evidence, in the order in which a bundle has them. */
function bundleOf({ beside, containers }: VerifiedArchive): Buffer {
  const index = beside.get('bundle.json');
  if (index === undefined)
    throw new ArchiveError('missing', 'the archive has no evidence beside its containers');
  const named = readNames(index);
  if (named.length !== containers.length)
    throw new ArchiveError('missing', 'the archive has not as many containers as its evidence tells');
  const records = named.map((name, place) => ({ name, data: containers[place]?.bytes ?? Buffer.alloc(0) }));
  const files = [...beside].map(([name, data]) => ({ name, data }));
  const isHead = ({ name }: { readonly name: string }) => heads.has(name);
  const entries = [...files.filter(isHead), ...records, ...files.filter((file) => !isHead(file))];
  return writeZip(entries, { isStored: true });
}

function readNames(index: Buffer): string[] {
  let value: unknown;
  try {
    value = JSON.parse(index.toString('utf8'));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new ArchiveError('malformed', 'waygate/bundle.json is not JSON', { cause });
  }
  const read = indexSchema.safeParse(value);
  if (!read.success) throw new ArchiveError('malformed', 'waygate/bundle.json lists no records');
  return read.data.records.flatMap(({ index: place, container }) => {
    // Records that only count, between a tally and the stretch, have none.
    if (container === null) return [];
    if (container !== bundleNames.container(place))
      throw new ArchiveError('malformed', `waygate/bundle.json has no container for record ${place}`);
    return container;
  });
}
