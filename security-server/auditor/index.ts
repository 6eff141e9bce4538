export { type Auditor, createAuditor, type JudgedArchive, type JudgedPart, type Judgement } from './judge.ts';
