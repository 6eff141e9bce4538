import { z } from 'zod';
import { EvidenceError } from './error.ts';
import { saltBytes } from './facts.ts';
import { groupings } from './group.ts';
import type { BundleConsistency, BundleRecord, BundleScope, BundleTally, BundleWitness } from './model.ts';
import { bundleNames, bundleVersions } from './write-bundle.ts';

/** A record whose container is still to be taken from the files. */
export interface IndexRecord extends Omit<BundleRecord, 'container'> {
  readonly hasContainer: boolean;
}

export interface BundleIndex {
  readonly version: 1 | 2;
  readonly scope: BundleScope;
  readonly origin: string;
  readonly verifierKey: string;
  readonly createdAt: string;
  readonly configurations: readonly string[];
  readonly records: readonly IndexRecord[];
  readonly tallies: readonly BundleTally[];
  readonly consistency: readonly BundleConsistency[];
  readonly witnesses?: readonly BundleWitness[] | undefined;
}

const hashBytes = 32;
/** A tree of 2^53 leaves has proofs of this many hashes. */
const maxProof = 64;
/** Of a message: as many as the largest that X-Road takes, and then some. */
const maxBodies = 1000;
const maxName = 4096;
const maxFacts = 64 * 1024 * 1024;

const name = z.string().min(1).max(maxName);
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const octets = (length: number) =>
  z
    .string()
    .max(64)
    .transform((text, context) => {
      const bytes = Buffer.from(text, 'base64');
      if (bytes.length === length && bytes.toString('base64') === text) return bytes;
      context.addIssue({ code: 'custom', message: `expected ${length} octets in base64` });
      return z.NEVER;
    });
const hash = octets(hashBytes);
const salt = octets(saltBytes);
const proof = z.array(hash).max(maxProof);
const utf8 = z
  .string()
  .max(maxFacts)
  .transform((text) => Buffer.from(text));
const instant = z.string().refine((text) => {
  const at = new Date(text);
  return !Number.isNaN(at.getTime()) && at.toISOString() === text;
}, 'expected an instant in UTC with milliseconds');

const title = z.string().max(maxName);
const exchangeScope = z.strictObject({ kind: z.literal('exchange'), queryId: name });
const partyScope = z.strictObject({ kind: z.literal('party'), party: name, from: instant, to: instant });
const untoldCase = z.strictObject({ kind: z.literal('case'), title });
const toldCase = z.strictObject({ kind: z.literal('case'), title, queryIds: z.array(name).min(1) });
const archiveScope = z.strictObject({
  kind: z.literal('archive'),
  grouping: z.enum(groupings),
  group: z.string().max(maxName),
  from: count,
  to: count,
  previous: z
    .strictObject({ digest: z.string().regex(/^[0-9a-f]{1,128}$/), fileName: name })
    .nullable()
    .optional(),
});

const record = z
  .strictObject({
    index: count,
    facts: utf8,
    salts: z.strictObject({ facts: salt, head: salt, signature: salt, bodies: z.array(salt).max(maxBodies) }),
    inclusion: proof,
    container: z.string().nullable(),
    erased: z.array(z.string().regex(/^(?:message\.xml|attachment[1-9]\d{0,3})$/)).max(maxBodies + 1),
    timestamp: z
      .string()
      .regex(/^timestamps\/[1-9]\d{0,8}$/)
      .nullable(),
  })
  .transform(({ container, timestamp, ...rest }, context): IndexRecord => {
    const place = timestamp === null ? null : Number(timestamp.slice('timestamps/'.length)) - 1;
    if (container !== null && container !== bundleNames.container(rest.index)) {
      context.addIssue({ code: 'custom', path: ['container'], message: 'is not named after its index' });
    }
    return { ...rest, hasContainer: container !== null, timestamp: place };
  });

const pair = z.strictObject({ position: count, text: name, salt });
const tally = z.strictObject({ index: count, facts: utf8, salt, inclusion: proof, pairs: z.array(pair) });
const witness = z.strictObject({ index: count, facts: utf8, salt, inclusion: proof });
const consistency = z.strictObject({ oldSize: count, oldRoot: hash, proof });

const common = {
  origin: name,
  verifierKey: name,
  createdAt: instant,
  configurations: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
  records: z.array(record),
  tallies: z.array(tally),
  consistency: z.array(consistency),
};
const index = z.discriminatedUnion('version', [
  z.strictObject({
    version: z.literal(bundleVersions.unsigned),
    scope: z.discriminatedUnion('kind', [exchangeScope, partyScope, untoldCase]),
    ...common,
  }),
  z.strictObject({
    version: z.literal(bundleVersions.signed),
    scope: z.discriminatedUnion('kind', [exchangeScope, partyScope, toldCase, archiveScope]),
    ...common,
    witnesses: z.array(witness).min(1).optional(),
  }),
]);

/**
 * Reads `bundle.json`: no key more, none less, every value of its own form.
 * @throws EvidenceError bundle-malformed
 */
export function readIndex(bytes: Buffer): BundleIndex {
  const value = parseJson(bytes);
  requireKnownVersion(value);
  const parsed = index.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be read'}`, issue?.path);
  }
  const found = parsed.data;
  requireAscending(found.configurations, 'configurations');
  if (found.scope.kind === 'case' && 'queryIds' in found.scope) {
    requireAscending(found.scope.queryIds, 'scope/queryIds');
  }
  requireAscending(found.records.map(indexOf), 'records');
  requireAscending(found.tallies.map(indexOf), 'tallies');
  if ('witnesses' in found) requireAscending((found.witnesses ?? []).map(indexOf), 'witnesses');
  requireAscending(
    found.consistency.map(({ oldSize }) => oldSize),
    'consistency',
  );
  for (const { index: at, pairs } of found.tallies) {
    requireAscending(
      pairs.map(({ position }) => position),
      `tallies/${at}`,
    );
  }
  return found;
}

/** One that comes after us is not damaged, only beyond us: who has it is told so. */
function requireKnownVersion(value: unknown): void {
  const known = Object.values(bundleVersions);
  if (typeof value !== 'object' || value === null || !('version' in value)) return;
  const { version } = value;
  if (typeof version !== 'number' || known.some((one) => one === version)) return;
  const remedy = 'judge it with the release that made it, or a later one';
  throw new EvidenceError(
    'bundle-version-unknown',
    `The evidence is of version ${version}, and ${known.join(' and ')} are known here: ${remedy}`,
    { place: bundleNames.index },
  );
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw refuse('it is not JSON', [], cause);
  }
}

function requireAscending(keys: readonly (number | string)[], list: string): void {
  keys.forEach((key, at) => {
    const before = keys[at - 1];
    if (before === undefined || before < key) return;
    const why = before === key ? 'is there twice' : `stands behind ${before}`;
    throw new EvidenceError('bundle-malformed', `The bundle is not in order: ${list}/${key} ${why}`, {
      place: `${list}/${key}`,
    });
  });
}

function refuse(why: string, path: readonly PropertyKey[] = [], cause?: unknown): EvidenceError {
  const place = [bundleNames.index, ...path.slice(0, 2).map(String)].join('/');
  return new EvidenceError('bundle-malformed', `bundle.json is not that of an evidence bundle: ${why}`, {
    place,
    ...(cause !== undefined && { cause }),
  });
}

const indexOf = ({ index: at }: { readonly index: number }) => at;
