export type { BodyPolicyRule } from './body-policies.ts';
export { BodyPolicyStore } from './store.ts';
export { strippedHead } from './stripped-head.ts';
