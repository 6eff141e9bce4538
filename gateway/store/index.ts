export { syncFolder, writeFileDurably } from './durable-file.ts';
export { openStore, type Store, StoreError } from './store.ts';
