import { describe, expect, it } from 'vitest';
import { Quotas } from './quotas.ts';

const limit = (counter: string, requests: number, periodMs = 60_000) =>
  ({ service: 's', consumer: counter, counter, scope: 'consumer', requests, periodMs }) as const;
const at = (text: string) => new Date(`2026-11-28T${text}Z`);

describe('quotas', () => {
  it('take as many requests in a period as they may, and begin anew with the next', () => {
    const quotas = new Quotas();
    const limits = [limit('a', 2)];
    expect(quotas.take(limits, at('12:00:00'))).toBeUndefined();
    expect(quotas.take(limits, at('12:00:59.999'))).toBeUndefined();
    expect(quotas.take(limits, at('12:00:59.999'))?.renewsAt).toEqual(at('12:01:00'));
    expect(quotas.take(limits, at('12:01:00'))).toBeUndefined();
  });

  it('count nothing of a request that one of several limits refuses', () => {
    const quotas = new Quotas();
    const [wide, narrow] = [limit('all', 10), limit('one', 1)];
    quotas.take([wide, narrow], at('12:00:00'));
    expect(quotas.take([wide, narrow], at('12:00:01'))?.limit).toBe(narrow);
    expect(quotas.countOf(wide, at('12:00:01'))).toBe(1);
  });

  it('look without counting', () => {
    const quotas = new Quotas();
    for (let index = 0; index < 5; index += 1)
      expect(quotas.find([limit('a', 1)], at('12:00:00'))).toBeUndefined();
    expect(quotas.take([limit('a', 1)], at('12:00:00'))).toBeUndefined();
    expect(quotas.find([limit('a', 1)], at('12:00:00'))).toBeDefined();
  });

  it('tell what was counted of a service in periods that are not over, most first', () => {
    const quotas = new Quotas();
    const [few, many] = [limit('few', 9), limit('many', 9, 86_400_000)];
    quotas.take([few, { ...limit('other', 9), service: 'other' }], at('12:00:00'));
    for (let index = 0; index < 3; index += 1) quotas.take([many], at('12:00:00'));
    const counts = quotas.countsOf('s', at('12:00:59'));
    expect(counts).toEqual([
      { limit: many, count: 3, renewsAt: new Date('2026-11-29T00:00:00Z') },
      { limit: few, count: 1, renewsAt: at('12:01:00') },
    ]);
    expect(quotas.countsOf('s', at('12:01:00')).map(({ count }) => count)).toEqual([3]);
  });

  it('of none refuse always', () => {
    expect(new Quotas().take([limit('a', 0)], at('12:00:00'))).toBeDefined();
  });

  it('count days as the clock in UTC does', () => {
    const quotas = new Quotas();
    const day = [limit('a', 1, 86_400_000)];
    quotas.take(day, at('00:00:00'));
    expect(quotas.take(day, at('23:59:59.999'))?.renewsAt).toEqual(new Date('2026-11-29T00:00:00Z'));
  });
});
