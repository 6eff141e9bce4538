export { type Key, specText, type Token } from './answers.ts';
export { addTokenPages } from './pages.tsx';
export { textsOf as tokenTextsOf } from './texts.ts';
