export { DiskWatch, diskReader, type ReadDisk } from './disk-watch.ts';
export type { DiskLevel, DiskSettings } from './levels.ts';
export { type DiskStatus, explainDisk } from './status.ts';
