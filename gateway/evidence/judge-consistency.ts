import { type Checkpoint, checkConsistency, TransparencyError } from '../transparency/index.ts';
import { type KnownLog, openCheckpoint } from './judge-checkpoint.ts';
import type { BundleConsistency, BundleContent } from './model.ts';
import { bad, good, type Step, type Trust } from './verdict.ts';

const id = 'consistency';

/** Whether the log only ever grew: from the sizes the bundle speaks of, and from checkpoints that were held. */
export function judgeConsistency(
  { consistency }: BundleContent,
  { heldCheckpoints = [] }: Trust,
  log: KnownLog,
): readonly Step[] {
  return [
    ...consistency.map((one) => judgeProof(one, log)),
    ...heldCheckpoints.map((note, at) => judgeHeld(note, `held checkpoint ${at + 1}`, consistency, log)),
  ];
}

function judgeProof({ oldSize, oldRoot, proof }: BundleConsistency, log: KnownLog): Step {
  const about = `consistency/${oldSize}`;
  const { size: newSize, root: newRoot } = log.checkpoint;
  if (checkConsistency({ oldSize, oldRoot, newSize, newRoot, proof })) {
    const text = `The log's first ${oldSize} records are the same in its ${newSize}.`;
    return good(id, about, text, [['root', oldRoot.toString('base64')]]);
  }
  return bad(
    id,
    about,
    'not-consistent',
    `The proof that the log goes on from ${oldSize} records is not good.`,
  );
}

/** A held checkpoint is what makes a fork, a cut or a restored backup show. */
function judgeHeld(
  note: string,
  about: string,
  consistency: readonly BundleConsistency[],
  log: KnownLog,
): Step {
  let held: Checkpoint;
  try {
    held = openCheckpoint(note, log.verifierKey);
  } catch (error) {
    if (!(error instanceof TransparencyError)) throw error;
    return bad(id, about, error.code, `The checkpoint you hold is not one of this log: ${error.message}.`);
  }
  const { origin, size, root } = log.checkpoint;
  if (held.origin !== origin) {
    return bad(id, about, 'origin-differs', `The checkpoint you hold is of the log ${held.origin}.`);
  }
  if (held.size > size) {
    const text =
      `You hold a checkpoint of ${held.size} records, and this bundle knows ${size}. If the bundle was made after ` +
      'that checkpoint, the log was cut or restored from an older backup; if it was made before, ask for it to be ' +
      'exported anew.';
    return bad(id, about, 'older-than-held', text);
  }
  const shown =
    held.size === size
      ? { oldRoot: root, proof: [] }
      : consistency.find(({ oldSize }) => oldSize === held.size);
  if (shown === undefined) {
    const text = `The bundle has no proof that the log goes on from the ${held.size} records of the checkpoint you hold: ask for it to be exported anew with that size.`;
    return bad(id, about, 'consistency-missing', text);
  }
  const isSame = shown.oldRoot.equals(held.root);
  const claim = { oldSize: held.size, oldRoot: held.root, newSize: size, newRoot: root, proof: shown.proof };
  if (!isSame || !checkConsistency(claim)) {
    const text = `The log had other first ${held.size} records when it signed the checkpoint you hold: it was forked, or its past was changed.`;
    return bad(id, about, 'forked', text);
  }
  return good(id, about, `The log goes on from the ${held.size} records of the checkpoint you hold.`);
}
