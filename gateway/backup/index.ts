export { type BackedUp, backupCommands } from './commands.ts';
