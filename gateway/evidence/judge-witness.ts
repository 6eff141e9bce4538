import type { KnownLog } from './judge-checkpoint.ts';
import { judgeInclusion } from './judge-inclusion.ts';
import type { BundleWitness } from './model.ts';
import { namingOf } from './under-stamp.ts';
import { bad, good, type Step } from './verdict.ts';

const id = 'witness';

/** Whether a leaf that says which configuration counted is in the log. Whose timestamps are good by it, `Stamps` tells. */
export function judgeWitness(witness: BundleWitness, log: KnownLog): readonly Step[] {
  const about = `witnesses/${witness.index}`;
  const inclusion = judgeInclusion(witness, log, about);
  const naming = namingOf(witness);
  if (naming === undefined) {
    const text = 'It is here for the configuration that it names, and it names none that could be read.';
    return [inclusion, bad(id, about, 'facts-malformed', text)];
  }
  const text = `By number ${naming.index} the log had gone on to another configuration, whose timestamping authorities counted.`;
  return [inclusion, good(id, about, text, [['configuration', naming.configuration]])];
}
