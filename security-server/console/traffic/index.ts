export { addTrafficPages } from './pages.tsx';
export { textsOf as trafficTextsOf } from './texts.ts';
