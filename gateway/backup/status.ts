import type { BackupErrorCode } from './error.ts';
import type { KeptBackup } from './kept.ts';
import type { BackupSettings } from './settings.ts';

export interface BackupFailure {
  readonly at: string;
  readonly code: BackupErrorCode | 'unexpected';
  readonly text: string;
}

/** Whether there would be something to come back with, were the machine gone now. */
export interface BackupStatus {
  readonly isGood: boolean;
  /** Why. */
  readonly code: 'good' | 'made-elsewhere' | 'none-made' | 'too-old' | 'failed';
  /** For people: what was found; when it is not good, also what to do. */
  readonly detail: string;
  readonly newest?: Pick<KeptBackup, 'name' | 'createdAt'>;
  /** When the schedule makes the next. */
  readonly nextAt?: string;
  /** Is under way. */
  readonly making?: { readonly name: string; readonly startedAt: string; readonly by: string };
  /** Of the last attempt, until one succeeds. */
  readonly failure?: BackupFailure;
}

const hourMs = 3_600_000;

/** @param newest of what is kept here */
export function judgeBackups(
  { everyHours, madeElsewhere }: BackupSettings,
  newest: KeptBackup | undefined,
  failure: BackupFailure | undefined,
  now: Date,
): Pick<BackupStatus, 'isGood' | 'code' | 'detail'> {
  if (failure !== undefined) {
    return { isGood: false, code: 'failed', detail: `no backup was made at ${failure.at}: ${failure.text}` };
  }
  if (newest === undefined) {
    if (madeElsewhere) {
      return { isGood: true, code: 'made-elsewhere', detail: 'backups are made by other means' };
    }
    const detail =
      'there is no backup: give a recipient, set a schedule or make one, and keep copies elsewhere';
    return { isGood: false, code: 'none-made', detail };
  }
  const found = `the newest backup is of ${newest.createdAt}`;
  const ageHours = (now.getTime() - Date.parse(newest.createdAt)) / hourMs;
  // One hour for the making.
  if (everyHours !== undefined && ageHours > everyHours + 1) {
    const detail = `${found}, and there should be one every ${everyHours} hours: see what the log says of backups`;
    return { isGood: false, code: 'too-old', detail };
  }
  return { isGood: true, code: 'good', detail: found };
}

/** When the schedule wants a backup. @returns undefined without a schedule */
export function nextBackupAt(
  { everyHours }: BackupSettings,
  newest: KeptBackup | undefined,
  failure: BackupFailure | undefined,
  now: Date,
): Date | undefined {
  if (everyHours === undefined) return undefined;
  const due = newest === undefined ? now.getTime() : Date.parse(newest.createdAt) + everyHours * hourMs;
  // What failed is tried again within the hour, not at once: it may take long.
  return new Date(failure === undefined ? due : Math.max(due, Date.parse(failure.at) + hourMs));
}
