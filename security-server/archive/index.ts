export type { ArchiveRow } from './archive-index.ts';
export { ArchivingError, type ArchivingErrorCode } from './archive-source.ts';
export { type ArchiveSettings, archiveSettingsSchema } from './settings.ts';
export { type Archiving, startArchiving } from './start-archiver.ts';
