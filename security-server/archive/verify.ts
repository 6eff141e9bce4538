import { z } from 'zod';
import {
  type BundleContent,
  judgeBundle,
  readBundle,
  type Trust,
  type Verdict,
} from '../../gateway/evidence/index.ts';
import {
  ArchiveError,
  type ArchiveLink,
  archiveSideFolder as evidenceFolder,
  readArchive,
  type VerifiedArchive,
  writeArchive,
  writeZip,
} from '../../gateway/signature/index.ts';
import { containerName } from './build.ts';

const indexSchema = z.object({
  records: z.array(z.object({ index: z.number().int().min(0), container: z.string().nullable() })),
});

/** An archive of ours whose files all belong together. */
export interface ReadOwnArchive extends VerifiedArchive {
  /** Its evidence, in one file that `judgeBundle` judges. */
  readonly bundle: Buffer;
  readonly content: BundleContent;
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
  const containers = new Map(archive.containers.map(({ name, bytes: container }) => [name, container]));
  for (const { index, facts, container } of content.records) {
    const name = containerName(facts, index);
    const linked = containers.get(name);
    if (linked === undefined || container === null || !linked.equals(container)) {
      throw new ArchiveError('broken-link', `the evidence of record ${index} is not that of ${name}`);
    }
    containers.delete(name);
  }
  const [left] = containers.keys();
  if (left !== undefined) throw new ArchiveError('missing', `${left} has no evidence beside it`);
  return { ...archive, bundle, content };
}

/** What an archive that Waygate made is found to be. */
export interface JudgedOwnArchive {
  readonly verdict: Verdict;
  /** Of which group it is an archive, in words. */
  readonly title: string;
  /** Where the next archive goes on. */
  readonly lastDigest: string;
  /** The archive that this one says to follow. */
  readonly previous: ArchiveLink | undefined;
  readonly content: BundleContent;
}

/**
 * Judges an archive that Waygate made, as a bundle of evidence is judged.
 * @throws ArchiveError; EvidenceError bundle-malformed
 */
export async function verifyArchive(
  bytes: Buffer,
  trust: Trust,
  before?: ArchiveLink,
): Promise<JudgedOwnArchive> {
  const { bundle, content, lastDigest, previous } = await readOwnArchive(bytes, before);
  const { scope } = content;
  const title = scope.kind === 'case' ? scope.title : '';
  return { verdict: await judgeBundle(bundle, trust), title, lastDigest, previous, content };
}

const evidenceName = Buffer.from(`${evidenceFolder}bundle.json`);

/** Whether a file claims to be an archive with evidence in it, so that it is judged as one however damaged. */
export function hasEvidence(bytes: Buffer): boolean {
  return bytes.includes(evidenceName);
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
  const isHead = ({ name }: { readonly name: string }) => name === 'bundle.json' || name === 'checkpoint';
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
  return read.data.records.map(({ index: place, container }) => {
    if (container !== `records/${place}.asice`)
      throw new ArchiveError('malformed', `waygate/bundle.json has no container for record ${place}`);
    return container;
  });
}
