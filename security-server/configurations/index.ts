export { SnapshotError, SnapshotStore } from './snapshot-store.ts';
