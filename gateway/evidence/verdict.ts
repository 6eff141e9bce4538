import type { GlobalConfiguration } from '../configuration/index.ts';

/** What whoever judges knows from elsewhere. */
export interface Trust {
  /** As of then; without one, each record is judged by the snapshot it names, which the bundle has. */
  readonly configuration?: GlobalConfiguration;
  /** Of the log; without one the bundle's own is taken, and a warning says so. */
  readonly verifierKey?: string;
  /** Signed notes of the same log, from before or after: the log must not have changed its past. */
  readonly heldCheckpoints?: readonly string[];
  /** Fingerprint of the anchor of the instance, as `anchorFingerprint` prints it. */
  readonly anchorHash?: string;
}

/** Names of values beside a step, for people. */
export type Details = readonly (readonly [name: string, value: string])[];

/** One thing that was looked at. */
export interface Step {
  /** Stable, e.g. `inclusion`. */
  readonly id: string;
  /** File or record of the bundle, e.g. `records/12`. */
  readonly about: string;
  readonly state: 'good' | 'bad' | 'absent';
  /**
   * What is wrong, or why nothing is there; null when good. Of what any verifier of X-Road refuses it is the fault's code
   * as release 7.8 spells it.
   */
  readonly code: string | null;
  /** A plain sentence. */
  readonly text: string;
  readonly details: Details;
}

/** Numbers that are missing for one client, provider, direction and side. */
export interface Gap {
  readonly pair: string;
  /** Last sequence number before the gap; 0 at the beginning of the log. */
  readonly after: number;
  /** First one behind it; null when the gap is at the end of what a tally counted. */
  readonly before: number | null;
}

export interface Verdict {
  readonly valid: boolean;
  /** Of the first step that is bad, with its text and place; null when valid. */
  readonly code: string | null;
  readonly reason: string | null;
  readonly place: string | null;
  readonly steps: readonly Step[];
  readonly gaps: readonly Gap[];
  readonly warnings: readonly string[];
}

export function good(id: string, about: string, text: string, details: Details = []): Step {
  return { id, about, state: 'good', code: null, text, details };
}

export function bad(id: string, about: string, code: string, text: string, details: Details = []): Step {
  return { id, about, state: 'bad', code, text, details };
}

export function absent(id: string, about: string, code: string, text: string, details: Details = []): Step {
  return { id, about, state: 'absent', code, text, details };
}

/** Sums up: one bad step makes all of it worthless. */
export function concludeVerdict(
  steps: readonly Step[],
  gaps: readonly Gap[],
  warnings: readonly string[],
): Verdict {
  const first = steps.find(({ state }) => state === 'bad');
  return {
    valid: first === undefined,
    code: first?.code ?? null,
    reason: first?.text ?? null,
    place: first?.about ?? null,
    steps,
    gaps,
    warnings: [...new Set(warnings)],
  };
}
