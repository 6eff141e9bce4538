export { SnapshotArchive } from './archive.ts';
export { loadSnapshot, SnapshotError } from './snapshot-files.ts';
export { SnapshotStore } from './snapshot-store.ts';
