export { removeUnfinished, syncFolder, writeFileDurably } from '../../certs/file/index.ts';
export { lockFile } from './lock.ts';
export { openStore, type Store, StoreError } from './store.ts';
