export { type BundleSource, gatherBundle } from './bundle-records.ts';
export { readEntryBundle } from './entry-bundle.ts';
export {
  type ConfigurationArchive,
  EvidenceAccessError,
  type EvidenceAccessErrorCode,
  type EvidenceSource,
} from './evidence-source.ts';
export { type ExportedEvidence, Exporter } from './export.ts';
export { type GapReport, reportGaps } from './gaps.ts';
export { type Auditor, createAuditor, type JudgedArchive, type JudgedPart, type Judgement } from './judge.ts';
export { searchRecords } from './search-records.ts';
export { type ShownMessageId, showExchange } from './show-exchange.ts';
export { firstTallyAt, lastTallyAt } from './tallies.ts';
export { tellingLanguages } from './tellers.ts';
