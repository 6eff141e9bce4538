export { type TrialAnswer, type TrialCall, TrialError, tryCall } from './trial.ts';
