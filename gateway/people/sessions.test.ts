import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../store/index.ts';
import { peopleSteps } from './rows.ts';
import { csrfTokenOf, Sessions } from './sessions.ts';

const minute = 60_000;
let dir: string;
let store: Store<object>;
let at: number;
let sessions: Sessions;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-people-'));
  at = Date.parse('2026-11-23T12:00:00Z');
  store = openStore<object>(join(dir, 'people.sqlite'), peopleSteps);
  const insert = store.database.prepare("INSERT INTO person VALUES (?, '[]', 'x', NULL, 0, NULL, 1)");
  for (const name of ['anna', 'ben']) insert.run(name);
  sessions = new Sessions(store.database, () => new Date(at));
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true });
});

const begin = (person = 'anna') => sessions.begin(person, '192.0.2.1', 'browser');

describe('a session', () => {
  it('ends half an hour after its last use', () => {
    const secret = begin();
    for (let count = 0; count < 5; count += 1) {
      at += 29 * minute;
      expect(sessions.find(secret)?.person).toBe('anna');
    }
    at += 30 * minute;
    expect(sessions.find(secret)).toBeUndefined();
    expect(sessions.list('anna')).toEqual([]);
  });

  it('ends twelve hours after it began, however much it is used', () => {
    const secret = begin();
    for (let count = 0; count < 35; count += 1) {
      at += 20 * minute;
      expect(sessions.find(secret)).toBeDefined();
    }
    at += 20 * minute;
    expect(sessions.find(secret)).toBeUndefined();
  });

  it('is kept as a hash: the file opens none', () => {
    const secret = begin();
    store.database.pragma('wal_checkpoint(TRUNCATE)');
    const bytes = readFileSync(join(dir, 'people.sqlite')).toString('latin1');
    expect(bytes).toContain('browser');
    expect(bytes).not.toContain(secret);
    expect(bytes).not.toContain(csrfTokenOf(secret));
    expect(csrfTokenOf(secret)).not.toContain(secret);
  });

  it.each(['', 'x', 'a'.repeat(43), 'a'.repeat(1_000_000), `${'a'.repeat(42)}\n`, "' OR 1 --"])(
    'is opened by nothing else: %#',
    (secret) => {
      begin();
      expect(sessions.find(secret)).toBeUndefined();
    },
  );

  it('is not opened by the name it has in lists', () => {
    const secret = begin();
    const [session] = sessions.list('anna');
    expect(sessions.find(session?.id ?? '')).toBeUndefined();
    expect(JSON.stringify(sessions.list('anna'))).not.toContain(secret);
  });

  it('is ended by its person alone', () => {
    const secret = begin();
    const [session] = sessions.list('anna');
    expect(sessions.end('ben', session?.id ?? '')).toBe(false);
    expect(sessions.find(secret)).toBeDefined();
    expect(sessions.end('anna', session?.id ?? '')).toBe(true);
    expect(sessions.find(secret)).toBeUndefined();
  });

  it('is one of at most ten of a person: the one unused for longest gives way, never the newest', () => {
    const other = begin('ben');
    const secrets = Array.from({ length: 10 }, () => begin());
    at += 2 * minute;
    sessions.find(secrets[0] ?? '');
    const newest = begin();
    expect(sessions.list('anna')).toHaveLength(10);
    expect([newest, secrets[0], other].map((secret) => sessions.find(secret ?? '') !== undefined)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('ends with all others of its person, and with the person', () => {
    const [first, second, other] = [begin(), begin(), begin('ben')];
    sessions.endAll('anna');
    expect([first, second, other].map((secret) => sessions.find(secret) !== undefined)).toEqual([
      false,
      false,
      true,
    ]);
    store.database.prepare("DELETE FROM person WHERE name = 'ben'").run();
    expect(sessions.find(other)).toBeUndefined();
  });

  it('tells of the browser on one line of bounded length', () => {
    sessions.begin('anna', '192.0.2.1', `evil\r\nline\u2028\u202e${'x'.repeat(5000)}`);
    expect(sessions.list('anna')[0]?.userAgent).toMatch(/^evil\?\?line\?\?x{188}$/);
  });
});
