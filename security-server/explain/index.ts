export { type ExplainContext, type Explanation, explainCall } from './explain.ts';
export { menders, stepIds } from './steps.ts';
