export { addKeyPages } from './pages.tsx';
export { textsOf as keyTextsOf } from './texts.ts';
