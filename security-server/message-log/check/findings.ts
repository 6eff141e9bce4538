export type FindingCode =
  | 'unreadable'
  | 'missing'
  | 'altered'
  | 'disagrees'
  | 'gap'
  /** A timestamp of an authority that did not count then. */
  | 'untrusted'
  | 'unsealed'
  | 'rolled-back'
  | 'forked';

/** One thing that is not as it must be. */
export interface Finding {
  readonly code: FindingCode;
  /** Where: `record 12`, `partition 2026-11`, `checkpoint`, `tree level 1 hash 7`. */
  readonly place: string;
  /** Partition where that is, such as `2026-11`; absent for what is of the whole log. */
  readonly partition?: string;
  readonly text: string;
}

/** More than these say nothing new of a log that is beyond repair. */
const maxFindings = 1_000;

/** Takes down what a check comes upon. */
export class Findings {
  readonly list: Finding[] = [];
  /** Findings that found no more room in the list. */
  omitted = 0;
  /** Partition that is being checked. */
  partition: string | undefined;

  add(code: FindingCode, place: string, text: string): void {
    const { partition } = this;
    if (this.list.length < maxFindings)
      this.list.push({ code, place, ...(partition !== undefined && { partition }), text });
    else this.omitted += 1;
  }

  /** Runs a step that reads what may be damaged. @returns undefined when it could not be read */
  attempt<Value>(code: FindingCode, place: string, act: () => Value): Value | undefined {
    try {
      return act();
    } catch (error) {
      this.add(code, place, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }
}
