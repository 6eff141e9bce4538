export { type ExampleCall, type ExampleLanguage, examplesOf } from './examples.ts';
