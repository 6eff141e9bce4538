import type { OpenAPIHono } from '@hono/zod-openapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from './testing/authenticator.ts';
import { addUser, Browser, createPeopleApi, dataFolderKey } from './testing/browser.ts';
import { goodPassword, openTestPeople, otherPassword, type TestPeople } from './testing/people.ts';

let test: TestPeople;
let app: OpenAPIHono;
let reported: unknown[];
beforeEach(async () => {
  test = await openTestPeople();
  reported = [];
  app = createPeopleApi(test.people, (error) => reported.push(error));
  await addUser(app, 'anna', 'system-administrator', 'security-officer');
  await addUser(app, 'ben', 'observer');
});
afterEach(() => {
  expect(reported).toEqual([]);
  test.close();
});

async function signedIn(name: string): Promise<Browser> {
  const browser = new Browser(app);
  expect(await browser.signIn(name)).toMatchObject({ status: 204 });
  return browser;
}

describe('the cookie', () => {
  it('cookie flags: is out of reach for scripts, other sites, other hosts and clear text', async () => {
    const { headers } = await new Browser(app).signIn('anna');
    expect(headers.get('set-cookie')).toMatch(
      /^__Host-waygate-test-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
  });

  it('cookie flags: does without what needs https where there is none', async () => {
    const plain = await openTestPeople(false);
    await plain.add('anna', 'system-administrator');
    const { headers } = await new Browser(createPeopleApi(plain.people, () => undefined)).signIn('anna');
    expect(headers.get('set-cookie')).toMatch(
      /^waygate-test-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    plain.close();
  });

  it('session fixation: another’s identifier is never taken over, and signing in ends the session before', async () => {
    const browser = new Browser(app);
    const chosen = `__Host-waygate-test-session=${'a'.repeat(43)}`;
    browser.cookie = chosen;
    await browser.signIn('anna');
    const first = browser.cookie;
    expect(first).not.toBe(chosen);
    await browser.signIn('ben');
    expect(browser.cookie).not.toBe(first);
    const before = new Browser(app);
    before.cookie = first;
    expect((await before.ask('GET', '/api/v1/session')).status).toBe(401);
  });

  it('counts for nothing when there are two', async () => {
    const browser = await signedIn('anna');
    browser.cookie = `${browser.cookie}; __Host-waygate-test-session=${'a'.repeat(43)}`;
    expect((await browser.ask('GET', '/api/v1/session')).status).toBe(401);
  });
});

describe('a session', () => {
  it('says who it is, and is over when signed out', async () => {
    const browser = await signedIn('anna');
    const { json } = await browser.ask('GET', '/api/v1/session');
    expect(json).toMatchObject({ name: 'anna', roles: ['security-officer', 'system-administrator'] });
    expect(json).toMatchObject({ expiresAt: new Date(test.now().getTime() + 30 * 60_000).toISOString() });
    const { cookie } = browser;
    const { status, headers } = await browser.ask('DELETE', '/api/v1/session');
    expect([status, headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    browser.cookie = cookie;
    expect((await browser.ask('GET', '/api/v1/session')).status).toBe(401);
  });

  it('lists those of the same person alone, and ends them', async () => {
    const [first, second, other] = [await signedIn('anna'), await signedIn('anna'), await signedIn('ben')];
    const list = JSON.parse((await first.ask('GET', '/api/v1/sessions')).text) as {
      id: string;
      isCurrent: boolean;
    }[];
    expect(list.map(({ isCurrent }) => isCurrent).sort()).toEqual([false, true]);
    const rest = list.find(({ isCurrent }) => !isCurrent);
    const path = `/api/v1/sessions/${rest?.id}`;
    expect((await other.ask('DELETE', path)).code).toBe('session-not-found');
    expect((await first.ask('DELETE', path)).status).toBe(204);
    expect((await second.ask('GET', '/api/v1/session')).status).toBe(401);
  });

  it('goes on under another cookie when its person changes the password, and others end', async () => {
    const [browser, elsewhere] = [await signedIn('ben'), await signedIn('ben')];
    const { cookie } = browser;
    const change = (current: string) =>
      browser.ask('PUT', '/api/v1/session/password', { current, password: otherPassword });
    expect((await change('wrong')).code).toBe('sign-in-refused');
    expect((await change(goodPassword)).status).toBe(204);
    expect(browser.cookie).not.toBe(cookie);
    expect((await browser.ask('GET', '/api/v1/session')).status).toBe(200);
    expect((await elsewhere.ask('GET', '/api/v1/session')).status).toBe(401);
    expect((await new Browser(app).signIn('ben')).code).toBe('sign-in-refused');
    expect((await new Browser(app).signIn('ben', otherPassword)).status).toBe(204);
  });

  it('missing rate limit at sign-in: also the present password cannot be guessed with a stolen session', async () => {
    const browser = await signedIn('ben');
    const codes: (string | undefined)[] = [];
    for (let count = 0; count < 8; count += 1) {
      const body = { current: `guess ${count}`, password: otherPassword };
      codes.push((await browser.ask('PUT', '/api/v1/session/password', body)).code);
    }
    expect(codes.slice(5)).toEqual(Array(3).fill('sign-in-throttled'));
  });
});

describe('missing rate limit at sign-in', () => {
  it('there is one, and it says how long to wait', async () => {
    const browser = new Browser(app);
    for (let count = 0; count < 5; count += 1) await browser.signIn('nobody', 'wrong');
    const { status, code, headers } = await browser.signIn('nobody', 'wrong');
    expect([status, code, headers.get('retry-after')]).toEqual([429, 'sign-in-throttled', '1']);
  });
});

describe('user enumeration', () => {
  it('the whole answer is the same for a wrong password and an unknown name', async () => {
    const wrong = await new Browser(app).signIn('anna', 'wrong');
    const unknown = await new Browser(app).signIn('nobody', 'wrong');
    expect([unknown.status, unknown.text, [...unknown.headers]]).toEqual([
      wrong.status,
      wrong.text,
      [...wrong.headers],
    ]);
  });
});

describe('over-long strings', () => {
  it.each<[string, string, unknown]>([
    ['POST', '/api/v1/session', { name: 'x'.repeat(201), password: 'x' }],
    ['POST', '/api/v1/session', { name: 'anna', password: 'x'.repeat(2049) }],
    ['POST', '/api/v1/session', { name: 'anna', password: 'x', code: '1'.repeat(41) }],
    ['POST', '/api/v1/users', { name: 'x'.repeat(201), password: goodPassword, roles: ['observer'] }],
    ['POST', '/api/v1/users', { name: 'x', password: goodPassword, roles: Array(50).fill('observer') }],
    [
      'POST',
      '/api/v1/api-keys',
      { label: 'x'.repeat(101), roles: ['observer'], expiresAt: '2026-12-01T00:00:00Z' },
    ],
    ['PUT', `/api/v1/users/${'x'.repeat(201)}`, { roles: ['observer'] }],
  ])('are refused: %s %s %#', async (method, path, body) => {
    const browser = await signedIn('anna');
    expect(await browser.ask(method, path, body)).toMatchObject({ status: 422, code: 'invalid-fields' });
  });
});

describe('log injection in names', () => {
  it.each(['a\nb', 'a\u2028b', 'a\u202eb', '<script>', 'a"b', 'аnna'])('is refused: %j', async (name) => {
    const browser = await signedIn('anna');
    const user = { name, password: goodPassword, roles: ['observer'] };
    expect((await browser.ask('POST', '/api/v1/users', user)).code).toBe('name-unfit');
    const key = { label: `x\u2028${name}`, roles: ['security-officer'], expiresAt: '2026-12-01T00:00:00Z' };
    expect((await browser.ask('POST', '/api/v1/api-keys', key)).code).toBe('invalid-fields');
  });
});

describe('users', () => {
  it('are made, changed and removed by system administrators', async () => {
    const browser = await signedIn('anna');
    const made = await browser.ask('POST', '/api/v1/users', {
      ...{ name: 'Carl', password: goodPassword, roles: ['auditor', 'observer', 'auditor'] },
    });
    expect(made).toMatchObject({ status: 201, json: { name: 'carl', roles: ['observer', 'auditor'] } });
    expect(made.headers.get('location')).toBe('/api/v1/users/carl');
    const shown = await browser.ask('GET', '/api/v1/users/carl');
    const etag = shown.headers.get('etag') ?? '';
    const roles = { roles: ['registration-officer'] };
    expect((await browser.ask('PUT', '/api/v1/users/carl', roles)).code).toBe('precondition-required');
    expect((await browser.ask('PUT', '/api/v1/users/carl', roles, { 'if-match': etag })).status).toBe(200);
    expect((await browser.ask('PUT', '/api/v1/users/carl', roles, { 'if-match': etag })).code).toBe(
      'changed-meanwhile',
    );
    const list = JSON.parse((await browser.ask('GET', '/api/v1/users')).text) as { name: string }[];
    expect(list.map(({ name }) => name)).toEqual(['anna', 'ben', 'carl']);
    expect((await browser.ask('DELETE', '/api/v1/users/carl')).status).toBe(204);
    expect((await browser.ask('GET', '/api/v1/users/carl')).code).toBe('user-not-found');
    expect((await browser.ask('DELETE', '/api/v1/users/anna')).code).toBe('last-system-administrator');
  });

  it('are listed page by page, and found by name and role', async () => {
    const browser = await signedIn('anna');
    const first = await browser.ask('GET', '/api/v1/users?limit=1');
    const next = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await browser.ask('GET', next);
    expect([first, second].map(({ text }) => JSON.parse(text))).toMatchObject([
      [{ name: 'anna' }],
      [{ name: 'ben' }],
    ]);
    expect(second.headers.get('link')).toBeNull();
    expect(JSON.parse((await browser.ask('GET', '/api/v1/users?q=OBSERV')).text)).toMatchObject([
      { name: 'ben' },
    ]);
  });

  it('are out of reach for others', async () => {
    const browser = await signedIn('ben');
    for (const [method, path] of [
      ['GET', '/api/v1/users'],
      ['GET', '/api/v1/users/ben'],
      ['DELETE', '/api/v1/users/anna'],
      ['GET', '/api/v1/sign-in-settings'],
    ] as const) {
      expect(await browser.ask(method, path)).toMatchObject({ status: 403, code: 'role-missing' });
    }
    const mine = { password: otherPassword };
    expect((await browser.ask('PUT', '/api/v1/users/ben/password', mine)).code).toBe('role-missing');
  });

  it('secrets in answers: no answer holds a password, a record of one, or a secret of a session', async () => {
    const browser = await signedIn('anna');
    const texts: string[] = [];
    for (const path of [
      '/api/v1/users',
      '/api/v1/users/ben',
      '/api/v1/session',
      '/api/v1/sessions',
      '/api/v1/api-keys',
    ]) {
      texts.push((await browser.ask('GET', path)).text);
    }
    texts.push((await browser.signIn('anna', 'a wrong password')).text);
    texts.push(
      (await browser.ask('POST', '/api/v1/users', { name: 'x', password: 'too short', roles: ['observer'] }))
        .text,
    );
    texts.push(JSON.stringify(test.events));
    const secret = browser.cookie?.split('=')[1] ?? '';
    for (const hidden of [goodPassword, 'scrypt', secret, 'a wrong password', 'too short']) {
      expect(texts.join('\n')).not.toContain(hidden);
    }
  });
});

describe('one’s own second factor', () => {
  const path = '/api/v1/users/ben/second-factor';

  it('is begun with the password, confirmed with a code, and asked for from then on', async () => {
    const browser = await signedIn('ben');
    expect((await browser.ask('POST', path, { password: 'wrong' })).code).toBe('sign-in-refused');
    const { json } = await browser.ask('POST', path, { password: goodPassword });
    expect((await browser.ask('PUT', path, { code: '000000' })).code).toBe('code-wrong');
    const { cookie } = browser;
    const code = codeOf(String(json['secret']), test.now());
    expect((await browser.ask('PUT', path, { code })).status).toBe(204);
    expect(browser.cookie).not.toBe(cookie);
    await browser.refresh();
    expect((await browser.ask('GET', '/api/v1/session')).json).toMatchObject({
      hasSecondFactor: true,
      recoveryCodesLeft: 10,
    });
    const next = new Browser(app);
    expect((await next.signIn('ben')).code).toBe('second-factor-needed');
    expect((await next.signIn('ben', goodPassword, code)).code).toBe('sign-in-refused');
    test.wait(30);
    expect((await next.signIn('ben', goodPassword, codeOf(String(json['secret']), test.now()))).status).toBe(
      204,
    );
    expect((await next.ask('DELETE', path)).code).toBe('password-needed');
    expect((await next.ask('DELETE', path, { password: 'wrong' })).code).toBe('sign-in-refused');
    expect((await next.ask('DELETE', path, { password: goodPassword })).status).toBe(204);
  });

  it('is nobody else’s to make, and a system administrator’s to remove', async () => {
    const administrator = await signedIn('anna');
    expect((await administrator.ask('POST', path, { password: goodPassword })).code).toBe('own-only');
    expect((await administrator.ask('DELETE', path)).code).toBe('second-factor-not-found');
    expect((await administrator.ask('DELETE', '/api/v1/users/anna/second-factor')).code).toBe(
      'password-needed',
    );
    const other = await signedIn('ben');
    expect(
      (await other.ask('DELETE', '/api/v1/users/anna/second-factor', { password: goodPassword })).code,
    ).toBe('own-only');
  });

  it('where demanded, is made at the door', async () => {
    const administrator = await signedIn('anna');
    const roles = { secondFactorRoles: ['observer'] };
    const path = '/api/v1/sign-in-settings';
    const etag = (await administrator.ask('GET', path)).headers.get('etag') ?? '*';
    expect((await administrator.ask('PUT', path, roles, { 'if-match': etag })).json).toEqual(roles);
    const browser = new Browser(app);
    expect((await browser.signIn('ben')).code).toBe('second-factor-setup-needed');
    const credentials = { name: 'ben', password: goodPassword };
    const { json } = await browser.ask('POST', '/api/v1/session/second-factor', credentials);
    const code = codeOf(String(json['secret']), test.now());
    expect((await browser.signIn('ben', goodPassword, code)).status).toBe(204);
    expect((await browser.ask('GET', '/api/v1/session')).json).toMatchObject({ hasSecondFactor: true });
  });
});

describe('API keys', () => {
  const wanted = { label: 'monitoring', roles: ['security-officer'], expiresAt: '2026-12-01T00:00:00Z' };

  it('are shown once, open what they may, and are revoked at once', async () => {
    const browser = await signedIn('anna');
    const { status, json } = await browser.ask('POST', '/api/v1/api-keys', wanted);
    expect([status, json['key']]).toEqual([201, expect.stringMatching(/^wg_\d+_[\w-]{43}$/)]);
    const program = new Browser(app);
    const bearer = { authorization: `Bearer ${json['key']}` };
    expect((await program.ask('GET', '/api/v1/session', undefined, bearer)).json).toEqual({
      ...{ name: `key:${json['id']}`, kind: 'key', roles: ['security-officer'] },
    });
    expect((await program.ask('GET', '/api/v1/users', undefined, bearer)).code).toBe('role-missing');
    expect((await program.ask('DELETE', '/api/v1/session', undefined, bearer)).code).toBe('no-session');
    expect((await browser.ask('GET', '/api/v1/api-keys')).text).not.toContain(String(json['key']).slice(-43));
    expect((await browser.ask('DELETE', `/api/v1/api-keys/${json['id']}`)).status).toBe(204);
    expect((await program.ask('GET', '/api/v1/session', undefined, bearer)).status).toBe(401);
  });

  it('API key gaining roles: makes neither users nor keys, whatever its roles', async () => {
    const browser = await signedIn('anna');
    const { json } = await browser.ask('POST', '/api/v1/api-keys', {
      ...wanted,
      roles: ['system-administrator'],
    });
    const bearer = { authorization: `Bearer ${json['key']}` };
    const program = new Browser(app);
    const user = { name: 'mallory', password: goodPassword, roles: ['system-administrator'] };
    const roles = { ...bearer, 'if-match': '"1"' };
    const password = { password: otherPassword };
    const answers = [
      await program.ask('POST', '/api/v1/users', user, bearer),
      await program.ask('PUT', '/api/v1/users/ben', { roles: ['auditor'] }, roles),
      await program.ask('DELETE', '/api/v1/users/ben', undefined, bearer),
      await program.ask('PUT', '/api/v1/users/anna/password', password, bearer),
      await program.ask('DELETE', '/api/v1/users/anna/second-factor', undefined, bearer),
      await program.ask('PUT', '/api/v1/sign-in-settings', { secondFactorRoles: [] }, bearer),
      await program.ask('POST', '/api/v1/api-keys', wanted, bearer),
    ];
    expect(answers.map(({ code }) => code)).toEqual(Array(7).fill('not-by-key'));
  });

  it('may be made by everybody for themselves, and not beyond', async () => {
    const browser = await signedIn('ben');
    expect((await browser.ask('POST', '/api/v1/api-keys', wanted)).code).toBe('role-exceeds-yours');
    expect((await browser.ask('POST', '/api/v1/api-keys', { ...wanted, roles: ['observer'] })).status).toBe(
      201,
    );
  });
});

describe('the key of the data folder', () => {
  it('has no session and does what the command line asks', async () => {
    const bearer = { authorization: `Bearer ${dataFolderKey}` };
    const browser = new Browser(app);
    expect((await browser.ask('GET', '/api/v1/session', undefined, bearer)).json).toMatchObject({
      kind: 'file-key',
    });
    const password = { password: otherPassword };
    expect((await browser.ask('PUT', '/api/v1/users/ben/password', password, bearer)).status).toBe(204);
    expect((await browser.ask('DELETE', '/api/v1/users/ben', undefined, bearer)).status).toBe(204);
  });
});
