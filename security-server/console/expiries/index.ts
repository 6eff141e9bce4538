export { addExpiryPages } from './pages.tsx';
export { soonest } from './soonest.ts';
export { textsOf as expiryTextsOf } from './texts.ts';
