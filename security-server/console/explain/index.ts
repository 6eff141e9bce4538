export { addExplainPages } from './pages.tsx';
export { textsOf as explainTextsOf } from './texts.ts';
