export { EvidenceError } from './error.ts';
export {
  commitPart,
  commitTally,
  entryOf,
  type Facts,
  type MessageFacts,
  pairOf,
  parseFacts,
  type RecordSalts,
  saltBytes,
  type TallyFacts,
  tallyText,
  writeFacts,
} from './facts.ts';
