export type { ArchiveRow } from './archive-index.ts';
export { ArchivingError, type ArchivingErrorCode } from './archive-source.ts';
export { containerName } from './build.ts';
export { type ArchiveSettings, archiveSettingsSchema } from './settings.ts';
export { type Archiving, startArchiving } from './start-archiver.ts';
export { hasEvidence, type JudgedOwnArchive, verifyArchive } from './verify.ts';
