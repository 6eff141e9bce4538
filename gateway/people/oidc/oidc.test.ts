import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPeopleApi } from '../testing/browser.ts';
import { clientSecret, type IdentityProvider, startIdentityProvider } from '../testing/identity-provider.ts';
import { openTestPeople, type TestPeople } from '../testing/people.ts';
import { callbackPath, OidcSignIn } from './oidc-sign-in.ts';
import { oidcSettingsSchema } from './settings.ts';

const adminUrl = 'https://admin.example';
const anna = { sub: '17', preferred_username: 'anna', groups: ['guards', 'staff'] };

let test: TestPeople;
let provider: IdentityProvider;
let app: OpenAPIHono;
let reported: unknown[];
beforeEach(async () => {
  test = await openTestPeople();
  reported = [];
  provider = await startIdentityProvider(`${adminUrl}${callbackPath}`);
  provider.person = anna;
  app = await appWith({});
});
afterEach(async () => {
  await provider.close();
  test.close();
});

async function appWith(settings: object): Promise<OpenAPIHono> {
  const clientSecretFile = join(test.dir, 'client-secret');
  writeFileSync(clientSecretFile, `${clientSecret}\n`);
  const oidc = await OidcSignIn.open({
    settings: oidcSettingsSchema.parse({
      ...{ issuer: provider.issuer, clientId: 'waygate', clientSecretFile, rolesClaim: 'groups' },
      roleMapping: { guards: ['security-officer'], admins: ['system-administrator'] },
      ...settings,
    }),
    ...{ adminUrl, now: test.now, report: (error) => reported.push(error) },
  });
  return createPeopleApi(test.people, (error) => reported.push(error), oidc);
}

const begin = async (path = '/sign-in/oidc') => {
  const response = await app.request(path);
  const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  return { response, cookie, location: response.headers.get('location') ?? '' };
};
const finish = async (back: URL, cookie: string) => {
  const response = await app.request(`${back.pathname}${back.search}`, { headers: { cookie } });
  const set = response.headers.getSetCookie();
  const session = set.find((one) => one.startsWith('__Host-waygate-test-session='))?.split(';')[0];
  return { status: response.status, text: await response.text(), set, session, headers: response.headers };
};
const whoIs = (cookie = '') =>
  test.people.authenticate({ headers: new Headers({ cookie }), address: '192.0.2.1' });

describe('signing in with an identity provider', () => {
  it('sends the browser there with PKCE, state and nonce, in a short cookie of this browser', async () => {
    const { response, location } = await begin();
    expect(response.status).toBe(302);
    const { searchParams } = new URL(location);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      ...{ response_type: 'code', code_challenge_method: 'S256', scope: 'openid profile' },
      redirect_uri: `${adminUrl}${callbackPath}`,
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(searchParams.get(name)).toMatch(/^[\w-]{43}$/);
    }
    const set = response.headers.get('set-cookie');
    expect(set).toMatch(
      /^__Host-waygate-oidc=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect(location).not.toContain(clientSecret);
  });

  it('gives a session with the roles that are mapped, and goes on where it began', async () => {
    const { cookie, location } = await begin('/sign-in/oidc?return=/members?tab=2');
    const { status, text, session, set, headers } = await finish(await provider.visit(location), cookie);
    expect([status, reported]).toEqual([200, []]);
    expect(text).toContain('content="0; url=/members?tab=2"');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(set.find((one) => one.startsWith('__Host-waygate-oidc='))).toContain('Max-Age=0');
    expect(set.find((one) => one.includes('-session='))).toContain('SameSite=Strict; Secure');
    expect(await whoIs(session)).toMatchObject({ id: 'user:anna', roles: new Set(['security-officer']) });
    expect(test.people.users.get('anna')).toMatchObject({ signsInWith: 'oidc' });
    const text2 = JSON.stringify(test.events);
    expect(text2).toContain('session.begin');
    expect(text2).not.toContain(clientSecret);
  });

  it('open redirect at sign-in: goes nowhere else', async () => {
    const { cookie, location } = await begin('/sign-in/oidc?return=//evil.example');
    const { text } = await finish(await provider.visit(location), cookie);
    expect(text).toContain('content="0; url=/"');
    expect(text).not.toContain('evil');
  });

  it('refuses who has no mapped role, with a page that says so', async () => {
    provider.person = { ...anna, groups: ['staff'] };
    const { cookie, location } = await begin();
    const { status, text, session } = await finish(await provider.visit(location), cookie);
    expect([status, session]).toEqual([403, undefined]);
    expect(text).toContain('no-role-mapped');
    expect(test.people.users.list()).toEqual([]);
  });

  it('takes a role away that is mapped no more, with the sessions', async () => {
    const first = await begin();
    const { session } = await finish(await provider.visit(first.location), first.cookie);
    provider.person = { ...anna, groups: ['admins'] };
    const second = await begin();
    const next = await finish(await provider.visit(second.location), second.cookie);
    expect(await whoIs(session)).toBeUndefined();
    expect((await whoIs(next.session))?.roles).toEqual(new Set(['system-administrator']));
  });

  it.each(['<script>alert(1)</script>', 'a b', 'root\n'])(
    'refuses a name that is not plain: %j',
    async (name) => {
      provider.person = { ...anna, preferred_username: name };
      const { cookie, location } = await begin();
      const { status, text } = await finish(await provider.visit(location), cookie);
      expect([status, text.includes('name-unfit'), text.includes('<script>')]).toEqual([422, true, false]);
    },
  );
});

describe('an answer of an identity provider is refused', () => {
  const refused = async (back: URL, cookie: string, code: string) => {
    const { status, text, session } = await finish(back, cookie);
    expect([status, session]).toEqual([401, undefined]);
    expect(text).toContain(code);
  };

  it('in a browser that did not begin (a sign-in forced on somebody)', async () => {
    const { location } = await begin();
    await refused(await provider.visit(location), '', 'oidc-not-begun');
  });

  it('when it belongs to another beginning', async () => {
    const [first, second] = [await begin(), await begin()];
    await refused(await provider.visit(first.location), second.cookie, 'oidc-refused');
  });

  it('when it was used before: a replayed code', async () => {
    const { cookie, location } = await begin();
    const back = await provider.visit(location);
    expect((await finish(back, cookie)).status).toBe(200);
    await refused(back, cookie, 'oidc-refused');
  });

  it('after ten minutes, or when the cookie was altered', async () => {
    const { cookie, location } = await begin();
    const back = await provider.visit(location);
    await refused(
      back,
      cookie.replace(/=(.)/, (_, first) => `=${first === 'A' ? 'B' : 'A'}`),
      'oidc-not-begun',
    );
    await refused(back, `${cookie}.x`, 'oidc-not-begun');
    test.wait(601);
    await refused(back, cookie, 'oidc-not-begun');
  });

  it('when state, code or issuer were altered, or an error came; and it is written down', async () => {
    for (const [name, value] of [
      ['state', 'x'.repeat(43)],
      ['code', 'x'.repeat(43)],
      ['iss', 'https://evil.example'],
      ['error', 'access_denied'],
    ] as const) {
      const { cookie, location } = await begin();
      const back = await provider.visit(location);
      back.searchParams.set(name, value);
      await refused(back, cookie, 'oidc-refused');
    }
    expect(test.events.at(-1)).toMatchObject({
      action: 'session.begin',
      outcome: 'refused',
      code: 'oidc-refused',
    });
    const { cookie, location } = await begin();
    const back = await provider.visit(location);
    back.searchParams.set('x', 'x'.repeat(9_000));
    await refused(back, cookie, 'oidc-refused');
  });
});

describe('an identity provider that does not answer', () => {
  it('stops neither the program nor signing in with a password', async () => {
    await provider.close();
    await test.add('ben', 'observer');
    const { response } = await begin();
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('identity-provider-failed');
    expect((await app.request('/api/v1/sign-in-methods')).status).toBe(200);
    expect(await test.signIn('ben')).toMatch(/^[\w-]{43}$/);
    provider = await startIdentityProvider(`${adminUrl}${callbackPath}`);
  });

  it('is asked again, and needs no restart', async () => {
    await provider.close();
    expect((await begin()).response.status).toBe(503);
    provider = await startIdentityProvider(
      `${adminUrl}${callbackPath}`,
      Number(new URL(provider.issuer).port),
    );
    expect((await begin()).response.status).toBe(302);
  });
});

it('signing in elsewhere needs an address to come back to, which no request names', async () => {
  const settings = oidcSettingsSchema.parse({
    ...{ issuer: provider.issuer, clientId: 'waygate', rolesClaim: 'groups', roleMapping: {} },
  });
  const options = { settings, adminUrl: undefined, now: test.now, report: () => undefined };
  await expect(OidcSignIn.open(options)).rejects.toThrow('adminUrl');
});
