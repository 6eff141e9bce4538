export { contentsStart, describeContents } from './contents.ts';
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
export { type Grouping, groupOf, isPairOfGroup } from './group.ts';
export { judgeBundle } from './judge.ts';
export { isOfParty } from './judge-scope.ts';
export { authorityDetail } from './judge-timestamp.ts';
export type {
  BundleConfiguration,
  BundleConsistency,
  BundleContent,
  BundleRecord,
  BundleScope,
  BundleTally,
  BundleTimestamp,
  BundleWitness,
} from './model.ts';
export {
  containerName,
  hasEvidence,
  type JudgedOwnArchive,
  judgeOwnArchive,
  type ReadOwnArchive,
  readOwnArchive,
  writeOwnArchive,
} from './own-archive.ts';
export { isBundle, readBundle } from './read-bundle.ts';
export { findHole, numbersAround, type StretchHole, type StretchNumbers } from './stretch-numbers.ts';
export { countedAt, isUnderStamp, type Naming, namingOf } from './under-stamp.ts';
export type { Gap, Step, Trust, Verdict } from './verdict.ts';
export { writeBundle } from './write-bundle.ts';
