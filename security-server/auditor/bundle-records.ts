import {
  type BundleConfiguration,
  type BundleConsistency,
  type BundleContent,
  type BundleRecord,
  type BundleScope,
  type BundleTally,
  type BundleTimestamp,
  describeContents,
  isPairOfGroup,
  parseFacts,
} from '../../gateway/evidence/index.ts';
import { proveConsistency, proveInclusion, rootOf } from '../../gateway/transparency/index.ts';
import { containerOf, type FoundRecord, type FoundTally } from '../message-log/index.ts';
import type { BundleLimits } from './bundle-limits.ts';
import { checkpointSize } from './checkpoint-size.ts';
import { type ConfigurationArchive, EvidenceAccessError, type EvidenceSource } from './evidence-source.ts';
import { concerns } from './gaps.ts';
import { gatherWitnesses } from './gather-witnesses.ts';
import { nextTurn, recordsPerTurn } from './next-turn.ts';

/** What of a log goes into a bundle. */
export type BundleSource = Pick<
  EvidenceSource,
  'origin' | 'verifierKey' | 'tree' | 'read' | 'leaf' | 'openBody' | 'checkpoint' | 'signContents'
>;

/** What goes into a bundle, by places of the log. */
export interface BundlePlan {
  readonly scope: BundleScope;
  /** Records with their messages. */
  readonly records: readonly number[];
  /** Records that only count: their facts alone. */
  readonly beside: readonly number[];
  readonly tallies: readonly FoundTally[];
  /** Of an exchange or a case: pairs whose numbers the tallies show. */
  readonly pairs?: ReadonlySet<string>;
  /** Else containers have the signed heads, and digests of the bodies. */
  readonly includeBodies: boolean;
  /** Sizes of the log from which the bundle proves that it only grew, besides those of its timestamps. */
  readonly heldSizes?: readonly number[];
  readonly createdAt: Date;
  readonly limits: BundleLimits;
}

/**
 * Takes records out of the log with all that proves them, and has the log sign for what it hands out.
 * @throws EvidenceAccessError export-too-large, record-not-found, log-older-than-held; MessageLogError locked
 */
export async function gatherBundle(
  log: BundleSource,
  configurations: ConfigurationArchive,
  plan: BundlePlan,
): Promise<BundleContent> {
  const { scope, tallies, pairs, heldSizes = [], createdAt } = plan;
  const checkpoint = await log.checkpoint();
  const { verifierKey } = log;
  if (verifierKey === undefined) throw new Error('a log that has signed a checkpoint has a key');
  const size = checkpointSize(checkpoint, verifierKey);
  const beyond = heldSizes.find((held) => held > size);
  if (beyond !== undefined) throw olderThanHeld(beyond, size);
  const shelf = new TimestampShelf();
  const ids = new Set<string>();
  const records = await gatherRecords(log, plan, size, shelf, ids);
  const sizes = shelf.timestamps.map((stamp) => checkpointSize(stamp.checkpoint, verifierKey));
  const shownTallies = tallies.map((tally) => gatherTally(log, tally, linesOf(scope, pairs), size));
  const { timestamps } = shelf;
  const evidence = { records, tallies: shownTallies, timestamps };
  const { witnesses, ids: later } = await gatherWitnesses(log, configurations, evidence, size);
  const content: BundleContent = {
    ...{ scope, origin: log.origin, verifierKey, createdAt: createdAt.toISOString(), checkpoint, records },
    ...{ tallies: shownTallies, timestamps },
    configurations: await gatherConfigurations(configurations, new Set([...ids, ...later])),
    consistency: proveGrowth(log, [...sizes, ...heldSizes], size),
    ...(witnesses.length > 0 && { witnesses }),
  };
  return { ...content, contents: await log.signContents(describeContents(content)) };
}

async function gatherRecords(
  log: BundleSource,
  { records: within, beside, includeBodies, limits }: BundlePlan,
  size: number,
  shelf: TimestampShelf,
  ids: Set<string>,
): Promise<BundleRecord[]> {
  const withMessage = new Set(within);
  const records: BundleRecord[] = [];
  let octets = 0;
  for (const index of [...within, ...beside].sort((a, b) => a - b)) {
    if (records.length % recordsPerTurn === 0) await nextTurn();
    const found = requireRecord(log, index);
    const inclusion = proveInclusion(log.tree, index, size);
    const { facts, salts } = found;
    const bare = { index, facts, salts, inclusion };
    if (!withMessage.has(index)) {
      records.push({ ...bare, container: null, erased: [], timestamp: null });
      continue;
    }
    octets += sizeOfMessage(found, includeBodies);
    if (octets > limits.octets) throw tooLarge(limits, includeBodies);
    const source = includeBodies ? log : { openBody: () => undefined };
    const { bytes: container } = await containerOf(found, source);
    records.push({
      ...{ ...bare, container, erased: missingParts(found, includeBodies) },
      timestamp: shelf.place(found),
    });
    ids.add(configurationOf(found));
  }
  return records;
}

/** @throws EvidenceAccessError record-not-found */
export function requireRecord(log: Pick<EvidenceSource, 'read'>, index: number): FoundRecord {
  const found = log.read(index);
  if (found !== undefined) return found;
  const reason = `The log has no message at ${index}: it is a tally, was removed with its partition, or never was`;
  throw new EvidenceAccessError('record-not-found', reason);
}

export function configurationOf({ facts }: Pick<FoundRecord, 'facts'>): string {
  const read = parseFacts(facts);
  if (read.kind !== 'message') throw new Error('a record of a message has facts of a message');
  return read.configuration;
}

/** Names of the parts that a container of a record will lack. */
function missingParts({ head, bodies }: FoundRecord, includeBodies: boolean): string[] {
  return [
    ...(head === undefined ? ['message.xml'] : []),
    ...bodies
      .filter(({ isErased }) => isErased || !includeBodies)
      .map(({ position }) => `attachment${position}`),
  ];
}

function sizeOfMessage({ head, signature, bodies }: FoundRecord, includeBodies: boolean): number {
  const kept = bodies.filter(({ isErased }) => includeBodies && !isErased);
  return (head?.length ?? 0) + signature.length + kept.reduce((sum, body) => sum + body.size, 0);
}

/** Records share timestamps: each is put into the bundle once, in the order of the records. */
class TimestampShelf {
  readonly timestamps: BundleTimestamp[] = [];
  readonly #places = new Map<string, number>();

  place({ timestamp }: FoundRecord): number | null {
    if (timestamp === undefined) return null;
    const { token, result, checkpoint, checkpointChain } = timestamp;
    const name = token.toString('base64');
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.timestamps.push({ checkpoint, token, result, chain: checkpointChain }) - 1;
    this.#places.set(name, place);
    return place;
  }
}

/** Which pairs a tally shows. Others stay where they are: who talks to whom is nobody's business here. */
function linesOf(scope: BundleScope, pairs: ReadonlySet<string> = new Set()): (pair: string) => boolean {
  if (scope.kind === 'party') return (pair) => concerns(pair, scope.party);
  if (scope.kind === 'archive') return (pair) => isPairOfGroup(pair, scope.grouping, scope.group);
  return (pair) => pairs.has(pair);
}

function gatherTally(
  log: BundleSource,
  tally: FoundTally,
  isShown: (pair: string) => boolean,
  size: number,
): BundleTally {
  const { index, facts, factsSalt: salt } = tally;
  const pairs = tally.pairs
    .map(({ text, salt: own }, position) => ({ position, text, salt: own }))
    .filter(({ text }) => isShown(text.slice(0, text.lastIndexOf('|'))));
  return { index, facts, salt, inclusion: proveInclusion(log.tree, index, size), pairs };
}

async function gatherConfigurations(
  configurations: ConfigurationArchive,
  ids: ReadonlySet<string>,
): Promise<BundleConfiguration[]> {
  const found: BundleConfiguration[] = [];
  for (const id of [...ids].sort()) {
    const snapshot = await configurations.snapshot(id);
    if (snapshot !== undefined) found.push(snapshot);
  }
  return found;
}

function proveGrowth(log: BundleSource, sizes: readonly number[], size: number): BundleConsistency[] {
  return [...new Set(sizes)]
    .filter((oldSize) => oldSize < size)
    .sort((a, b) => a - b)
    .map((oldSize) => ({
      oldSize,
      oldRoot: rootOf(log.tree, oldSize),
      proof: proveConsistency(log.tree, oldSize, size),
    }));
}

function olderThanHeld(held: number, size: number): EvidenceAccessError {
  const reason = `You hold a checkpoint of ${held} records, and this log has ${size}`;
  const remedy = 'it was restored from an older backup or cut: keep the checkpoint, and have the log checked';
  return new EvidenceAccessError('log-older-than-held', `${reason}: ${remedy}`);
}

function tooLarge({ octets }: BundleLimits, includeBodies: boolean): EvidenceAccessError {
  const limit = `One export holds at most ${octets} octets of messages`;
  const remedy = includeBodies
    ? 'narrow the period, or export without bodies and open single bodies where they are needed'
    : 'narrow the period';
  return new EvidenceAccessError('export-too-large', `${limit}: ${remedy}`);
}
