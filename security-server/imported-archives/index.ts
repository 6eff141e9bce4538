export { type FoundContainer, type FoundMessages, ImportedArchives } from './imported-archives.ts';
export {
  type FoundMessage,
  ImportError,
  type ImportedArchive,
  type ImportedMessage,
  type ImportedQuery,
} from './model.ts';
export { readForImport } from './read-archive.ts';
