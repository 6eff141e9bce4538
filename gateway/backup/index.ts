export { Backups } from './backups.ts';
export { type BackedUp, backupCommands } from './commands.ts';
export { addBackupRoutes } from './routes.ts';
export type { BackupStatus } from './status.ts';
