import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault, spellCode } from '../fault/index.ts';
import type { SignatureVerifier } from '../signature/index.ts';
import type { MessageFacts } from './facts.ts';
import { judgeAgreement } from './judge-agreement.ts';
import type { KnownLog } from './judge-checkpoint.ts';
import { judgeFacts, judgeInclusion } from './judge-inclusion.ts';
import { judgeErasure, judgeParts, type KnownParts } from './judge-parts.ts';
import { judgeScope } from './judge-scope.ts';
import { judgeSignature } from './judge-signature.ts';
import { judgeTimestamp, type Stamp } from './judge-timestamp.ts';
import type { BundleRecord, BundleScope } from './model.ts';
import { absent, bad, good, type Step } from './verdict.ts';

/** What all records of a bundle are judged by. */
export interface RecordCourt {
  readonly scope: BundleScope;
  /** Message ids that the bundle is about, as `askedIn` tells. */
  readonly asked: ReadonlySet<string> | undefined;
  readonly log: KnownLog;
  readonly verifier: SignatureVerifier;
  /** The one that was given, or the good snapshot of that id in the bundle. */
  readonly configurationOf: (id: string) => GlobalConfiguration | undefined;
  /** Whether a configuration was given, which then is as of then by the word of who gave it. */
  readonly isConfigurationGiven: boolean;
  readonly stampOf: (place: number, configuration: GlobalConfiguration) => Stamp;
}

export interface JudgedRecord {
  readonly index: number;
  readonly steps: readonly Step[];
  readonly warnings: readonly string[];
  /** Undefined when they cannot be read. */
  readonly facts?: MessageFacts;
  /** Of a message that was found to be good. */
  readonly parts?: KnownParts;
}

/** Judges one record: that it is in the log, that its message is the one recorded, signed by whom, and since when. */
export async function judgeRecord(record: BundleRecord, court: RecordCourt): Promise<JudgedRecord> {
  const { index } = record;
  const about = `records/${index}`;
  const { steps: unreadable, facts } = judgeFacts(record.facts, 'message', about);
  if (facts === undefined) return { index, steps: unreadable, warnings: [] };
  const inclusion = judgeInclusion({ ...record, salt: record.salts.facts }, court.log, about);
  const scope = judgeScope(record, facts, court, about);
  const first = [inclusion, ...scope];
  if (record.container === null) {
    if (record.erased.length === 0 && record.timestamp === null)
      return { index, steps: first, warnings: [], facts };
    const text = 'The message is not here, and so nothing of it can be erased or stamped.';
    return {
      index,
      steps: [...first, bad('container', about, 'erased-malformed', text)],
      warnings: [],
      facts,
    };
  }
  const { steps: partSteps, parts } = judgeParts(record, facts, about);
  const configuration = court.configurationOf(facts.configuration);
  if (configuration === undefined || parts === undefined) {
    const text = `The bundle has no good configuration ${facts.configuration}, by which this record is to be judged.`;
    const missing =
      configuration === undefined ? [bad('configuration', about, 'configuration-missing', text)] : [];
    return { index, steps: [...first, ...partSteps, ...missing], warnings: [], facts };
  }
  const { step, signedAndErased, warnings } = await judgeSignature({
    ...{ parts, facts, configuration, about },
    verifier: court.verifier,
  });
  const { head } = parts.container;
  const steps = [
    ...first,
    ...partSteps,
    judgeForce(facts, configuration, court.isConfigurationGiven, about),
    step,
    ...(parts.erased.length > 0 && signedAndErased !== undefined
      ? [judgeErasure(parts.erased, signedAndErased, record, facts, about)]
      : []),
    ...(head === undefined ? [] : [judgeAgreement(head, facts, about)]),
    judgeStamp(record, facts, configuration, court),
  ];
  const notes =
    record.timestamp === null ? [`${about}: no authority stamped a checkpoint with this record`] : [];
  return { index, steps, warnings: [...warnings, ...notes], facts, parts };
}

/** Whether a configuration counted when a message was recorded. */
function judgeForce(
  { at, configuration: id }: MessageFacts,
  configuration: GlobalConfiguration,
  isGiven: boolean,
  about: string,
): Step {
  const details = [['configuration', id] as const];
  if (isGiven) return good('configuration', about, 'Judged by the configuration that you gave.', details);
  try {
    configuration.inForceAt(new Date(at));
    return good('configuration', about, 'The configuration it names counted when it was recorded.', details);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const text = `The configuration had expired when this was recorded: ${error.message}.`;
    return bad('configuration', about, spellCode(error), text, details);
  }
}

function judgeStamp(
  { index, timestamp }: BundleRecord,
  facts: MessageFacts,
  configuration: GlobalConfiguration,
  court: RecordCourt,
): Step {
  const about = `records/${index}`;
  if (timestamp !== null)
    return judgeTimestamp(court.stampOf(timestamp, configuration), index, facts.at, about);
  const text =
    'No authority stamped a checkpoint with this record; when it was recorded is the word of its log.';
  return absent('checkpoint-timestamp', about, 'not-stamped', text);
}
