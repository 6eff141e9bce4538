import type { BackupStatus } from '../../../gateway/backup/index.ts';
import { type DiskStatus, explainDisk } from '../../disk/index.ts';
import type { CauseCode } from '../causes/index.ts';
import { type Found, messageOf } from '../found.ts';

export interface EvidenceSources {
  readonly server: string;
  readonly disk: DiskStatus;
  readonly log: { checkWritable(): Promise<void> };
  /** Why the last round of archiving failed. */
  readonly archiveFailure: { readonly at: Date; readonly error: unknown } | undefined;
  readonly backups: BackupStatus;
}

const diskCodes: Partial<Record<DiskStatus['level'], CauseCode>> = {
  low: 'disk-low',
  tight: 'disk-tight',
  full: 'disk-full',
  unknown: 'disk-unknown',
};
const backupCodes: Partial<Record<BackupStatus['code'], CauseCode>> = {
  'none-made': 'backup-none',
  'too-old': 'backup-old',
  failed: 'backup-failed',
};

/** Whether evidence can be written, and comes back when this machine does not. */
export async function checkEvidence(sources: EvidenceSources): Promise<Found[]> {
  const { server: subject, disk, log, archiveFailure, backups } = sources;
  const found: Found[] = [];
  const diskCode = diskCodes[disk.level];
  if (diskCode !== undefined) found.push({ code: diskCode, subject, detail: explainDisk(disk) });
  try {
    await log.checkWritable();
  } catch (error) {
    found.push({ code: 'message-log-not-writable', subject, detail: messageOf(error) });
  }
  if (archiveFailure !== undefined) {
    const { at: since, error } = archiveFailure;
    found.push({ code: 'archive-failing', subject, since, detail: messageOf(error) });
  }
  const backupCode = backupCodes[backups.code];
  if (backupCode !== undefined) found.push({ code: backupCode, subject, detail: backups.detail });
  return found;
}
