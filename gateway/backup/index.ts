export { Backups } from './backups.ts';
export { type BackedUp, backupCommands } from './commands.ts';
export { addBackupRoutes } from './routes.ts';
