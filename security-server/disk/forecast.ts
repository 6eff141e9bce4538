/** What was measured at one moment. */
export interface DiskSample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Octets free on the file system. */
  readonly free: number;
  /** Octets of the message log. */
  readonly log: number;
}

/** When the disk will be full, or why nobody can say. */
export type Forecast =
  | { readonly kind: 'not-enough-data'; readonly samples: number; readonly hours: number }
  /** What is free stays, or becomes more. */
  | { readonly kind: 'not-filling' }
  | { readonly kind: 'filling'; readonly days: number };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A day shows the hours in which nobody works; a week the days. */
const leastSpanMs = dayMs;
const leastSamples = 12;
const windowMs = 7 * dayMs;
/** Beyond it a forecast from a week is a guess. */
const maxDays = 3_650;

/**
 * Days until `full` octets are left, by what is free in the last week of samples.
 * @param samples oldest first
 */
export function forecastOf(samples: readonly DiskSample[], full: number): Forecast {
  const window = lastWeek(samples);
  const [first, last] = [window[0], window.at(-1)];
  const spanMs = first === undefined || last === undefined ? 0 : last.at - first.at;
  if (last === undefined || window.length < leastSamples || spanMs < leastSpanMs) {
    return { kind: 'not-enough-data', samples: window.length, hours: Math.floor(spanMs / hourMs) };
  }
  const left = last.free - full;
  if (left <= 0) return { kind: 'filling', days: 0 };
  const perDay = -trendOf(window, ({ free }) => free);
  // Also where so little is lost each day that the quotient would be of no use.
  if (!(perDay > 0) || left / perDay > maxDays) return { kind: 'not-filling' };
  return { kind: 'filling', days: left / perDay };
}

/** Octets a day by which the message log grows: below 0 when it shrinks; undefined as long as too little is known. */
export function growthOf(samples: readonly DiskSample[]): number | undefined {
  const window = lastWeek(samples);
  const [first, last] = [window[0], window.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  if (window.length < leastSamples || last.at - first.at < leastSpanMs) return undefined;
  return trendOf(window, ({ log }) => log);
}

function lastWeek(samples: readonly DiskSample[]): readonly DiskSample[] {
  const last = samples.at(-1);
  return last === undefined ? [] : samples.filter(({ at }) => at >= last.at - windowMs);
}

/**
 * Slope in octets a day: the median of the slopes between any two samples. A month that was archived and removed, or a
 * large file that came and went, moves it little.
 * @see Theil, 1950; Sen, 1968
 */
function trendOf(samples: readonly DiskSample[], octetsOf: (sample: DiskSample) => number): number {
  const slopes: number[] = [];
  for (const [index, from] of samples.entries()) {
    for (const to of samples.slice(index + 1)) {
      if (to.at > from.at) slopes.push(((octetsOf(to) - octetsOf(from)) / (to.at - from.at)) * dayMs);
    }
  }
  slopes.sort((a, b) => a - b);
  const middle = slopes.length >> 1;
  const upper = slopes[middle] ?? 0;
  return slopes.length % 2 === 1 ? upper : ((slopes[middle - 1] ?? upper) + upper) / 2;
}
