import { EvidenceError } from './error.ts';
import { parseFacts } from './facts.ts';

/** What a leaf of a log names: the configuration that counted when it was appended. */
export interface Naming {
  readonly index: number;
  /** Id of its snapshot. */
  readonly configuration: string;
}

/**
 * Whether a leaf can say whose timestamps counted for a record: it is the record itself, or one after it, up to the first
 * behind the stamped checkpoint. An authority may come into force between a record and its timestamp, and the log writes
 * down what counted then before it goes on. What came into force later than that says nothing.
 * @param size of the stamped checkpoint
 */
export function isUnderStamp(leaf: number, record: number, size: number): boolean {
  return record <= leaf && leaf <= size;
}

/**
 * Whether another configuration than the record's own may have counted when a checkpoint was stamped: one that had expired
 * by then did not, and may approve of an authority that was given up since.
 */
export function countedAt({ expiresAt }: { readonly expiresAt: Date }, stampedAt: Date): boolean {
  return stampedAt <= expiresAt;
}

/** @returns undefined for facts that name none, or cannot be read */
export function namingOf({
  index,
  facts,
}: {
  readonly index: number;
  readonly facts: Buffer;
}): Naming | undefined {
  try {
    const { configuration } = parseFacts(facts);
    return configuration === undefined ? undefined : { index, configuration };
  } catch (error) {
    // What is wrong with them is told where the leaf itself is judged.
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}
