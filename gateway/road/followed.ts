import type { TraceContext } from './trace-context.ts';

/** A stretch of the road. */
export type StepName =
  | 'connect'
  | 'send'
  | 'receive'
  | 'verify'
  | 'call service'
  | 'sign'
  | 'record'
  | 'return';

/** How long one took. Milliseconds since 1970, with fractions. */
export interface Step {
  readonly name: StepName;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly isFailed: boolean;
}

/** An exchange that is followed: its place in a trace, and its steps so far. */
export interface Followed {
  readonly context: TraceContext;
  /** Of this server's part, and within it of the one call that leaves it: 16 hex digits. */
  readonly spanId: string;
  readonly callId: string;
  readonly startedAt: number;
  readonly steps: Step[];
}
