export { CatalogueError } from './error.ts';
export { type ExampleCaller, restExample, soapExample } from './example-call.ts';
export { Gathering } from './gathering.ts';
export type { CatalogueProvider, CatalogueService, Description, Failure } from './model.ts';
export { CatalogueStore } from './store.ts';
