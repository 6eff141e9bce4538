import { checkInclusion, hashLeaf } from '../transparency/index.ts';
import { EvidenceError } from './error.ts';
import { entryOf, type Facts, parseFacts } from './facts.ts';
import type { KnownLog } from './judge-checkpoint.ts';
import { bad, good, type Step } from './verdict.ts';

interface Leaf {
  readonly index: number;
  readonly facts: Buffer;
  readonly salt: Buffer;
  readonly inclusion: readonly Buffer[];
}

/** Reads facts of the kind that is expected in this place. */
export function judgeFacts<Kind extends Facts['kind']>(
  bytes: Buffer,
  kind: Kind,
  about: string,
): { readonly steps: readonly Step[]; readonly facts?: Extract<Facts, { kind: Kind }> } {
  try {
    const facts = parseFacts(bytes);
    if (isOfKind(facts, kind)) return { steps: [], facts };
    const text = `These are the facts of a ${facts.kind}, where those of a ${kind} are expected.`;
    return { steps: [bad('facts', about, 'facts-of-other-kind', text)] };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { steps: [bad('facts', about, error.code, `${error.message}.`)] };
  }
}

/** Whether a record is in the log, exactly so, at the place it says. */
export function judgeInclusion({ index, facts, salt, inclusion }: Leaf, log: KnownLog, about: string): Step {
  const leaf = hashLeaf(entryOf(salt, facts));
  const { size, root } = log.checkpoint;
  if (checkInclusion({ leaf, index, size, proof: inclusion, root })) {
    return good('inclusion', about, `The log has this as number ${index} of its ${size} records.`, [
      ['leaf', leaf.toString('base64')],
      ['hashes on the way', String(inclusion.length)],
    ]);
  }
  const text = `The proof does not lead from this record, as number ${index}, to the checkpoint: it was changed, or is of another log.`;
  return bad('inclusion', about, 'not-in-log', text);
}

function isOfKind<Kind extends Facts['kind']>(
  facts: Facts,
  kind: Kind,
): facts is Extract<Facts, { kind: Kind }> {
  return facts.kind === kind;
}
