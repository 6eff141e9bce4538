import type { AppliedLimit } from '../road/index.ts';

/** A limit that is used up, and when it begins anew. */
export interface UsedUp {
  readonly limit: AppliedLimit;
  readonly renewsAt: Date;
}

interface Window {
  /** Number of the period since 1970. */
  readonly period: number;
  readonly limit: AppliedLimit;
  count: number;
}

/** What was counted in a period that is not over. */
export interface Counted {
  readonly limit: AppliedLimit;
  readonly count: number;
  readonly renewsAt: Date;
}

/** Counters kept at once before those of periods that are over are let go. */
const maxWindows = 100_000;
/** Pause between two looks for such: all of them are gone through. */
const sweepEveryMs = 10_000;

/**
 * Counts the requests that services take from their consumers. Periods begin at whole multiples of their length since
 * 1970, in UTC: minutes, hours and days are those of the clock. Counting waits for nothing, so that however many
 * callers come at once, a period takes exactly as many requests as it may.
 */
export class Quotas {
  readonly #windows = new Map<string, Window>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  /** Counts a request against all its limits, or against none when one of them is used up. */
  take(limits: readonly AppliedLimit[], at: Date): UsedUp | undefined {
    const usedUp = this.find(limits, at);
    if (usedUp !== undefined) return usedUp;
    for (const limit of limits) this.#windowOf(limit, at).count += 1;
    return undefined;
  }

  /** The first limit that is used up at an instant, without counting anything. */
  find(limits: readonly AppliedLimit[], at: Date): UsedUp | undefined {
    const limit = limits.find((one) => this.countOf(one, at) >= one.requests);
    if (limit === undefined) return undefined;
    return { limit, renewsAt: renewalOf(limit, at) };
  }

  /** Requests that were counted in the period of an instant. */
  countOf(limit: AppliedLimit, at: Date): number {
    const window = this.#windows.get(limit.counter);
    return window?.period === periodOf(limit, at) ? window.count : 0;
  }

  /**
   * What was counted of a service, most first. The limit of each is as it was at its first request in the period.
   * @param service as limits name it
   */
  countsOf(service: string, at: Date): Counted[] {
    const found: Counted[] = [];
    for (const { limit, period, count } of this.#windows.values()) {
      if (limit.service !== service || period !== periodOf(limit, at)) continue;
      found.push({ limit, count, renewsAt: renewalOf(limit, at) });
    }
    return found.sort((a, b) => b.count - a.count);
  }

  #windowOf(limit: AppliedLimit, at: Date): Window {
    const period = periodOf(limit, at);
    const known = this.#windows.get(limit.counter);
    if (known?.period === period) return known;
    if (this.#windows.size >= maxWindows && Math.abs(at.getTime() - this.#sweptAt) >= sweepEveryMs) {
      this.#forget(at);
    }
    const window = { period, limit, count: 0 };
    this.#windows.set(limit.counter, window);
    return window;
  }

  #forget(at: Date): void {
    this.#sweptAt = at.getTime();
    for (const [counter, { period, limit }] of this.#windows) {
      if ((period + 1) * limit.periodMs <= at.getTime()) this.#windows.delete(counter);
    }
  }
}

function renewalOf(limit: AppliedLimit, at: Date): Date {
  return new Date((periodOf(limit, at) + 1) * limit.periodMs);
}

function periodOf({ periodMs }: AppliedLimit, at: Date): number {
  return Math.floor(at.getTime() / periodMs);
}
