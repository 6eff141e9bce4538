export { SnapshotArchive } from './archive.ts';
export { SnapshotStore } from './snapshot-store.ts';
