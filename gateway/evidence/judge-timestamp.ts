import { digestOf } from '../../certs/key/index.ts';
import { checkTimestamp, TimestampError } from '../../certs/timestamp/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault, spellCode } from '../fault/index.ts';
import { verifyHashChain } from '../signature/index.ts';
import { type Checkpoint, checkConsistency, TransparencyError } from '../transparency/index.ts';
import { type KnownLog, openCheckpoint } from './judge-checkpoint.ts';
import type { BundleConsistency, BundleTimestamp } from './model.ts';
import type { Naming } from './under-stamp.ts';
import { bad, good, type Step } from './verdict.ts';

const id = 'checkpoint-timestamp';
/** Name of the value beside a good step that tells who stamped. */
export const authorityDetail = 'timestamping authority';
const stampedName = '/checkpoint';
const chainName = '/ts-hashchain.xml';

/** A checkpoint that an authority stamped, or why it is worth nothing. */
export type Stamp =
  | { readonly size: number; readonly at: Date; readonly authority: string }
  | { readonly code: string; readonly text: string };

/** A stamp, and by whose authorities it is what it is. */
export interface FoundStamp {
  readonly stamp: Stamp;
  readonly configuration: GlobalConfiguration;
  /** The leaf whose configuration approves of the authority, when the record's own does not. */
  readonly namedBy?: Naming;
}

interface StampQuestion {
  readonly timestamp: BundleTimestamp;
  readonly consistency: readonly BundleConsistency[];
  readonly log: KnownLog;
  /** Whose timestamping authorities count. */
  readonly configuration: GlobalConfiguration;
}

/** Whether an authority stamped a checkpoint of this log, which the bundle's checkpoint goes on from. */
export function verifyStamp({ timestamp, consistency, log, configuration }: StampQuestion): Stamp {
  try {
    const stamped = openCheckpoint(timestamp.checkpoint, log.verifierKey);
    const { origin, size } = stamped;
    if (origin !== log.checkpoint.origin) {
      return { code: 'origin-differs', text: `The stamped checkpoint is of another log, ${origin}.` };
    }
    verifyHashChain({
      ...{ result: timestamp.result, chain: timestamp.chain, chainName, names: [stampedName] },
      digestOfFile: (_name, digest) => digestOf(digest, Buffer.from(timestamp.checkpoint)),
    });
    const certificates = configuration.tsaCertificates();
    const { token, result } = timestamp;
    const { at, certificate } = checkTimestamp({ token, stamped: result, certificates });
    if (goesOn(stamped, log.checkpoint, consistency)) {
      return { size, at, authority: certificate.subject.describe() };
    }
    const text = `The bundle does not show that its checkpoint goes on from the stamped one of ${size} records.`;
    return { code: 'consistency-missing', text };
  } catch (error) {
    const isKnown =
      error instanceof Fault || error instanceof TimestampError || error instanceof TransparencyError;
    if (!isKnown) throw error;
    return { code: codeOf(error), text: `The timestamp of the checkpoint is not good: ${error.message}.` };
  }
}

function codeOf(error: Fault | TimestampError | TransparencyError): string {
  if (error instanceof Fault) return spellCode(error);
  return error instanceof TimestampError ? `timestamp-${error.code}` : error.code;
}

/** Clocks of a server and of an authority differ; a record from further in the future is not from then. */
const plausibleSkewMs = 10 * 60 * 1000;

/**
 * Whether a record was under a stamp: then it is as old as that, whoever kept the log.
 * @param recordedAt when the record says to have been made
 */
export function judgeTimestamp(
  { stamp, namedBy }: FoundStamp,
  index: number,
  recordedAt: string,
  about: string,
): Step {
  if ('code' in stamp) return bad(id, about, stamp.code, stamp.text);
  const { size, at, authority } = stamp;
  if (index >= size) {
    const text = `The stamped checkpoint has ${size} records and does not reach record ${index}.`;
    return bad(id, about, 'not-stamped', text);
  }
  if (Date.parse(recordedAt) > at.getTime() + plausibleSkewMs) {
    const text = `The record says to be of ${recordedAt}, and was stamped before that, at ${at.toISOString()}.`;
    return bad(id, about, 'recorded-after-stamp', text);
  }
  return good(id, about, `This record was in the log at ${at.toISOString()}, as an authority stamped it.`, [
    ['timestamped', at.toISOString()],
    [authorityDetail, authority],
    ['records then', String(size)],
    ...(namedBy === undefined
      ? []
      : [
          [
            'configuration that approves of it',
            `${namedBy.configuration}, which number ${namedBy.index} names`,
          ] as const,
        ]),
  ]);
}

function goesOn(old: Checkpoint, now: Checkpoint, consistency: readonly BundleConsistency[]): boolean {
  if (old.size === now.size) return old.root.equals(now.root);
  const shown = consistency.find(({ oldSize }) => oldSize === old.size);
  return (
    shown !== undefined &&
    checkConsistency({
      ...{ oldSize: old.size, oldRoot: old.root, proof: shown.proof },
      ...{ newSize: now.size, newRoot: now.root },
    })
  );
}
