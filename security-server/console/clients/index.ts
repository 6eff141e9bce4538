export { type Client, clientPath, type KnownSubject, toPem } from './answers.ts';
export { crumbsOf } from './client.tsx';
export { addClientPages } from './pages.tsx';
export { mayEdit } from './state.tsx';
export { textsOf as clientTextsOf } from './texts.ts';
