export { type HistoryTrouble, historyTroubleCodes } from './kept.ts';
export { HistoryWatch, RegistryHistoryError } from './watch.ts';
