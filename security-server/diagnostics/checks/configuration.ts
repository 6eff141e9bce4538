import type { GlobalConfiguration } from '../../../gateway/configuration/index.ts';
import { Fault } from '../../../gateway/fault/index.ts';
import { type AskedState, HttpStatusError } from '../../asked/index.ts';
import {
  type ConfigurationFailure,
  NoVersionError,
  OtherFile,
  OtherInstance,
} from '../../configuration-client/index.ts';
import type { HistoryTrouble } from '../../registry-history/index.ts';
import type { CauseCode } from '../causes/index.ts';
import { type FailureKind, failureKind } from '../failure-kind.ts';
import { type Found, messageOf } from '../found.ts';

export interface ConfigurationSources {
  readonly instance: string;
  /** Fetched last, in force or not; undefined before the first. */
  readonly latest: GlobalConfiguration | undefined;
  /** Why the last poll brought nothing. */
  readonly failure: ConfigurationFailure | undefined;
  /** How it went with each source last. */
  readonly asked: readonly AskedState[];
  /** Addresses that are looked at for the own instance. */
  readonly sources: readonly string[];
  readonly history: HistoryTrouble | undefined;
  readonly now: Date;
}

/** Whether a configuration is in force, and whether the next will be. */
export function checkConfiguration(given: ConfigurationSources): Found[] {
  const { instance: subject, latest, failure, asked, sources, history, now } = given;
  const found: Found[] = [];
  if (latest === undefined) {
    found.push({ code: 'configuration-missing', subject, ...(failure && { since: failure.since }) });
  } else if (now >= latest.expiresAt) {
    const since = latest.expiresAt;
    found.push({ code: 'configuration-expired', subject, since, detail: `at ${since.toISOString()}` });
  }
  const failing = asked.filter(({ failsSince }) => failsSince !== undefined);
  for (const { last, failsSince = last.answeredAt } of failing) {
    // When another source served, this one is missed only when that fails too; so are other instances.
    const isSpare = failure === undefined || !sources.includes(last.url);
    found.push({
      ...{ code: configurationCode(last.error), subject: last.url, detail: messageOf(last.error) },
      ...{ since: new Date(failsSince), ...(isSpare && { severity: 'warns' as const }) },
    });
  }
  const hasHistory = history !== undefined;
  if (hasHistory) found.push(historyFound(history, subject));
  // What came was good as a file, and could not be brought into force.
  if (failure !== undefined && failing.length === 0 && !hasHistory) {
    const detail = failure.error.message;
    found.push({ code: configurationCode(failure.error), subject, detail, since: failure.since });
  }
  return found;
}

function historyFound({ code, text, at }: HistoryTrouble, subject: string): Found {
  const isContradiction = code === 'registry-history-forked' || code === 'registry-history-rolled-back';
  const cause = isContradiction ? 'registry-history-contradicts' : 'registry-history-unavailable';
  return { code: cause, subject, detail: `${code}: ${text}`, since: new Date(at) };
}

const byKind: Readonly<Record<FailureKind, CauseCode>> = {
  'unknown-host': 'configuration-unknown-host',
  refused: 'configuration-refused',
  timeout: 'configuration-timeout',
  tls: 'configuration-tls',
  other: 'configuration-unreadable',
};

/** @param error of a source, or of what it served */
export function configurationCode(error: unknown): CauseCode {
  if (error instanceof HttpStatusError) return 'configuration-http-status';
  if (error instanceof NoVersionError) return 'configuration-version';
  if (error instanceof OtherInstance) return 'configuration-instance-mismatch';
  if (error instanceof OtherFile) return 'configuration-signature';
  if (!(error instanceof Fault)) return byKind[failureKind(error)];
  switch (error.code) {
    case 'CertNotFound':
      return 'configuration-anchor-mismatch';
    case 'InvalidSignatureValue':
      return 'configuration-signature';
    case 'OutdatedGlobalConf':
      return 'configuration-source-expired';
    default:
      return 'configuration-unreadable';
  }
}
