import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { restoreBackup } from '../../backup/restore.ts';
import { Caller, tokenOf } from '../../first-start/testing/caller.ts';
import { roles } from '../../http/index.ts';

/** In every field that takes a name. */
export const script = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;
const password = 'four words of oil';

/** A program that runs, with a console and an administration API. */
export interface AskedProgram {
  readonly running: { readonly adminUrl: string; readonly apiKey: string };
  /** Errors that nobody foresaw. */
  readonly reported: readonly unknown[];
  /** @param path below the version of the API */
  ask(
    method: string,
    path: string,
    body?: unknown,
    why?: string,
  ): Promise<{ readonly status: number; readonly json: unknown }>;
}

/** Where a program has what others were found wanting in. */
export interface FindingPlaces {
  /** Whose backup it makes. */
  readonly program: 'central-registry' | 'security-server';
  /** Opens its keys. */
  readonly pin: string;
  /** Puts the script into every field that takes a name. @returns where it was taken */
  storeScript(): Promise<readonly string[]>;
  /** What has to have taken it, at least: one that refuses is as good, but then the test sees nothing. */
  readonly minStored: number;
  /** Pages of the console that search, and have pages of one thing under them. */
  readonly searched: readonly string[];
  /** Addresses of the console that would lead out of it. */
  readonly stray: readonly string[];
  /** Lists of the API, whose entries are asked for by names that break queries. */
  readonly lists: readonly string[];
  /** Tries a name in every field that takes one. @returns the status of each answer */
  name(name: string): Promise<readonly number[]>;
  /** Operations and forms that found a program. */
  readonly foundings: readonly (readonly [method: string, path: string, body: object])[];
}

/** What auditors found in other programs, each asked of a whole one over its socket. */
export function itHasNoPastFindings(program: () => AskedProgram, places: FindingPlaces): void {
  const browser = new Caller(() => program().running.adminUrl);
  const ask: AskedProgram['ask'] = (...rest) => program().ask(...rest);
  const visit = async (path: string) => {
    const { adminUrl } = program().running;
    const response = await fetch(adminUrl + path, {
      headers: { cookie: browser.cookie },
      redirect: 'manual',
    });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      text: await response.text(),
    };
  };
  const users = async () => (await ask('GET', '/users')).json as readonly { readonly name: string }[];

  beforeAll(async () => {
    expect((await ask('POST', '/users', { name: 'anna', password, roles })).status).toBe(201);
    const credentials = new URLSearchParams({ name: 'anna', password });
    expect((await browser.ask('POST', '/sign-in', credentials)).location).toBe('/');
  }, 60_000);

  it('stored and reflected script in every name field: is text on every page', async () => {
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    const key = await ask('POST', '/api-keys', { label: script, roles: ['auditor'], expiresAt });
    const taken = [...(key.status === 201 ? ['/api-keys'] : []), ...(await places.storeScript())];
    expect(taken.length).toBeGreaterThanOrEqual(places.minStored);
    const seen = new Set<string>();
    const waiting = ['/'];
    let shown = 0;
    for (let path = waiting.pop(); path !== undefined && seen.size < 300; path = waiting.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const { type, text } = await visit(path);
      if (type?.startsWith('text/html') !== true) continue;
      const found = ['<script>alert', '<img src=x', '<b>"'].filter((one) => text.includes(one));
      expect([path, found]).toEqual([path, []]);
      if (text.includes('&lt;script&gt;alert(1)')) shown += 1;
      for (const [, href = ''] of text.matchAll(/ href="(\/[^"#]*)"/g)) {
        const next = href.replaceAll('&amp;', '&');
        if (!next.startsWith('/assets/') && !next.includes('sort=')) waiting.push(next);
      }
    }
    expect(seen.size).toBeGreaterThan(20);
    expect(shown).toBeGreaterThan(5);
    const reflected = encodeURIComponent(script);
    for (const path of places.searched) {
      for (const query of [
        `?q=${reflected}`,
        `?done=${reflected}`,
        `?${path.slice(1)}.search=${reflected}`,
      ]) {
        const { text } = await visit(path + query);
        expect([path, query, text.includes('<script>alert')]).toEqual([path, query, false]);
      }
      expect((await visit(`${path}/${reflected}`)).text).not.toContain('<script>alert');
    }
    expect(program().reported).toEqual([]);
  }, 120_000);

  it('client-side path traversal: what stands in an address leads the console to no other operation', async () => {
    for (const path of places.stray) {
      const { status, text } = await visit(path);
      const isRefused = status >= 300 && status < 500;
      expect([path, isRefused, text.includes('/people/anna')]).toEqual([path, true, false]);
    }
    expect(program().reported).toEqual([]);
  }, 60_000);

  it('replayed initialisation: nobody founds what is founded, and a second first administrator is none', async () => {
    const before = await users();
    for (const [method, path, body] of places.foundings) {
      const { status } = await ask(method, path, body);
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
    }
    for (const path of ['/secrets', '/begin', '/found']) {
      const form = new URLSearchParams({
        name: 'eve',
        password,
        _csrf: tokenOf(await browser.ask('GET', '/')),
      });
      const { status } = await browser.ask('POST', path, form);
      expect([path, status]).toEqual([path, 404]);
    }
    expect(await users()).toEqual(before);
  }, 60_000);

  it('database error text: is told to nobody', async () => {
    for (const id of ["'", '"', '\\', "'; DROP TABLE member; --", 'x'.repeat(250), '\ufffd']) {
      for (const path of [...places.lists, '/users']) {
        const { status, json } = await ask('GET', `${path}/${encodeURIComponent(id)}`);
        expect([path, id, status >= 400 && status < 500]).toEqual([path, id, true]);
        expect(JSON.stringify(json)).not.toMatch(/sqlite|constraint failed|no such (table|column)/i);
      }
    }
    const search = `${places.lists[0]}?q=${encodeURIComponent("%' OR 1=1 --")}`;
    expect(await ask('GET', search)).toEqual({ status: 200, json: [] });
    expect(program().reported).toEqual([]);
  }, 60_000);

  it.each([
    ['\u2028', 'line separator'],
    ['\u2029', 'paragraph separator'],
    ['\u0085', 'next line'],
    ['\n', 'line feed'],
    ['\u202e', 'override of the direction'],
    ['\u2066', 'isolate'],
  ])('log injection: no name holds %j, the %s', async (character) => {
    const statuses = await places.name(`Ministry${character}2026-11-28 - the program was stopped`);
    expect(statuses).toEqual(statuses.map(() => 422));
    expect(statuses.length).toBeGreaterThan(4);
  });

  it('duplicate codes: there is one person of a name, however many are made at the same time', async () => {
    const person = { name: 'twin', password, roles: ['auditor'] };
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('POST', '/users', person)));
    const statuses = answers.map(({ status }) => status);
    expect([
      statuses.filter((one) => one === 201).length,
      statuses.filter((one) => one === 409).length,
    ]).toEqual([1, 9]);
    expect((await users()).filter(({ name }) => name === 'twin')).toHaveLength(1);
  }, 60_000);

  it('API key gaining roles: makes neither people nor keys, and does what its roles may', async () => {
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    const keyOf = async (role: string) => {
      const { json } = await ask('POST', '/api-keys', { label: role, roles: [role], expiresAt });
      return { authorization: `Bearer ${(json as { key: string }).key}` };
    };
    const program = new Caller(() => `${adminUrl()}/api/v1`);
    const high = await keyOf('system-administrator');
    const eve = { name: 'eve', password, roles: ['system-administrator'] };
    const made = { label: 'more', roles: ['security-officer'], expiresAt };
    for (const [path, body] of [
      ['/users', eve],
      ['/api-keys', made],
    ] as const) {
      expect((await program.ask('POST', path, body, high)).json.code).toBe('not-by-key');
    }
    expect((await program.ask('GET', '/users', undefined, await keyOf('auditor'))).json.code).toBe(
      'role-missing',
    );
  });

  it('host header injection: a name that is not ours is answered nothing', async () => {
    for (const path of ['/', '/sign-in', '/api/v1/users', '/openapi.json', '/health/live']) {
      const { status, text } = await browser.ask('GET', path, undefined, { host: 'evil.example' });
      expect([path, status, text.includes('evil')]).toEqual([path, 421, false]);
    }
  });

  it('session fixation and cookie flags: a session that was planted opens nothing; a new one is out of reach', async () => {
    const name = browser.cookie.split('=')[0] ?? '';
    const planted = `${name}=${'A'.repeat(43)}`;
    const stranger = new Caller(adminUrl);
    stranger.cookie = planted;
    expect((await stranger.ask('GET', '/api/v1/users')).status).toBe(401);
    const answer = await fetch(`${adminUrl()}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: planted },
      body: JSON.stringify({ name: 'anna', password }),
    });
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^waygate-[\w-]+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain('A'.repeat(43));
    expect((await stranger.ask('GET', '/api/v1/users')).status).toBe(401);
  }, 60_000);

  it('CSRF: nothing is done for pages of others, nor without the token of the session', async () => {
    const before = await users();
    const person = { name: 'eve', password, roles: ['auditor'] };
    expect((await browser.ask('POST', '/api/v1/users', person)).json.code).toBe('csrf');
    const _csrf = tokenOf(await browser.ask('GET', '/people/new'));
    const form = (more: object) => new URLSearchParams({ name: 'eve', password, roles: 'auditor', ...more });
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' };
    expect((await browser.ask('POST', '/people/new', form({ _csrf }), foreign)).status).toBe(403);
    expect((await browser.ask('POST', '/people/new', form({ _csrf: 'x' }))).status).toBe(403);
    expect((await browser.ask('POST', '/people/new', form({}))).status).toBe(403);
    expect(await users()).toEqual(before);
  });

  it('open redirect at sign-in: leads nowhere else', async () => {
    const stranger = new Caller(adminUrl);
    for (const next of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example/',
      '/\t/evil.example',
      'javascript:0',
    ]) {
      const form = new URLSearchParams({ name: 'anna', password, next });
      const { status, location = '' } = await stranger.ask('POST', '/sign-in', form);
      stranger.cookie = '';
      expect([next, status, new URL(location, adminUrl()).origin]).toEqual([next, 303, adminUrl()]);
    }
  }, 60_000);

  it('unrestricted upload and over-long strings: no file is taken, and nothing without an end', async () => {
    const before = await ask('GET', '/backups');
    const { apiKey } = program().running;
    const send = (path: string, body: FormData | string) =>
      fetch(`${adminUrl()}/api/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}` },
        body,
      });
    const form = new FormData();
    form.append('file', new Blob(['#!/bin/sh']), '../../people.sqlite');
    for (const path of ['/backups/uploads', '/backups/..%2f..%2fpeople.sqlite', '/users', '/api-keys']) {
      for (const body of [form, '#!/bin/sh\n']) {
        const { status } = await send(path, body);
        expect([path, status >= 400 && status < 500]).toEqual([path, true]);
      }
    }
    expect(await ask('GET', '/backups')).toEqual(before);
    let octets = 0;
    const endless = async function* () {
      for (; octets < 200_000_000; octets += 65_536) yield Buffer.alloc(65_536, 32);
    };
    // Whether the refusal is heard, or the connection is closed on who goes on sending, is for the system to say.
    const status = await request(`${adminUrl()}/api/v1/users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: Readable.from(endless()),
    }).then(
      (answer) => answer.body.dump().then(() => answer.statusCode),
      () => 413,
    );
    expect([status, octets < 100_000_000]).toEqual([413, true]);
    const long = await ask('POST', '/users', { name: 'x'.repeat(100_000), password, roles: ['auditor'] });
    expect(long.status).toBe(422);
    expect((await ask('GET', `/audit-events?q=${'x'.repeat(20_000)}`)).status).toBe(431);
  }, 60_000);

  it('secrets in backup output: shows none; code execution through restore: one is put back by its own program alone', async () => {
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    const settings = { keepLast: 3, madeElsewhere: false };
    const refused = await ask('PUT', '/backup-settings', { ...settings, recipients: [identity] });
    expect(refused).toMatchObject({ status: 422, json: { code: 'backup-private-key' } });
    expect((await ask('PUT', '/backup-settings', { ...settings, recipients })).status).toBe(200);
    const made = await ask('POST', '/backups');
    expect(made.status).toBe(201);
    const { name } = made.json as { readonly name: string };
    const { apiKey } = program().running;
    const taken = await fetch(`${adminUrl()}/api/v1/backups/${name}/content`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    const bytes = Buffer.from(await taken.arrayBuffer());
    const told = JSON.stringify([refused, made, (await ask('GET', '/audit-events?limit=1000')).json]);
    for (const secret of [apiKey, places.pin, password, identity, 'SQLite format 3', 'PRIVATE KEY']) {
      expect([secret, bytes.includes(secret), told.includes(secret)]).toEqual([secret, false, false]);
    }
    const { paths } = (await (await fetch(`${adminUrl()}/openapi.json`)).json()) as {
      readonly paths: object;
    };
    expect(Object.keys(paths).filter((path) => path.includes('restore'))).toEqual([]);
    const file = join(folder, 'taken');
    writeFileSync(file, bytes);
    const other = places.program === 'security-server' ? 'central-registry' : 'security-server';
    const open = { identities: [identity] };
    const restore = (as: FindingPlaces['program'], data: string) =>
      restoreBackup({ file, program: as, data: join(folder, data), open });
    await expect(restore(other, 'other')).rejects.toThrow();
    await restore(places.program, 'own');
  }, 60_000);

  it('missing rate limits at sign-in: who guesses is told to wait', async () => {
    const stranger = new Caller(adminUrl);
    const codes = new Set<string | undefined>();
    // The pause grows with each guess, until it is longer than a guess takes on a slow machine.
    for (let count = 0; count < 20 && !codes.has('sign-in-throttled'); count += 1) {
      const guess = { name: 'nobody', password: `guess ${count}` };
      codes.add((await stranger.ask('POST', '/api/v1/session', guess)).json.code);
    }
    expect([...codes]).toEqual(['sign-in-refused', 'sign-in-throttled']);
    expect(program().reported).toEqual([]);
  }, 60_000);

  const adminUrl = () => program().running.adminUrl;
  const folder = mkdtempSync(join(tmpdir(), 'waygate-findings-'));
  afterAll(() => rmSync(folder, { recursive: true }));
}
