import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../store/index.ts';
import { peopleSteps } from './rows.ts';
import { SignInThrottle } from './throttle.ts';

let dir: string;
let store: Store<object>;
let at: number;
let throttle: SignInThrottle;
const open = () => {
  store = openStore<object>(join(dir, 'people.sqlite'), peopleSteps);
  throttle = new SignInThrottle(store.database, () => new Date(at));
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-people-'));
  at = Date.parse('2026-11-23T12:00:00Z');
  open();
  store.database.prepare("INSERT INTO person VALUES ('anna', '[]', 'x', NULL, 0, NULL, 1)").run();
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true });
});

/** Seconds to wait; 0: the try was let through, and failed. */
const tryAs = (name: string, address = '203.0.113.9') => {
  const answer = throttle.begin(name, address, name === 'anna');
  return answer.kind === 'wait' ? answer.seconds : 0;
};
const signIn = (name: string, address: string) => {
  const answer = throttle.begin(name, address, true);
  if (answer.kind === 'attempt') answer.succeed();
  return answer.kind;
};
const rows = () => store.database.prepare('SELECT count(*) FROM sign_in_failure').pluck().get();

describe('missing rate limit at sign-in: guessing', () => {
  it.each(['anna', 'nobody'])('pauses ever longer, the same for somebody and nobody: %s', (name) => {
    const waits: number[] = [];
    for (let failure = 0; failure < 20; failure += 1) {
      const seconds = tryAs(name);
      if (seconds === 0) continue;
      waits.push(seconds);
      at += seconds * 1000;
      expect(tryAs(name)).toBe(0);
    }
    expect(waits.slice(0, 12)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  });

  it('with many tries at once is no way around', () => {
    const waits = Array.from({ length: 100 }, () => tryAs('anna'));
    expect(waits.filter((seconds) => seconds === 0)).toHaveLength(5);
  });

  it('is not slower for who waits when others try in the pause', () => {
    for (let count = 0; count < 6; count += 1) tryAs('anna');
    for (let count = 0; count < 50; count += 1) expect(tryAs('anna')).toBe(1);
    at += 1000;
    expect(tryAs('anna')).toBe(0);
  });

  it('at many names pauses the address, also a neighbour in its network, and nobody else', () => {
    for (let count = 0; count < 30; count += 1) expect(tryAs(`name${count}`, '2001:db8:1:2::1')).toBe(0);
    expect(tryAs('another', '2001:db8:1:2:ffff::9')).toBeGreaterThan(0);
    expect(tryAs('another', '2001:0DB8:0001:0002::9%eth0')).toBeGreaterThan(0);
    expect(tryAs('another', '2001:db8:1:3::1')).toBe(0);
    expect(tryAs('another', '::ffff:192.0.2.1')).toBe(0);
  });

  it('is not made good for the address by an account of one’s own', () => {
    for (let count = 0; count < 40; count += 1) {
      tryAs(`name${count}`, '192.0.2.7');
      signIn('anna', '192.0.2.7');
    }
    expect(tryAs('another', '192.0.2.7')).toBeGreaterThan(0);
  });

  it('is remembered after a restart', () => {
    for (let count = 0; count < 10; count += 1) tryAs('anna');
    store.close();
    open();
    expect(tryAs('anna', '198.51.100.1')).toBeGreaterThan(0);
  });

  it('is forgotten after a day, and when the person signed in', () => {
    for (let count = 0; count < 5; count += 1) tryAs('anna');
    at += 25 * 3_600_000;
    expect(signIn('anna', '198.51.100.1')).toBe('attempt');
    expect(rows()).toBe(0);
  });

  it('takes a bounded number of rows, and strangers cannot wash out what is kept of a person', () => {
    for (let count = 0; count < 5; count += 1) tryAs('anna', '192.0.2.99');
    store.database.transaction(() => {
      const insert = store.database.prepare('INSERT INTO sign_in_failure VALUES (?, 0, 1, ?)');
      for (let count = 0; count < 10_500; count += 1) insert.run(`x${count}`, at + 1);
    })();
    tryAs('one-more', '192.0.2.98');
    expect(rows()).toBe(10_001);
    expect(tryAs('anna', '192.0.2.97')).toBeGreaterThan(0);
  });

  it('keeps no name: it may have been a password', () => {
    tryAs('correct horse battery');
    const text = JSON.stringify(store.database.prepare('SELECT * FROM sign_in_failure').all());
    expect(text).not.toContain('horse');
  });
});

describe('strangers', () => {
  it('cannot lock a person out at addresses from which they come', () => {
    signIn('anna', '198.51.100.1');
    for (let count = 0; count < 100; count += 1) tryAs('anna', `203.0.113.${count}`);
    expect(tryAs('anna', '203.0.113.200')).toBeGreaterThan(0);
    expect(signIn('anna', '198.51.100.1')).toBe('attempt');
    at += 31 * 24 * 3_600_000;
    for (let count = 0; count < 6; count += 1) tryAs('anna', `203.0.113.${count}`);
    expect(signIn('anna', '198.51.100.1')).toBe('wait');
  });

  it('cannot lock a person out who shares an address with them', () => {
    signIn('anna', '198.51.100.1');
    for (let count = 0; count < 100; count += 1) tryAs(`name${count}`, '198.51.100.1');
    expect(tryAs('another', '198.51.100.1')).toBeGreaterThan(0);
    expect(signIn('anna', '198.51.100.1')).toBe('attempt');
  });

  it('do pause guesses at a known address, from there alone', () => {
    signIn('anna', '198.51.100.1');
    for (let count = 0; count < 6; count += 1) tryAs('anna', '198.51.100.1');
    expect(tryAs('anna', '198.51.100.1')).toBeGreaterThan(0);
    expect(tryAs('anna', '198.51.100.2')).toBe(0);
  });

  it('cannot make any pause longer than five minutes by waiting for a clock that is set back', () => {
    for (let count = 0; count < 6; count += 1) tryAs('anna');
    at -= 365 * 24 * 3_600_000;
    expect(tryAs('anna')).toBeLessThanOrEqual(300);
  });
});
