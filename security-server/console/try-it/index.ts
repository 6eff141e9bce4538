export { addTryItPages } from './pages.tsx';
export { textsOf as tryItTextsOf } from './texts.ts';
