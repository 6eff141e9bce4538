import { describe, expect, it } from 'vitest';
import { Holding } from './holding.ts';

const limits = { total: 4, perAddress: 2, longestMs: 60_000 };

describe('requests that are held', () => {
  it('are let go together when something changes, and a ring before they wait is not missed', async () => {
    const holding = new Holding(limits);
    const [first, second] = [holding.take('192.0.2.1'), holding.take('192.0.2.2')];
    const waiting = first?.wait(60_000);
    holding.ring();
    expect([await waiting, await second?.wait(60_000)]).toEqual(['rung', 'rung']);
    const again = second?.wait(60_000);
    holding.close();
    expect(await again).toBe('over');
  });

  it('wait no longer than they may', async () => {
    expect(await new Holding(limits).take('192.0.2.1')?.wait(1)).toBe('over');
  });

  it('take no more places than there are, for everybody and for one address', () => {
    const holding = new Holding(limits);
    const take = (address: string) => holding.take(address);
    const places = ['a', 'a', 'b', 'c'].map(take);
    expect(places.every((place) => place !== undefined)).toBe(true);
    expect(take('d')).toBeUndefined();
    places[3]?.leave();
    places[3]?.leave();
    expect(holding.count).toBe(3);
    expect(take('a')).toBeUndefined();
    expect(take('d')).toBeDefined();
    for (const place of places) place?.leave();
    expect(holding.count).toBe(1);
    expect([take('a'), take('a'), take('a')].filter((place) => place === undefined)).toHaveLength(1);
  });

  it.each([
    ['2001:db8::1', '2001:db8::ffff:1', true],
    ['2001:db8:0:0:1::5', '2001:db8::1', true],
    ['2001:db8:0:1::1', '2001:db8::1', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['::1', '::2', true],
  ])('count the addresses of one network together: %s and %s', (one, other, isOne) => {
    const holding = new Holding({ ...limits, perAddress: 1 });
    holding.take(one);
    expect(holding.take(other) === undefined).toBe(isOne);
  });

  it('are held no more once it is closed', () => {
    const holding = new Holding(limits);
    holding.close();
    expect(holding.take('192.0.2.1')).toBeUndefined();
  });
});
