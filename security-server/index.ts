export { type Auditor, createAuditor, type JudgedArchive, type Judgement } from './auditor/index.ts';
export {
  auditExportCommand,
  auditGapsCommand,
  auditImportCommand,
  auditImportedCommand,
  auditSearchCommand,
  auditShowCommand,
  auditStatisticsCommand,
  configHistoryCommand,
  serverCommand,
} from './cli/index.ts';
export { initServer, type NewServer } from './init.ts';
export { startServer } from './main.ts';
export { checkFolder, type FolderReport, publishLog } from './message-log/index.ts';
export type { PeerSettings } from './peers/index.ts';
export type { RunningServer, ServerSettings } from './running-server.ts';
