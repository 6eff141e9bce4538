export { addRequestPages } from './pages.tsx';
export { textsOf as requestTextsOf } from './texts.ts';
