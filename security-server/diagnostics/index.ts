export type { Cause, Mender, Place, Severity, Words } from './cause.ts';
export { type CauseCode, causes } from './causes/index.ts';
export type { ClockObservation } from './checks/clock.ts';
export { nameOf } from './checks/statuses.ts';
export {
  type Diagnosis,
  type DiagnosticSources,
  Diagnostics,
  type DiagnosticsReport,
} from './diagnostics.ts';
export { type Outcome, Outcomes } from './outcomes.ts';
export { type Probe, type ProbeSources, probePeers, probeRegistry, probeService } from './probes.ts';
export { startCause } from './start.ts';
