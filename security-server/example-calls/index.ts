export { examplesOf } from './examples.ts';
export type { ExampleCall } from './model.ts';
