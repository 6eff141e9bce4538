import {
  anchorFingerprintOf,
  type GlobalConfiguration,
  readSnapshot,
  verifySnapshot,
} from '../configuration/index.ts';
import { Fault, spellCode } from '../fault/index.ts';
import type { BundleConfiguration } from './model.ts';
import { bad, good, type Step, type Trust } from './verdict.ts';
import { bundleNames } from './write-bundle.ts';

const id = 'configuration';

export interface JudgedConfiguration {
  readonly step: Step;
  /** Undefined when the snapshot cannot be relied on. */
  readonly configuration?: GlobalConfiguration;
  /** Fingerprint of its anchor. */
  readonly anchor?: string;
  readonly warnings: readonly string[];
}

/**
 * Whether a snapshot is what records name, and was signed as its anchor demands. Its directories may have expired by
 * now; whether they counted when a message passed is asked for each record.
 */
export function judgeConfiguration(snapshot: BundleConfiguration, trust: Trust): JudgedConfiguration {
  const about = bundleNames.configuration(snapshot.id);
  const { anchorHash } = trust;
  const [finding] = verifySnapshot(snapshot, anchorHash === undefined ? {} : { anchorHash });
  if (finding !== undefined) {
    const place = finding.name === undefined ? about : `${about}/${finding.name}`;
    return { step: bad(id, place, finding.code, `${finding.text}.`), warnings: [] };
  }
  try {
    const { configuration } = readSnapshot(snapshot.files);
    const fingerprint = anchorFingerprintOf(snapshot.files);
    const { instance, expiresAt } = configuration;
    const text = `The configuration of ${instance} was signed as its anchor demands, and counted until ${expiresAt.toISOString()}.`;
    const warning = `Judged by a configuration that is in the bundle: compare the fingerprint of its anchor, ${fingerprint}, with the one the operator of ${instance} publishes.`;
    const isTold = anchorHash !== undefined || trust.configuration !== undefined;
    return {
      step: good(id, about, text, [
        ['instance', instance],
        ['fingerprint of the anchor', fingerprint],
        ['counted until', expiresAt.toISOString()],
        ['files', String(snapshot.files.length)],
      ]),
      ...{ configuration, anchor: fingerprint },
      warnings: isTold ? [] : [warning],
    };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const text = `This configuration is not good: ${error.message}.`;
    return { step: bad(id, about, spellCode(error), text), warnings: [] };
  }
}
