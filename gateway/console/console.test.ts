import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../people/testing/authenticator.ts';
import { addUser, createPeopleApi } from '../people/testing/browser.ts';
import { goodPassword, openTestPeople, type TestPeople } from '../people/testing/people.ts';
import { createTestConsole, Visitor } from './testing/visitor.ts';

describe('a console', () => {
  let world: TestPeople;
  let visitor: Visitor;
  let faults: unknown[];

  beforeEach(async () => {
    world = await openTestPeople();
    faults = [];
    const api = createPeopleApi(world.people, (error) => faults.push(error));
    await addUser(api, 'anna', 'system-administrator', 'auditor');
    await addUser(api, 'otto', 'observer');
    visitor = new Visitor(createTestConsole((request, env) => api.fetch(request, env as object), faults));
  });

  afterEach(() => {
    world.close();
    expect(faults).toEqual([]);
  });

  const signIn = (name = 'anna', more: Record<string, string> = {}) =>
    visitor.post('/sign-in', { name, password: goodPassword, ...more });

  it('leads strangers to sign-in, and back to the page they wanted', async () => {
    expect((await visitor.get('/people?x=1')).location).toBe('/sign-in?next=%2Fpeople%3Fx%3D1');
    const form = await visitor.get('/sign-in?next=%2Fpeople%3Fx%3D1');
    expect(form.html).toContain('name="next" value="/people?x=1"');
    expect((await signIn('anna', { next: '/people?x=1' })).location).toBe('/people?x=1');
    const page = await visitor.get('/people');
    expect([page.status, page.html.includes('otto')]).toEqual([200, true]);
  });

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '/%09/evil.example'.replace('%09', '\t'),
    '/..//evil.example',
    'javascript:alert(1)',
    'http:/\\evil.example',
    '///evil.example',
    '/\r\n/evil.example',
    '/\n\\evil.example',
    ' //evil.example',
    '/x\r\nset-cookie: a=b',
    '/%2e%2e//evil.example',
    'evil.example',
    '@evil.example',
    `/${'x'.repeat(3000)}`,
  ])('open redirect at sign-in: the password form leads nowhere else: %j', async (next) => {
    const { location } = await signIn('anna', { next });
    expect(location).toMatch(/^\/(?!\/)(?!\\)\P{C}*$/u);
    expect(new URL(location ?? '', 'http://localhost/sign-in').origin).toBe('http://localhost');
    const shown = await visitor.get(`/sign-in?next=${encodeURIComponent(next)}`);
    expect(shown.location ?? '/').toMatch(/^\/(?!\/)(?!\\)\P{C}*$/u);
    await visitor.get('/account');
    expect((await visitor.post('/preferences', { back: next })).location).toMatch(/^\/(?!\/)(?!\\)[^\t]*$/);
  });

  it('refuses a wrong password with the form, the name kept and the password not', async () => {
    const page = await visitor.post('/sign-in', { name: 'anna"><b>', password: 'wrong secret 99' });
    expect(page.status).toBe(401);
    expect(page.html).toContain('value="anna&quot;&gt;&lt;b&gt;"');
    expect(page.html).not.toContain('wrong secret 99');
    expect(page.html).toContain('href="#field-name"');
  });

  it('session fixation: gives another cookie at sign-in than anybody brought', async () => {
    const name = '__Host-waygate-test-session';
    const brought = 'a'.repeat(43);
    visitor.cookies.set(name, brought);
    await signIn();
    expect(visitor.cookies.get(name)).toMatch(/^[\w-]{43}$/);
    expect(visitor.cookies.get(name)).not.toBe(brought);
  });

  it('CSRF: refuses forms without the token of the session, and from elsewhere', async () => {
    await signIn();
    await visitor.get('/people/new');
    const person = { name: 'new', password: goodPassword, roles: 'observer' };
    expect((await visitor.post('/people/new', { ...person, _csrf: 'x' })).status).toBe(403);
    const elsewhere = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await visitor.post('/people/new', person, elsewhere)).status).toBe(403);
    expect((await visitor.post('/sign-in', { name: 'anna', password: goodPassword }, elsewhere)).status).toBe(
      403,
    );
    expect((await visitor.post('/people/new', person)).location).toBe('/people?done=added');
  });

  it.each([
    ['application/json', '{}'],
    ['multipart/form-data; boundary=x', 'not parts'],
    ['text/plain', 'name=anna'],
  ])('refuses what is not a form, and calls it no fault of ours: %s', async (type, body) => {
    const console = createTestConsole(() => new Response('{}', { status: 401 }), faults);
    const headers = { 'content-type': type, origin: 'http://localhost' };
    const request = new Request('http://localhost/sign-in', { method: 'POST', body, headers });
    expect((await console.fetch(request)).status).toBe(400);
  });

  it('takes no form that is longer than any of ours', async () => {
    const answer = await visitor.post('/sign-in', { name: 'x'.repeat(1024 * 1024), password: 'x' });
    expect(answer.status).toBe(413);
  });

  it('takes larger forms where a page says so, from those alone who are known and say how large they are', async () => {
    let asked = 0;
    const api = () => {
      asked += 1;
      const session = { name: 'anna', roles: [], csrfToken: 'token' };
      return new Response(JSON.stringify(session), { headers: { 'content-type': 'application/json' } });
    };
    const large = createTestConsole(api, faults);
    const taken: number[] = [];
    const act = (_visit: unknown, form: FormData) => {
      taken.push(String(form.get('file')).length);
      return new Response(null, { status: 303, headers: { location: '/' } });
    };
    large.post('/large', act, { maxBytes: 3 * 1024 * 1024 });
    const post = async (length: number, announced?: number) => {
      const body = `_csrf=token&file=${'x'.repeat(length)}`;
      const headers = {
        ...{ 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost' },
        ...(announced !== undefined && { 'content-length': String(announced) }),
      };
      const request = new Request('http://localhost/large', { method: 'POST', body, headers });
      return (await large.fetch(request)).status;
    };
    const octets = 2 * 1024 * 1024;
    expect(await post(octets, octets + 17)).toBe(303);
    expect(taken).toEqual([octets]);
    expect(await post(octets, 3 * 1024 * 1024 + 1)).toBe(413);
    expect(await post(octets)).toBe(413);
    expect(taken).toHaveLength(1);
    expect(asked).toBeGreaterThan(0);
  });

  it('tells who may not, and which roles may', async () => {
    await signIn('otto');
    const page = await visitor.get('/people');
    expect(page.status).toBe(403);
    expect(page.html).toContain('system-administrator');
  });

  it('stored and reflected script: shows whatever somebody types as text', async () => {
    const script = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>';
    await signIn();
    await visitor.get('/api-keys/new');
    await visitor.post('/api-keys/new', { label: script, days: '10', roles: ['auditor'] });
    const pages = [
      await visitor.get('/api-keys'),
      await visitor.get(
        `/api-keys?keys.search=${encodeURIComponent(script)}&keys.sort=${encodeURIComponent(script)}`,
      ),
      await visitor.get(`/people/${encodeURIComponent(script)}`),
      await visitor.get(`/${encodeURIComponent(script)}?done=${encodeURIComponent(script)}`),
      await visitor.get(`/api-keys/${encodeURIComponent(script)}/revoke`),
      await visitor.post('/people/new', { name: script, password: script, roles: script }),
    ];
    for (const { html } of pages) {
      expect(html).not.toContain('<script>alert');
      expect(html).not.toContain('<img src=x');
    }
    expect(pages[0]?.html).toContain('&lt;script&gt;alert(1)');
  });

  it('has no inline script or style on any page, and a strict policy', async () => {
    const signInPage = await visitor.get('/sign-in');
    await signIn();
    const paths = ['/account', '/account/password', '/account/second-factor', '/api-keys', '/api-keys/new'];
    const more = [
      '/people',
      '/people/new',
      '/people/otto',
      '/people/otto/remove',
      '/api-reference',
      '/nothing',
    ];
    const pages = [signInPage];
    for (const path of [...paths, ...more]) pages.push(await visitor.get(path));
    for (const { html, headers } of pages) {
      expect(html).toMatch(/^<!doctype html><html lang="en"/);
      expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:/i);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-frame-options')).toBe('DENY');
    }
    expect(pages.map(({ status }) => status)).toEqual([...Array(pages.length - 1).fill(200), 404]);
  });

  it('serves its files under their hash, for ever, and nothing else', async () => {
    const { html } = await visitor.get('/sign-in');
    const [path = ''] = /\/assets\/console-[0-9a-f]{16}\.css/.exec(html) ?? [];
    const file = await visitor.get(path);
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
    expect(file.headers.get('cache-control')).toContain('immutable');
    const etag = file.headers.get('etag') ?? '';
    expect((await visitor.get(path, { 'if-none-match': etag })).status).toBe(304);
    for (const other of ['/assets/console.css', '/assets/..%2Fconsole.tsx', '/assets/%2e%2e/index.ts']) {
      expect((await visitor.get(other)).status).not.toBe(200);
    }
  });

  it('speaks the language that was chosen, else the browser’s', async () => {
    expect(
      (await visitor.get('/sign-in', { 'accept-language': 'fr, de-AT;q=0.8, en;q=0.5' })).html,
    ).toContain('<html lang="de"');
    await visitor.post('/preferences', { language: 'de', scheme: 'dark', back: '/sign-in' });
    expect((await visitor.get('/sign-in')).html).toContain('<html lang="de" data-color-scheme="dark"');
    await visitor.post('/preferences', { language: 'xx; path=/', scheme: '"><script>' });
    expect((await visitor.get('/sign-in')).html).toContain('<html lang="de" data-color-scheme="dark"');
  });

  it('makes, demands and removes a second factor', async () => {
    await signIn();
    await visitor.get('/account/second-factor');
    const { html } = await visitor.post('/account/second-factor', { password: goodPassword });
    const secret = (/<code title="([A-Z2-7]+)"/.exec(html) ?? [])[1] ?? '';
    expect(html).toContain('href="otpauth://');
    const code = codeOf(secret, world.now());
    expect((await visitor.post('/account/second-factor/code', { code })).location).toBe(
      '/account?done=factor-on',
    );
    await visitor.get('/account');
    await visitor.post('/sign-out', {});
    expect((await visitor.get('/account')).status).toBe(303);
    const asked = await signIn();
    expect([asked.status, asked.html.includes('href="#field-code"')]).toEqual([401, true]);
    world.wait(60);
    expect((await signIn('anna', { code: codeOf(secret, world.now()) })).location).toBe('/');
    await visitor.get('/account/second-factor/remove');
    const unread = await visitor.post('/account/second-factor/remove', { password: goodPassword });
    expect(unread.html).toContain('href="#field-confirmed"');
    const removed = { password: goodPassword, confirmed: 'yes' };
    expect((await visitor.post('/account/second-factor/remove', removed)).location).toBe('/sign-in');
  });

  it('changes the own password, and goes on signed in', async () => {
    await signIn();
    await visitor.get('/account/password');
    const change = { current: goodPassword, password: 'another long sentence of mine' };
    expect((await visitor.post('/account/password', { ...change, password: 'short' })).status).toBe(422);
    expect((await visitor.post('/account/password', change)).location).toBe('/account?done=password');
    expect((await visitor.get('/account')).status).toBe(200);
  });

  it('adds people, changes their roles and removes them', async () => {
    await signIn();
    await visitor.get('/people/new');
    const twice = await visitor.post('/people/new', {
      name: 'otto',
      password: goodPassword,
      roles: 'auditor',
    });
    expect([twice.status, twice.html.includes('value="otto"')]).toEqual([409, true]);
    expect(twice.html).toMatch(/value="auditor" checked/);
    await visitor.get('/people/otto');
    const stale = { roles: 'auditor', _etag: '"0"' };
    expect((await visitor.post('/people/otto/roles', stale)).status).toBe(412);
    const roles = await visitor.post('/people/otto/roles', { roles: ['auditor', 'observer'] });
    expect(roles.location).toBe('/people/otto?done=roles');
    expect((await visitor.post('/people/otto/remove', {})).html).toContain('#field-confirmed');
    expect((await visitor.post('/people/otto/remove', { confirmed: 'yes' })).location).toBe(
      '/people?done=removed',
    );
    expect((await visitor.get('/people/otto')).status).toBe(404);
    expect((await visitor.post('/people/..%2fsession/remove', { confirmed: 'yes' })).status).toBe(404);
  });

  it('shows a fault of ours with its reference alone', async () => {
    const broken = createTestConsole(() => {
      throw new Error('SELECT * FROM secret');
    }, faults);
    const page = await new Visitor(broken).get('/sign-in');
    expect(page.status).toBe(500);
    expect(page.html).not.toContain('SELECT');
    expect(faults.splice(0)).toHaveLength(1);
  });
});
