/** Tries without a pause, then a second that doubles up to the longest pause. */
export interface Slope {
  readonly free: number;
  readonly longestMs: number;
  /** Failures are forgotten when none followed for so long. */
  readonly forgetMs: number;
}

export interface Failures {
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly lastAt: number;
}

/** Milliseconds that are left; never longer than the slope says, also when the clock was set back. */
export function pauseMs(slope: Slope, before: Failures | undefined, now: number): number {
  if (before === undefined || before.failures < slope.free) return 0;
  const wholeMs = Math.min(slope.longestMs, 1000 * 2 ** Math.min(before.failures - slope.free, 30));
  return Math.min(wholeMs, before.lastAt + wholeMs - now);
}

/** One more. */
export function nextFailures(slope: Slope, before: Failures | undefined, now: number): Failures {
  const isForgotten = before === undefined || now - before.lastAt > slope.forgetMs;
  return { failures: isForgotten ? 1 : before.failures + 1, lastAt: now };
}
