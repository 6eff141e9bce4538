export { removeUnfinished, syncFolder, writeFileDurably } from './durable-file.ts';
