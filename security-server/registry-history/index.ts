export {
  type AskPeer,
  CheckpointExchange,
  checkpointPath,
  type ExchangeFigures,
} from './checkpoint-exchange.ts';
export { type HistoryState, type HistoryTrouble, historyTroubleCodes } from './kept.ts';
export { HistoryWatch, RegistryHistoryError } from './watch.ts';
