export { auditExportCommand, auditShowCommand } from './audit-evidence.ts';
export { auditGapsCommand, auditSearchCommand, auditStatisticsCommand } from './audit-search.ts';
export { configHistoryCommand } from './history-command.ts';
export { auditImportCommand, auditImportedCommand } from './imported-commands.ts';
export { serverCommand } from './server-command.ts';
