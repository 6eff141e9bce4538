export { addDiagnosticsPages } from './pages.tsx';
export type { Diagnosis } from './report.ts';
export { textsOf as diagnosticsTextsOf } from './texts.ts';
