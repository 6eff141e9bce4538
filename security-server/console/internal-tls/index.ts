export { addInternalTlsPages } from './pages.tsx';
export { textsOf as internalTlsTextsOf } from './texts.ts';
