import type { Asked, AskedKind } from '../../asked/index.ts';
import type { Found } from '../found.ts';

/** What one of the others said of the time. Milliseconds; above 0: our clock is ahead. */
export interface ClockObservation {
  readonly kind: AskedKind;
  readonly url: string;
  readonly at: Date;
  readonly aheadMs: number;
}

export interface ClockState {
  /** Median of what was seen in the last hour; undefined when nothing was. */
  readonly aheadMs: number | undefined;
  readonly observations: readonly ClockObservation[];
}

const windowMs = 3_600_000;
/** An HTTP date says no more than the second. */
const secondMs = 1_000;
/** A clock that a time service keeps is right to a fraction of a second; statuses are refused from a minute on. */
const tolerableMs = 10_000;

/** By how much the clock of this server differs from those of the others, as they lately told. */
export function clockOf(asked: readonly Asked[], now: Date): ClockState {
  const recent = asked.filter(({ answeredAt }) => Math.abs(now.getTime() - answeredAt) <= windowMs);
  const observations = recent.flatMap((one) => {
    const aheadMs = aheadOf(one);
    const { kind, url, answeredAt } = one;
    return aheadMs === undefined ? [] : [{ kind, url, at: new Date(answeredAt), aheadMs }];
  });
  const sorted = observations.map(({ aheadMs }) => aheadMs).sort((a, b) => a - b);
  return { aheadMs: sorted[sorted.length >> 1], observations };
}

export function checkClock({ aheadMs }: ClockState, server: string): Found[] {
  if (aheadMs === undefined || Math.abs(aheadMs) <= tolerableMs) return [];
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const isAhead = aheadMs > 0;
  const detail = `by ${seconds} s`;
  return [{ code: isAhead ? 'clock-ahead' : 'clock-behind', subject: server, detail }];
}

/** The least difference that explains what was said: an answer was made between the question and its arrival. */
function aheadOf({ kind, askedAt, answeredAt, date, madeAt, error }: Asked): number | undefined {
  if (kind === 'timestamp' && madeAt !== undefined && error === undefined) {
    return outside(askedAt, answeredAt, madeAt, madeAt + secondMs);
  }
  if (date !== undefined) return outside(askedAt, answeredAt, date, date + secondMs);
  // A status may be older than the question, and never younger than its arrival.
  if (madeAt !== undefined && madeAt > answeredAt) return answeredAt - madeAt;
  return undefined;
}

function outside(askedAt: number, answeredAt: number, from: number, to: number): number {
  if (askedAt > to) return askedAt - to;
  return answeredAt < from ? answeredAt - from : 0;
}
