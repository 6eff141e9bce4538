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
import { type FoundStamp, judgeTimestamp } from './judge-timestamp.ts';
import type { BundleRecord, BundleScope } from './model.ts';
import type { Stamps } from './stamps.ts';
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
  readonly stamps: Stamps;
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
  const found = stampOf(record, facts, configuration, court);
  const { step, signedAndErased, warnings } = await judgeSignature({
    ...{ parts, facts, configuration, about },
    authorities: authoritiesOf(record, parts, found, court),
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
    judgeStamp(record, facts, found),
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

function stampOf(
  { index, timestamp }: BundleRecord,
  { configuration: id }: MessageFacts,
  configuration: GlobalConfiguration,
  { stamps }: RecordCourt,
): FoundStamp | undefined {
  return timestamp === null ? undefined : stamps.of({ index, timestamp, id, configuration });
}

/** A signature is as old as its timestamp: that counts by whom it counts by for the checkpoint, if it is the same. */
function authoritiesOf(
  { timestamp }: BundleRecord,
  { container }: KnownParts,
  found: FoundStamp | undefined,
  { stamps }: RecordCourt,
) {
  const token = timestamp === null ? undefined : stamps.tokenOf(timestamp);
  const isSame =
    token !== undefined && container.timestamp !== undefined && token.equals(container.timestamp.token);
  return isSame ? found?.configuration.tsaCertificates() : undefined;
}

function judgeStamp({ index }: BundleRecord, facts: MessageFacts, found: FoundStamp | undefined): Step {
  const about = `records/${index}`;
  if (found !== undefined) return judgeTimestamp(found, index, facts.at, about);
  const text =
    'No authority stamped a checkpoint with this record; when it was recorded is the word of its log.';
  return absent('checkpoint-timestamp', about, 'not-stamped', text);
}
