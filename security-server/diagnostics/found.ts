import type { Severity } from './cause.ts';
import type { CauseCode } from './causes/index.ts';

/** A cause that was seen, and of what. */
export interface Found {
  readonly code: CauseCode;
  /** What it is about, for people: an identifier, a name, an address. */
  readonly subject: string;
  /** What exactly was seen: instants, messages of errors. */
  readonly detail?: string;
  /** Since when, where that is known; else since it was seen first. */
  readonly since?: Date;
  /** Where something else takes its place, or took it until now: less than the table says. */
  readonly severity?: Severity;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
