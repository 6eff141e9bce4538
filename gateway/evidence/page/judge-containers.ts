import type { GlobalConfiguration } from '../../configuration/index.ts';
import { asFault, spellCode } from '../../fault/index.ts';
import { printShort } from '../../identifier/index.ts';
import {
  type ArchivedContainer,
  ArchiveError,
  createVerifier,
  readArchive,
  type SignatureVerifier,
  type VerifiedContainer,
  verifyContainer,
} from '../../signature/index.ts';
import { absent, bad, concludeVerdict, good, type Step, type Verdict } from '../verdict.ts';

/** Entry of an archive that says in which order its containers were linked. */
const linkingInfo = 'linkinginfo';

/** Judges one container with a configuration as of then, as `waygate audit verify` does. */
export async function judgeSingle(
  container: ArchivedContainer,
  configuration: GlobalConfiguration | undefined,
): Promise<Verdict> {
  if (configuration === undefined) return withoutConfiguration(container);
  const { steps, warnings } = await judgeContainer(container, configuration, createVerifier());
  return concludeVerdict(steps, [], warnings);
}

/** Judges the linking of an archive and each container in it, as `waygate audit verify` does. */
export async function judgeArchive(
  archive: ArchivedContainer,
  configuration: GlobalConfiguration | undefined,
): Promise<Verdict> {
  if (configuration === undefined) return withoutConfiguration(archive);
  const verifier = createVerifier();
  const steps: Step[] = [];
  const warnings: string[] = [];
  try {
    const { containers } = await readArchive(archive.bytes);
    const count = `The archive has ${containers.length} containers, none altered, added, left out or moved.`;
    steps.push(good('linking', linkingInfo, count));
    for (const container of containers) {
      const judged = await judgeContainer(container, configuration, verifier);
      steps.push(...judged.steps);
      warnings.push(...judged.warnings);
    }
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const text = `The archive is not as it was written: ${error.message}.`;
    steps.push(bad('linking', linkingInfo, error.code, text));
  }
  return concludeVerdict(steps, [], warnings);
}

function withoutConfiguration({ name }: ArchivedContainer): Verdict {
  const text =
    'This is no evidence bundle. A container or an archive does not say whom to trust: give the configuration as of then, too.';
  return concludeVerdict([bad('configuration', name, 'configuration-missing', text)], [], []);
}

async function judgeContainer(
  { name, bytes }: ArchivedContainer,
  configuration: GlobalConfiguration,
  verifier: SignatureVerifier,
): Promise<{ readonly steps: readonly Step[]; readonly warnings: readonly string[] }> {
  try {
    const verified = await verifyContainer({ container: bytes, configuration, verifier });
    return { steps: stepsOf(name, verified), warnings: verified.warnings };
  } catch (error) {
    const fault = asFault(error);
    const reason = fault.code === 'InternalError' && error instanceof Error ? error.message : fault.message;
    return { steps: [bad('container-signature', name, spellCode(fault), `${reason}.`)], warnings: [] };
  }
}

function stepsOf(
  name: string,
  { signer, direction, queryId, signature, timestamp }: VerifiedContainer,
): readonly Step[] {
  const { certificate } = signature;
  const at = timestamp.at.toISOString();
  const text = `${printShort(signer)} signed this ${direction}, and the signature existed at ${at}, when the certificate was good.`;
  const details = [
    ['message', queryId],
    ['signer', printShort(signer)],
    ['certificate', certificate.subject.describe()],
    ['serial number', certificate.serialNumber.toString()],
    ['issued by', certificate.issuer.describe()],
    ['signed, as the signer says', signature.signedAt?.toISOString() ?? 'at an unknown time'],
    ['timestamped', at],
    ['timestamping authority', timestamp.certificate.subject.describe()],
    ['covers', signature.covered.join(', ')],
  ] as const;
  const missing = signature.missing.map((part) =>
    absent('erasure', name, 'part-missing', `${part.name} was signed, and is not in the container.`),
  );
  return [good('container-signature', name, text, details), ...missing];
}
