import { TimestampError } from '../../../certs/timestamp/index.ts';
import type { GlobalConfiguration } from '../../../gateway/configuration/index.ts';
import { type AskedState, HttpStatusError } from '../../asked/index.ts';
import type { LogHealth } from '../../message-log/index.ts';
import type { CauseCode } from '../causes/index.ts';
import { failureKind } from '../failure-kind.ts';
import { type Found, messageOf } from '../found.ts';

export interface TimestampingSources {
  readonly server: string;
  /** Undefined while none is in force. */
  readonly configuration: GlobalConfiguration | undefined;
  /** Those of the settings, which stand instead of those of the instance. */
  readonly urls: readonly string[];
  readonly asked: readonly AskedState[];
  readonly log: LogHealth;
}

/** Whether records get their timestamps. */
export function checkTimestamping({ server, configuration, urls, asked, log }: TimestampingSources): Found[] {
  const found: Found[] = [];
  const approved = configuration?.tsas(configuration.instance) ?? [];
  if (configuration !== undefined && urls.length + approved.length === 0) {
    found.push({ code: 'timestamping-none-approved', subject: configuration.instance });
  } else if (!log.isAccepting && log.failingSince !== undefined && configuration !== undefined) {
    const { failingSince: since, reason } = log;
    found.push({ code: 'timestamping-overdue', subject: server, since, ...(reason && { detail: reason }) });
  }
  // Of addresses that are still asked.
  const current = new Set(urls.length > 0 ? urls : approved.map(({ url }) => url));
  const states = asked.filter(({ last }) => current.has(last.url));
  for (const { last, failsSince } of states) {
    if (failsSince === undefined) continue;
    // Records had their timestamps from another.
    const isSpare = log.failingSince === undefined;
    found.push({
      ...{ code: codeOf(last.error), subject: last.url, detail: messageOf(last.error) },
      ...{ since: new Date(failsSince), ...(isSpare && { severity: 'warns' as const }) },
    });
  }
  return found;
}

function codeOf(error: unknown): CauseCode {
  if (error instanceof HttpStatusError) return 'timestamping-refused';
  if (error instanceof TimestampError) {
    const isRefusal = error.code === 'refused' || error.code === 'malformed';
    return isRefusal ? 'timestamping-refused' : 'timestamping-token-unacceptable';
  }
  return failureKind(error) === 'other' ? 'timestamping-refused' : 'timestamping-unreachable';
}
