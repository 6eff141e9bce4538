import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Caller, tokenOf } from '../gateway/first-start/testing/caller.ts';
import { asksWithKey, checkHostileRequests } from '../gateway/http/testing/check-hostile.ts';
import { checkRoleMatrix } from '../gateway/http/testing/role-matrix.ts';
import { createUnfoundedApi } from './founding/index.ts';
import { initRegistry, lookForInstance } from './init.ts';
import { type FolderSettings, type ServedFolder, serveRegistry } from './serve.ts';

const pin = 'Correct-Horse-7';
const password = 'four words of oil';
const founding = {
  ...{
    instance: 'CITY',
    address: 'registry.example',
    administrator: 'anna',
    administratorPassword: password,
    pin,
  },
  memberClasses: [{ code: 'GOV', description: 'Government' }],
};

describe('the first start of a registry', () => {
  let data: string;
  let served: ServedFolder | undefined;
  let caller: Caller;
  const faults: unknown[] = [];
  beforeEach(() => {
    data = join(mkdtempSync(join(tmpdir(), 'waygate-founding-')), 'registry');
    caller = new Caller(() => served?.adminUrl ?? '');
    faults.length = 0;
  });
  afterEach(async () => {
    await served?.close();
    served = undefined;
    rmSync(join(data, '..'), { recursive: true });
  });

  async function serve(more: Partial<FolderSettings> = {}): Promise<void> {
    served = await serveRegistry({
      ...{ data, configurationHost: '127.0.0.1', configurationPort: 0, adminHost: '127.0.0.1', adminPort: 0 },
      askPin: () => Promise.resolve(pin),
      onOpened: () => undefined,
      report: (error) => faults.push(error),
      ...more,
    });
  }

  const ask: Caller['ask'] = (...args) => caller.ask(...args);
  const key = () => ({ authorization: `Bearer ${readFileSync(join(data, 'api-key'), 'utf8').trim()}` });
  const enter = () => ask('POST', '/sign-in', new URLSearchParams({ code: served?.code ?? '' }));

  it('asks for the code before it shows or does anything', async () => {
    await serve();
    expect((await ask('GET', '/')).location).toBe('/sign-in');
    expect((await ask('GET', '/sign-in')).text).toContain('first-start-code');
    for (const [method, path] of [
      ['GET', '/api/v1/founding'],
      ['POST', '/api/v1/founding'],
      ['POST', '/api/v1/founding/check'],
      ['GET', '/api/v1/session'],
    ] as const) {
      const body = method === 'POST' ? founding : undefined;
      expect([path, (await ask(method, path, body)).status]).toEqual([path, 401]);
    }
    expect((await ask('GET', '/health/live')).status).toBe(200);
    expect((await ask('GET', '/health/ready')).status).toBe(503);
  });

  it('founds an instance in two pages, and its registry goes on at the same address', async () => {
    await serve();
    expect((await enter()).location).toBe('/');
    const first = await ask('GET', '/');
    expect(first.text).toContain('name="instance"');
    const fields = {
      ...{ instance: 'CITY', address: 'registry.example', administrator: 'anna' },
      memberClasses: 'GOV Government\nMUN  Municipalities of the land\n',
      _csrf: tokenOf(first),
    };
    const second = await ask('POST', '/secrets', new URLSearchParams(fields));
    expect([second.status, second.text.includes('name="pinAgain"')]).toEqual([200, true]);
    const secrets = {
      ...{ pin, pinAgain: pin, administratorPassword: password, administratorPasswordAgain: password },
    };
    const founded = await ask('POST', '/found', new URLSearchParams({ ...fields, ...secrets }));
    expect([founded.status, founded.location]).toEqual([303, '/sign-in']);
    const registry = await served?.registry;
    expect(registry?.instance).toBe('CITY');
    expect((await ask('GET', '/sign-in')).text).toContain('name="password"');
    const signIn = new URLSearchParams({ name: 'anna', password });
    expect((await ask('POST', '/sign-in', signIn)).location).toBe('/');
    const classes = await ask('GET', '/api/v1/member-classes');
    expect(classes.json).toMatchObject([
      { code: 'GOV', description: 'Government' },
      { code: 'MUN', description: 'Municipalities of the land' },
    ]);
    expect(existsSync(join(data, 'first-start-code'))).toBe(false);
    expect(faults).toEqual([]);
  });

  it('shows each mistake beside its field, and keeps what was typed', async () => {
    await serve();
    await enter();
    const _csrf = tokenOf(await ask('GET', '/'));
    const wrong = { instance: 'CI/TY', address: 'http://x', memberClasses: 'G/V x', administrator: 'Änna' };
    const again = await ask('POST', '/secrets', new URLSearchParams({ ...wrong, _csrf }));
    expect(again.status).toBe(422);
    for (const name of Object.keys(wrong)) expect(again.text).toContain(`id="problem-${name}"`);
    for (const text of ['CI/TY', 'http://x', 'G/V x', 'Änna']) expect(again.text).toContain(text);
    const fit = { instance: 'CITY', address: 'x', memberClasses: '', administrator: 'anna', _csrf };
    const secrets = {
      pin: 'short',
      pinAgain: 'short',
      administratorPassword: 'anna',
      administratorPasswordAgain: 'anna',
    };
    const refused = await ask('POST', '/found', new URLSearchParams({ ...fit, ...secrets }));
    expect(refused.status).toBe(422);
    for (const name of ['pin', 'administratorPassword'])
      expect(refused.text).toContain(`id="problem-${name}"`);
    expect(refused.text).not.toContain('short"');
    const different = {
      pin,
      pinAgain: `${pin}8`,
      administratorPassword: password,
      administratorPasswordAgain: '',
    };
    const other = await ask('POST', '/found', new URLSearchParams({ ...fit, ...different }));
    for (const name of ['pinAgain', 'administratorPasswordAgain']) {
      expect(other.text).toContain(`id="problem-${name}"`);
    }
    expect(existsSync(join(data, 'register.sqlite'))).toBe(false);
  });

  it('replayed initialisation: of 1,000 at once one founds an instance, and later ones are refused', async () => {
    await serve();
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        ask('POST', '/api/v1/founding', { ...founding, instance: `I${index}` }, key()),
      ),
    );
    const done = answers.flatMap(({ status }, index) => (status === 201 ? [`I${index}`] : []));
    expect(done).toHaveLength(1);
    expect((await served?.registry)?.instance).toBe(done[0]);
    const codes = new Set(answers.filter(({ status }) => status !== 201).map(({ json }) => json.code));
    for (const code of codes) {
      expect(['founding-under-way', 'exists', 'not-found', 'rate-limited']).toContain(code);
    }
    // The path is gone with the first start.
    for (const path of ['/api/v1/founding', '/api/v1/founding/check']) {
      expect([path, (await ask('POST', path, founding, key())).json.code]).toEqual([path, 'not-found']);
    }
    expect(
      (await ask('POST', '/found', new URLSearchParams({ ...founding, memberClasses: '' }))).location,
    ).toContain('/sign-in');
    const eve = { data, pin, instance: 'EVE', address: 'eve.example' };
    await expect(initRegistry(eve)).rejects.toMatchObject({ code: 'exists' });
  }, 120_000);

  it('csrf: takes nothing from pages of others, nor without the token', async () => {
    await serve();
    await enter();
    const _csrf = tokenOf(await ask('GET', '/'));
    const form = (more: object) => new URLSearchParams({ ...founding, memberClasses: '', ...more });
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' };
    expect((await ask('POST', '/found', form({ _csrf }), foreign)).status).toBe(403);
    expect((await ask('POST', '/found', form({}))).status).toBe(403);
    expect((await ask('POST', '/api/v1/founding', founding)).json.code).toBe('csrf');
    expect(existsSync(join(data, 'register.sqlite'))).toBe(false);
  });

  it('throttled code: who guesses waits, and never who has the right one; script in a code is text', async () => {
    await serve();
    const guess = (code: string) => ask('POST', '/sign-in', new URLSearchParams({ code }));
    const guesses = [];
    for (let index = 0; index < 7; index += 1) guesses.push((await guess(`<script>${index}`)).status);
    expect(guesses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect((await guess('<script>alert(1)</script>')).text).not.toContain('<script>alert');
    const { status, json } = await ask('POST', '/api/v1/session', { code: 'guessed' });
    expect([status, json.code]).toEqual([429, 'sign-in-throttled']);
    expect((await guess(served?.code ?? '')).status).toBe(303);
  });

  it('session fixation and cookie flags: a planted session opens nothing, and a new one is out of reach', async () => {
    await serve();
    caller.cookie = `waygate-first-start-session=${'A'.repeat(43)}`;
    const planted = caller.cookie;
    expect((await ask('GET', '/')).location).toBe('/sign-in');
    const answer = await fetch(`${served?.adminUrl}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: planted },
      body: JSON.stringify({ code: served?.code }),
    });
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^waygate-first-start-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain('A'.repeat(43));
    expect((await ask('GET', '/')).location).toBe('/sign-in');
  });

  it('host header injection: answers to addresses and the names it was told of alone', async () => {
    await serve();
    for (const path of ['/', '/sign-in', '/api/v1/founding', '/health/live']) {
      const { status } = await ask('GET', path, undefined, { host: 'evil.example' });
      expect([path, status]).toEqual([path, 421]);
    }
  });

  it('takes the PIN that it was started with, and asks for none', async () => {
    await serve({ pin });
    expect((await ask('GET', '/api/v1/founding', undefined, key())).json).toEqual({ isPinKnown: true });
    const { pin: _, ...rest } = founding;
    expect((await ask('POST', '/api/v1/founding', rest, key())).status).toBe(201);
    await served?.close();
    await serve({ pin });
    expect([served?.code, (await served?.registry)?.instance]).toEqual([undefined, 'CITY']);
  });

  it('finishes a founding that was cut short, with another PIN and another first person', async () => {
    const { administrator: name, administratorPassword } = founding;
    const cut = { ...founding, administrator: { name, password: administratorPassword }, data };
    // An audit log that cannot be opened: founding ends before the keys are made.
    mkdirSync(join(data, 'journal'), { recursive: true });
    writeFileSync(join(data, 'journal', 'key.json'), 'no key');
    await expect(initRegistry(cut)).rejects.toThrow();
    rmSync(join(data, 'journal'), { recursive: true });
    await serve();
    expect((await ask('GET', '/api/v1/founding', undefined, key())).json).toMatchObject({ instance: 'CITY' });
    const elsewhere = { ...founding, instance: 'TOWN' };
    expect((await ask('POST', '/api/v1/founding', elsewhere, key())).json.errors?.[0]?.pointer).toBe(
      '/instance',
    );
    const other = { ...founding, pin: 'Another-Horse-8', administrator: 'bert' };
    expect((await ask('POST', '/api/v1/founding', other, key())).status).toBe(201);
    expect((await ask('GET', '/api/v1/users', undefined, key())).json).toMatchObject([{ name: 'bert' }]);
  });

  it('is founded by one process at a time', async () => {
    const found = (instance: string) => initRegistry({ data, pin, instance, address: 'registry.example' });
    const names = ['ONE', 'TWO'];
    const outcomes = await Promise.allSettled(names.map(found));
    const done = names.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    expect(done).toHaveLength(1);
    expect(outcomes).toContainEqual(
      expect.objectContaining({ reason: expect.objectContaining({ code: 'exists' }) }),
    );
    expect(await lookForInstance(data)).toEqual({ instance: done[0], isFounded: true });
  });

  it('says when the registry cannot be started, and is no first start any more', async () => {
    await serve({ configurationHost: '192.0.2.77' });
    const failed = served?.registry.catch((error: Error) => error.name);
    const { status, json } = await ask('POST', '/api/v1/founding', founding, key());
    expect([status, json.code]).toEqual([500, 'start-failed']);
    expect(await failed).toBe('PortError');
    expect((await ask('POST', '/api/v1/founding', founding, key())).json.code).toBe('exists');
  });

  it('over-long strings: what nobody means is refused by every operation, and breaks nothing', async () => {
    await serve();
    const asks = asksWithKey(served?.adminUrl ?? '', readFileSync(join(data, 'api-key'), 'utf8').trim());
    // A founding that fits by chance would end what is asked here.
    const skip = ['POST /api/v1/founding'];
    expect(await checkHostileRequests(asks, { runs: 25, skip })).toBe(5);
    expect((await ask('GET', '/health/live')).status).toBe(200);
    expect(await checkHostileRequests(asks, { runs: 25 })).toBeGreaterThanOrEqual(6);
    expect(faults).toEqual([]);
  }, 120_000);
});

it('every operation of a registry that is not founded is for its roles, and for nobody else', async () => {
  await checkRoleMatrix(
    (authenticate) =>
      createUnfoundedApi({} as never, {} as never, { version: '1', authenticate, report: () => undefined }),
    {
      'POST /api/v1/session': 'anybody',
      'GET /api/v1/session': 'everybody',
      'DELETE /api/v1/session': 'everybody',
      'GET /api/v1/founding': 'everybody',
      'POST /api/v1/founding': 'system-administrator',
      'POST /api/v1/founding/check': 'system-administrator',
    },
  );
});
