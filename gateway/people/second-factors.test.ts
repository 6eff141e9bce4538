import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../store/index.ts';
import { peopleSteps } from './rows.ts';
import { SecondFactors } from './second-factors.ts';
import { codeOf } from './testing/authenticator.ts';

let dir: string;
let store: Store<object>;
let at: Date;
let factors: SecondFactors;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-people-'));
  at = new Date('2026-11-23T12:00:00Z');
  store = openStore<object>(join(dir, 'people.sqlite'), peopleSteps);
  const insert = store.database.prepare("INSERT INTO person VALUES (?, '[]', 'x', NULL, 0, NULL, 1)");
  for (const name of ['anna', 'ben']) insert.run(name);
  factors = new SecondFactors(store.database, () => at, 'Waygate');
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true });
});
const wait = (seconds: number) => {
  at = new Date(at.getTime() + seconds * 1000);
};

describe('a second factor', () => {
  it('is in force when its first code was typed, which is spent then', () => {
    const { secret, recoveryCodes } = factors.begin('anna');
    expect(factors.spend('anna', codeOf(secret, at))).toBe(false);
    expect(factors.confirm('anna', recoveryCodes[0] ?? '')).toBe(false);
    expect(factors.confirm('anna', '000000')).toBe(false);
    expect([factors.isBegun('anna'), factors.isConfirmed('anna')]).toEqual([true, false]);
    const code = codeOf(secret, at);
    expect(factors.confirm('anna', code)).toBe(true);
    expect([factors.isBegun('anna'), factors.isConfirmed('anna')]).toEqual([false, true]);
    expect(factors.spend('anna', code)).toBe(false);
    expect(factors.confirm('anna', codeOf(secret, at))).toBe(false);
  });

  it('takes each code once: a replayed code is refused', () => {
    const { secret } = factors.begin('anna');
    factors.confirm('anna', codeOf(secret, at));
    wait(30);
    const code = codeOf(secret, at);
    expect(factors.spend('anna', code)).toBe(true);
    expect(factors.spend('anna', code)).toBe(false);
    wait(30);
    expect(factors.spend('anna', code)).toBe(false);
    expect(factors.spend('anna', codeOf(secret, at))).toBe(true);
  });

  it('takes each recovery code once, as it may be typed, from its person alone', () => {
    const { secret, recoveryCodes } = factors.begin('anna');
    factors.confirm('anna', codeOf(secret, at));
    const [first = '', second = ''] = recoveryCodes;
    expect(new Set(recoveryCodes).size).toBe(10);
    expect(first).toMatch(/^([a-z2-7]{4}-){3}[a-z2-7]{4}$/);
    const other = factors.begin('ben');
    factors.confirm('ben', codeOf(other.secret, at));
    expect(factors.spend('ben', first)).toBe(false);
    expect(factors.spend('anna', first)).toBe(true);
    expect(factors.spend('anna', first)).toBe(false);
    expect(factors.spend('anna', second.toUpperCase().replaceAll('-', ' '))).toBe(true);
    expect(factors.spend('anna', '')).toBe(false);
    expect(factors.recoveryCodesLeft('anna')).toBe(8);
  });

  it('keeps recovery codes as hashes', () => {
    const { recoveryCodes } = factors.begin('anna');
    store.database.pragma('wal_checkpoint(TRUNCATE)');
    const bytes = readFileSync(join(dir, 'people.sqlite')).toString('latin1');
    for (const code of recoveryCodes) {
      expect(bytes).not.toContain(code);
      expect(bytes).not.toContain(code.replaceAll('-', ''));
    }
  });

  it('begun anew takes nothing of the old one', () => {
    const old = factors.begin('anna');
    factors.confirm('anna', codeOf(old.secret, at));
    factors.begin('anna');
    wait(30);
    expect(factors.confirm('anna', codeOf(old.secret, at))).toBe(false);
    expect(factors.spend('anna', old.recoveryCodes[0] ?? '')).toBe(false);
  });

  it('goes with its recovery codes', () => {
    factors.begin('anna');
    expect(factors.remove('anna')).toBe(true);
    expect(factors.recoveryCodesLeft('anna')).toBe(0);
    expect(factors.remove('anna')).toBe(false);
  });
});
