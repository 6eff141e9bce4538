export type { ArchiveRow } from './archive-index.ts';
export { ArchivingError, type ArchivingErrorCode } from './archive-source.ts';
export { type ArchiveRun, Archiver } from './archiver.ts';
export { type ArchiveSettings, archiveSettingsSchema } from './settings.ts';
export { readOwnArchive, verifyArchive } from './verify.ts';
