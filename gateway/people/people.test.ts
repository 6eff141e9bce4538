import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../http/index.ts';
import { codeOf } from './testing/authenticator.ts';
import {
  fileKey,
  goodPassword,
  openTestPeople,
  origin,
  otherPassword,
  refusalOf,
  type TestPeople,
} from './testing/people.ts';

let test: TestPeople;
beforeEach(async () => {
  test = await openTestPeople();
});
afterEach(() => test.close());

const asUser = (
  name: string,
  ...roles: Principal['roles'] extends ReadonlySet<infer R> ? R[] : never
): Principal => ({
  id: `user:${name}`,
  kind: 'user',
  roles: new Set(roles),
});

describe('the first person', () => {
  it('is one: of a hundred at once, one is made', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        test.people.createFirst({ name: `anna${index}`, password: goodPassword }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(test.people.users.list()).toHaveLength(1);
    expect(test.people.users.list()[0]?.roles).toEqual(['system-administrator']);
  });

  it('replayed initialisation: is made only while there is nobody', async () => {
    expect(test.people.isEmpty()).toBe(true);
    await test.people.createFirst({ name: 'anna', password: goodPassword });
    expect(test.people.isEmpty()).toBe(false);
    const again = test.people.createFirst({ name: 'mallory', password: goodPassword });
    expect(await refusalOf(again)).toMatchObject({ status: 409, code: 'not-first' });
  });

  it('must have a good password, and a plain name', async () => {
    const first = (name: string, password: string) => refusalOf(test.people.createFirst({ name, password }));
    expect((await first('anna', 'short')).code).toBe('password-length');
    for (const name of [
      '',
      'a b',
      '-x',
      'anna\n',
      'аnna',
      `a${'b'.repeat(64)}`,
      'x'.repeat(1_000_000),
      '<b>',
      '../x',
    ]) {
      expect((await first(name, goodPassword)).code).toBe('name-unfit');
    }
  });
});

describe('signing in', () => {
  beforeEach(() => test.add('anna', 'system-administrator'));

  it('user enumeration: costs the same work and says the same for a wrong password and an unknown name', async () => {
    const people = test.people.signIn;
    const outcome = async (name: string, password: string) => {
      const before = test.hasher.count;
      const { status, code, message } = await refusalOf(people.withPassword({ name, password }, origin));
      return { status, code, message, hashes: test.hasher.count - before };
    };
    test.people.signIn.external(
      { issuer: 'https://idp.example', subject: '1', name: 'olga', roles: ['observer'] },
      origin,
    );
    const wrong = await outcome('anna', otherPassword);
    expect(wrong).toMatchObject({ status: 401, code: 'sign-in-refused', hashes: 1 });
    expect(await outcome('nobody', otherPassword)).toEqual(wrong);
    expect(await outcome('no name at all!', otherPassword)).toEqual(wrong);
    // Who signs in elsewhere has no password.
    expect(await outcome('olga', otherPassword)).toEqual(wrong);
  });

  it('pauses alike for known and unknown names, unseen: also the right password waits', async () => {
    const fail = (name: string) =>
      refusalOf(test.people.signIn.withPassword({ name, password: 'wrong' }, origin));
    for (const name of ['anna', 'nobody']) {
      for (let count = 0; count < 5; count += 1) expect((await fail(name)).code).toBe('sign-in-refused');
      expect(await fail(name)).toMatchObject({ status: 429, code: 'sign-in-throttled' });
    }
    const before = test.hasher.count;
    for (let count = 0; count < 50; count += 1) {
      expect((await refusalOf(test.signIn('anna'))).code).toBe('sign-in-throttled');
    }
    expect(test.hasher.count).toBe(before);
    // Once for each pause: what is refused unseen must not fill the audit log.
    const told = test.events.filter(({ code }) => code === 'sign-in-throttled');
    expect(told.map(({ target }) => target)).toEqual(['user:anna', 'unknown user']);
    test.wait(2);
    expect(await test.principal(await test.signIn('anna'))).toMatchObject({ id: 'user:anna' });
  });

  it('session fixation: gives a secret that was never seen before, at each time', async () => {
    const secrets = [await test.signIn('anna'), await test.signIn('anna')];
    expect(new Set(secrets).size).toBe(2);
    expect(secrets[0]).toMatch(/^[\w-]{43}$/);
    expect(await test.principal('a'.repeat(43))).toBeUndefined();
  });

  it('takes a password in either form of its letters, and the name in capitals', async () => {
    await test.people.users.create(fileKey, {
      name: 'ben',
      password: 'öl in four words',
      roles: ['observer'],
    });
    const credentials = { name: 'BEN', password: 'o\u0308l in four words' };
    expect(await test.people.signIn.withPassword(credentials, origin)).toMatch(/^[\w-]{43}$/);
  });

  it('is written down, with neither passwords nor what was typed as an unknown name', async () => {
    await refusalOf(
      test.people.signIn.withPassword({ name: 'my secret password', password: 'w0rd' }, origin),
    );
    await refusalOf(test.people.signIn.withPassword({ name: 'anna', password: 'w0rd' }, origin));
    const secret = await test.signIn('anna');
    expect(test.events.slice(-3)).toMatchObject([
      {
        actor: 'anonymous',
        action: 'session.begin',
        target: 'unknown user',
        outcome: 'refused',
        code: 'wrong-password',
      },
      { actor: 'anonymous', action: 'session.begin', target: 'user:anna', outcome: 'refused' },
      { actor: 'user:anna', action: 'session.begin', target: 'user:anna', outcome: 'done' },
    ]);
    const text = JSON.stringify(test.events);
    for (const word of ['my secret', 'w0rd', goodPassword, secret, '$scrypt'])
      expect(text).not.toContain(word);
  });

  it('does not happen when it cannot be written down', async () => {
    test.breakJournal();
    await expect(test.signIn('anna')).rejects.toThrow('disk');
    expect(test.people.sessions.list('anna')).toEqual([]);
  });
});

describe('a second factor', () => {
  const enrol = async (name: string) => {
    const made = test.people.users.beginSecondFactor(asUser(name), name);
    test.people.users.confirmSecondFactor(asUser(name), name, codeOf(made.secret, test.now()));
    test.wait(30);
    return made;
  };
  beforeEach(() => test.add('anna', 'system-administrator'));

  it('is asked for when the password was right, and a replayed code is refused', async () => {
    const { secret, recoveryCodes } = await enrol('anna');
    expect(await refusalOf(test.signIn('anna'))).toMatchObject({ status: 401, code: 'second-factor-needed' });
    const code = codeOf(secret, test.now());
    await test.signIn('anna', code);
    expect(await refusalOf(test.signIn('anna', code))).toMatchObject({
      status: 401,
      code: 'sign-in-refused',
    });
    await test.signIn('anna', recoveryCodes[3]);
    expect((await refusalOf(test.signIn('anna', recoveryCodes[3]))).code).toBe('sign-in-refused');
  });

  it('cannot be guessed for long by who has the password, who does not win time by asking without a code', async () => {
    await enrol('anna');
    const codes: string[] = [];
    for (let count = 0; count < 10; count += 1) {
      codes.push((await refusalOf(test.signIn('anna', '000000'))).code);
      await refusalOf(test.signIn('anna'));
    }
    expect(codes.slice(5)).toEqual(Array(5).fill('sign-in-throttled'));
  });

  it('where a role demands it, is made before the first session, with password and first code', async () => {
    const session = await test.signIn('anna');
    test.people.users.setSecondFactorRoles(fileKey, ['system-administrator']);
    expect(await test.principal(session)).toBeUndefined();
    expect((await refusalOf(test.signIn('anna'))).code).toBe('second-factor-setup-needed');
    expect((await refusalOf(test.signIn('anna', '000000'))).code).toBe('second-factor-setup-needed');
    const wrong = { name: 'anna', password: otherPassword };
    expect((await refusalOf(test.people.signIn.beginSecondFactor(wrong, origin))).code).toBe(
      'sign-in-refused',
    );
    const made = await test.people.signIn.beginSecondFactor({ name: 'anna', password: goodPassword }, origin);
    expect((await refusalOf(test.signIn('anna'))).code).toBe('second-factor-setup-needed');
    expect((await refusalOf(test.signIn('anna', '000000'))).code).toBe('sign-in-refused');
    const secret = await test.signIn('anna', codeOf(made.secret, test.now()));
    expect(await test.principal(secret)).toMatchObject({ id: 'user:anna' });
    const again = test.people.signIn.beginSecondFactor({ name: 'anna', password: goodPassword }, origin);
    expect((await refusalOf(again)).code).toBe('second-factor-not-needed');
  });

  it('is not replaced by who has a session alone: it must be removed first', async () => {
    await enrol('anna');
    expect(() => test.people.users.beginSecondFactor(asUser('anna'), 'anna')).toThrow(
      expect.objectContaining({ status: 409, code: 'second-factor-exists' }),
    );
  });
});

describe('all sessions of a person end when', () => {
  it.each<[string, (test: TestPeople) => unknown]>([
    ['the password changes', ({ people }) => people.users.setPassword(fileKey, 'ben', otherPassword)],
    ['the roles change', ({ people }) => people.users.setRoles(fileKey, 'ben', ['auditor'])],
    [
      'a second factor is made',
      ({ people, now }) => {
        const { secret } = people.users.beginSecondFactor(fileKey, 'ben');
        people.users.confirmSecondFactor(fileKey, 'ben', codeOf(secret, now()));
      },
    ],
    ['the person is removed', ({ people }) => people.users.remove(fileKey, 'ben')],
  ])('%s', async (_, change) => {
    await test.add('anna', 'system-administrator');
    await test.add('ben', 'observer');
    const [first, second, other] = [
      await test.signIn('ben'),
      await test.signIn('ben'),
      await test.signIn('anna'),
    ];
    expect(await test.principal(first)).toMatchObject({ id: 'user:ben' });
    await change(test);
    expect(await test.principal(first)).toBeUndefined();
    expect(await test.principal(second)).toBeUndefined();
    expect(await test.principal(other)).toMatchObject({ id: 'user:anna' });
  });
});

describe('the last system administrator', () => {
  it('can be neither removed nor demoted, also not by two who do it to each other at once', async () => {
    await test.add('anna', 'system-administrator');
    await test.add('ben', 'system-administrator');
    const { users } = test.people;
    const results = await Promise.allSettled([
      Promise.resolve().then(() => users.remove(asUser('anna'), 'ben')),
      Promise.resolve().then(() => users.setRoles(asUser('ben'), 'anna', ['observer'])),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refusal = expect.objectContaining({ status: 409, code: 'last-system-administrator' });
    expect(() => users.remove(fileKey, 'anna')).toThrow(refusal);
    expect(() => users.setRoles(fileKey, 'anna', ['observer'])).toThrow(refusal);
    users.setRoles(fileKey, 'anna', ['observer', 'system-administrator']);
  });

  it('is not one whom another system signs in, and may take away', async () => {
    await test.add('anna', 'system-administrator');
    const external = { issuer: 'https://idp.example', subject: '7', name: 'olga' };
    test.people.signIn.external({ ...external, roles: ['system-administrator'] }, origin);
    expect(() => test.people.users.remove(fileKey, 'anna')).toThrow(
      expect.objectContaining({ code: 'last-system-administrator' }),
    );
  });
});

describe('whom another system signs in', () => {
  const external = { issuer: 'https://idp.example', subject: '7', name: 'olga' };

  it('is known by issuer and subject: nobody takes over a name that is there', async () => {
    await test.add('olga', 'system-administrator');
    const taken = () => test.people.signIn.external({ ...external, roles: ['observer'] }, origin);
    expect(taken).toThrow(expect.objectContaining({ status: 409, code: 'user-exists' }));
    expect(test.events.at(-1)).toMatchObject({
      target: 'unknown user',
      outcome: 'refused',
      code: 'user-exists',
    });
    const mine = { ...external, name: 'olga2', roles: ['observer'] as const };
    test.people.signIn.external(mine, origin);
    const other = () => test.people.signIn.external({ ...mine, subject: '8' }, origin);
    expect(other).toThrow(expect.objectContaining({ code: 'user-exists' }));
  });

  it('has the roles that are said at each time, and none is no way in', async () => {
    const secret = test.people.signIn.external({ ...external, roles: ['security-officer'] }, origin);
    const next = test.people.signIn.external({ ...external, name: 'renamed', roles: ['observer'] }, origin);
    expect(await test.principal(secret)).toBeUndefined();
    expect(await test.principal(next)).toMatchObject({ id: 'user:olga', roles: new Set(['observer']) });
    expect(() => test.people.signIn.external({ ...external, roles: [] }, origin)).toThrow(
      expect.objectContaining({ status: 403, code: 'no-role-mapped' }),
    );
    // Nor do sessions of before stay: the last role was taken away.
    expect(await test.principal(next)).toBeUndefined();
    expect(test.people.users.get('olga').roles).toEqual([]);
    expect(test.events.at(-1)).toMatchObject({
      action: 'session.begin',
      outcome: 'refused',
      code: 'no-role-mapped',
    });
  });

  it('has neither password nor roles that are set here', () => {
    test.people.signIn.external({ ...external, roles: ['observer'] }, origin);
    expect(() => test.people.users.setRoles(fileKey, 'olga', ['auditor'])).toThrow(
      expect.objectContaining({ code: 'roles-from-elsewhere' }),
    );
    expect(() => test.people.users.beginSecondFactor(fileKey, 'olga')).toThrow(
      expect.objectContaining({ code: 'no-password' }),
    );
  });
});

describe('what is kept', () => {
  it('is readable by its owner alone, and holds no password', async () => {
    await test.add('anna', 'system-administrator');
    const secret = await test.signIn('anna');
    const path = join(test.dir, 'data', 'people.sqlite');
    for (const end of ['', '-wal', '-shm']) expect(statSync(`${path}${end}`).mode & 0o077).toBe(0);
    const bytes = readFileSync(path).toString('latin1') + readFileSync(`${path}-wal`).toString('latin1');
    expect(bytes).toContain('$scrypt$');
    for (const hidden of [goodPassword, secret]) expect(bytes).not.toContain(hidden);
  });
});
