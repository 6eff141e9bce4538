export { addAccessPages } from './pages.ts';
export { textsOf as accessTextsOf } from './texts.ts';
