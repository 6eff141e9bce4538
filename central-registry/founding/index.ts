export { FoundingDesk } from './desk.ts';
export { addFoundingPages } from './pages.tsx';
export { createUnfoundedApi } from './routes.ts';
export { textsOf } from './texts.ts';
