export { checkFolder, type FolderReport, type FolderToCheck } from './check-folder.ts';
export { type CheckReport, checkLog, type LogToCheck } from './check-log.ts';
export type { Finding, FindingCode } from './findings.ts';
