import { octetString, sequence, utf8String } from '../../certs/der/index.ts';
import { type DigestAlgorithm, digestOf } from '../../certs/key/index.ts';

/** One digest in a step, with the algorithm that made it. */
export interface StepEntry {
  readonly digest: Buffer;
  readonly algorithm: DigestAlgorithm;
}

const noTransforms = sequence();

/**
 * Digest of a step of a hash chain: over the DER `SEQUENCE OF SEQUENCE { digest OCTET STRING, method UTF8String,
 * transforms SEQUENCE {} }`.
 * @param algorithm that the step itself is digested with
 */
export function digestStep(entries: readonly StepEntry[], algorithm: DigestAlgorithm): Buffer {
  return digestOf(
    algorithm.name,
    sequence(
      ...entries.map((one) =>
        sequence(octetString(one.digest), utf8String(one.algorithm.xmlUri), noTransforms),
      ),
    ),
  );
}
