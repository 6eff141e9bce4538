import {
  type BundleRecord,
  type BundleTally,
  type BundleTimestamp,
  type BundleWitness,
  isUnderStamp,
  type Naming,
  namingOf,
} from '../../gateway/evidence/index.ts';
import { type HashReader, proveInclusion } from '../../gateway/transparency/index.ts';
import { ApprovedAuthorities } from './approved-authorities.ts';
import { checkpointSize } from './checkpoint-size.ts';
import type { ConfigurationArchive, EvidenceSource } from './evidence-source.ts';
import { nextTurn, recordsPerTurn } from './next-turn.ts';

interface GatheredEvidence {
  readonly records: readonly BundleRecord[];
  readonly tallies: readonly BundleTally[];
  readonly timestamps: readonly BundleTimestamp[];
}

export interface FoundWitnesses {
  readonly witnesses: readonly BundleWitness[];
  /** Configurations that the bundle needs for nothing but these and its timestamps. */
  readonly ids: ReadonlySet<string>;
}

/**
 * Leaves of the log that say whose timestamps counted, for records that were stamped by an authority of which their own
 * configurations do not approve: it came into force in between. None for all others, which are nearly all.
 * @param size of the checkpoint that proofs lead to
 */
export async function gatherWitnesses(
  log: Pick<EvidenceSource, 'leaf' | 'tree' | 'verifierKey'>,
  configurations: ConfigurationArchive,
  { records, tallies, timestamps }: GatheredEvidence,
  size: number,
): Promise<FoundWitnesses> {
  const archive = new ApprovedAuthorities(configurations, timestamps);
  const known = [...records, ...tallies].flatMap((leaf) => namingOf(leaf) ?? []);
  const witnesses = new Map<number, BundleWitness>();
  const ids = new Set<string>();
  /** Timestamps, and configurations of records behind which nothing says that they were good: nor behind later ones. */
  const hopeless = new Set<string>();
  for (const [at, record] of records.entries()) {
    if (at % recordsPerTurn === 0) await nextTurn();
    const own = namingOf(record);
    const { timestamp: place, index } = record;
    const timestamp = place === null ? undefined : timestamps[place];
    if (own === undefined || place === null || timestamp === undefined) continue;
    const asked = `${place} ${own.configuration}`;
    if (hopeless.has(asked)) continue;
    if (await archive.isApproved(place, own.configuration, own.configuration)) continue;
    const stamped = checkpointSize(timestamp.checkpoint, log.verifierKey);
    const isGood = (leaf: Naming) =>
      isUnderStamp(leaf.index, index, stamped)
        ? archive.isApproved(place, leaf.configuration, own.configuration)
        : false;
    const found =
      (await findAmong(known, isGood)) ?? (await findInLog(log, Math.min(stamped, size - 1), index, isGood));
    // Then the verdict says what its own configuration says.
    if (found === undefined) {
      hopeless.add(asked);
      continue;
    }
    ids.add(found.configuration);
    if (known.includes(found)) continue;
    known.push(found);
    witnesses.set(found.index, witnessAt(log, found.index, size));
  }
  return { witnesses: [...witnesses.values()].sort((a, b) => a.index - b.index), ids };
}

type Judge = (leaf: Naming) => Promise<boolean> | boolean;

async function findAmong(leaves: readonly Naming[], isGood: Judge): Promise<Naming | undefined> {
  for (const leaf of leaves) if (await isGood(leaf)) return leaf;
  return undefined;
}

/** From the first leaf behind the stamped checkpoint back: that names what was in force then, in most cases. */
async function findInLog(
  log: Pick<EvidenceSource, 'leaf'>,
  last: number,
  above: number,
  isGood: Judge,
): Promise<Naming | undefined> {
  for (let index = last; index > above; index -= 1) {
    if (index % recordsPerTurn === 0) await nextTurn();
    const leaf = log.leaf(index);
    const naming = leaf && namingOf({ index, facts: leaf.facts });
    if (naming !== undefined && (await isGood(naming))) return naming;
  }
  return undefined;
}

function witnessAt(
  log: Pick<EvidenceSource, 'leaf'> & { readonly tree: HashReader },
  index: number,
  size: number,
): BundleWitness {
  const leaf = log.leaf(index);
  if (leaf === undefined) throw new Error(`the log had a leaf at ${index} a moment ago`);
  return { index, ...leaf, inclusion: proveInclusion(log.tree, index, size) };
}
