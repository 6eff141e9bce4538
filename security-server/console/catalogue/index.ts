export { addCataloguePages } from './pages.tsx';
export { textsOf as catalogueTextsOf } from './texts.ts';
