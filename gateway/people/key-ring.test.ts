import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../http/index.ts';
import { fileKey, openTestPeople, origin, type TestPeople } from './testing/people.ts';

let test: TestPeople;
let anna: Principal;
beforeEach(async () => {
  test = await openTestPeople();
  await test.add('anna', 'system-administrator', 'security-officer');
  await test.add('ben', 'system-administrator');
  anna = (await test.principal(await test.signIn('anna'))) ?? fileKey;
});
afterEach(() => test.close());

const inDays = (days: number) => new Date(test.now().getTime() + days * 24 * 3_600_000);
const make = (by: Principal, ...roles: Principal['roles'] extends ReadonlySet<infer R> ? R[] : never) =>
  test.people.keys.create(by, { label: 'monitoring', roles, expiresAt: inDays(30) });
const ask = async (key: string, cookie?: string) =>
  test.people.authenticate({
    headers: new Headers({ authorization: `Bearer ${key}`, ...(cookie && { cookie }) }),
    address: '192.0.2.1',
  });
const refusal = (status: number, code: string) => expect.objectContaining({ status, code });

describe('an API key gaining roles', () => {
  it('is not made with more than its creator has', () => {
    expect(() => make(anna, 'security-officer', 'auditor')).toThrow(refusal(403, 'role-exceeds-yours'));
  });

  it('loses with its creator, and at once', async () => {
    const { key } = make(anna, 'system-administrator', 'security-officer');
    expect((await ask(key))?.roles).toEqual(new Set(['security-officer', 'system-administrator']));
    test.people.users.setRoles(fileKey, 'anna', ['security-officer', 'auditor']);
    expect((await ask(key))?.roles).toEqual(new Set(['security-officer']));
    test.people.users.setRoles(fileKey, 'anna', ['auditor']);
    expect((await ask(key))?.roles).toEqual(new Set());
  });

  it('gains nothing with its creator', async () => {
    const { key } = make(anna, 'security-officer');
    test.people.users.setRoles(fileKey, 'anna', ['security-officer', 'auditor']);
    expect((await ask(key))?.roles).toEqual(new Set(['security-officer']));
  });

  it('makes no other key', async () => {
    const { key } = make(anna, 'system-administrator');
    const principal = (await ask(key)) ?? anna;
    expect(principal.kind).toBe('key');
    expect(() => make(principal, 'system-administrator')).toThrow(refusal(403, 'not-by-key'));
  });

  it('of somebody who signs in elsewhere is good for a month after they last did', async () => {
    const external = {
      issuer: 'https://idp.example',
      subject: '7',
      name: 'olga',
      roles: ['observer'] as const,
    };
    const olga = await test.principal(test.people.signIn.external(external, origin));
    const expiresAt = inDays(90);
    const { key } = test.people.keys.create(olga ?? anna, { label: 'x', roles: ['observer'], expiresAt });
    test.wait(29 * 24 * 3600);
    expect((await ask(key))?.roles).toEqual(new Set(['observer']));
    test.wait(2 * 24 * 3600);
    expect((await ask(key))?.roles).toEqual(new Set());
    test.people.signIn.external(external, origin);
    expect((await ask(key))?.roles).toEqual(new Set(['observer']));
  });

  it('does not come back with a person of the same name', async () => {
    const { key } = make(anna, 'security-officer');
    test.people.users.remove(fileKey, 'anna');
    expect(await ask(key)).toBeUndefined();
    await test.add('anna', 'security-officer');
    expect(await ask(key)).toBeUndefined();
  });
});

describe('an API key', () => {
  it('is known by its number, until it is revoked or expires', async () => {
    const [first, second] = [make(anna, 'security-officer'), make(anna, 'security-officer')];
    expect(await ask(first.key)).toMatchObject({ id: `key:${first.id}`, kind: 'key' });
    test.people.keys.revoke(anna, first.id);
    expect(await ask(first.key)).toBeUndefined();
    expect(await ask(second.key)).toBeDefined();
    test.wait(30 * 24 * 3600);
    expect(await ask(second.key)).toBeUndefined();
  });

  it('has a number that is never given again', () => {
    const { id } = make(anna, 'security-officer');
    test.people.keys.revoke(anna, id);
    expect(make(anna, 'security-officer').id).toBeGreaterThan(id);
  });

  it('is opened by nothing else', async () => {
    const { id, key } = make(anna, 'security-officer');
    const secret = key.slice(`wg_${id}_`.length);
    for (const wrong of [
      ...['', 'wg_', `wg_${id}_`, secret, `wg_${id}_${'a'.repeat(43)}`, `wg_${id + 1}_${secret}`],
      ...[
        `wg_0${id}_${secret}`,
        `wg_${id}_${secret}x`,
        `wg_${'9'.repeat(400)}_${secret}`,
        'x'.repeat(1_000_000),
      ],
    ]) {
      expect(await ask(wrong)).toBeUndefined();
    }
    // A cookie beside it helps no wrong key out.
    const [cookie] = test.people.cookie.write(await test.signIn('anna')).split(';');
    expect(await ask(`wg_${id}_wrong`, cookie)).toBeUndefined();
  });

  it('is shown once, and kept as a hash', () => {
    const { id, key } = make(anna, 'security-officer');
    const secret = key.slice(`wg_${id}_`.length);
    expect(JSON.stringify(test.people.keys.list(anna))).not.toContain(secret);
    expect(JSON.stringify(test.events)).not.toContain(secret);
    expect(test.events.at(-1)).toMatchObject({ actor: 'user:anna', action: 'api-key.create' });
  });

  it('tells when it was used last', async () => {
    const { key } = make(anna, 'security-officer');
    expect(test.people.keys.list(anna)[0]?.usedAt).toBeUndefined();
    test.wait(120);
    await ask(key);
    expect(test.people.keys.list(anna)[0]?.usedAt).toEqual(test.now());
  });

  it('is seen and revoked by who made it and by system administrators', async () => {
    await test.add('carl', 'observer');
    const carl = (await test.principal(await test.signIn('carl'))) ?? anna;
    const own = make(carl, 'observer');
    const { id } = make(anna, 'security-officer');
    expect(test.people.keys.list(carl).map((key) => key.id)).toEqual([own.id]);
    expect(() => test.people.keys.revoke(carl, id)).toThrow(refusal(404, 'api-key-not-found'));
    expect(test.people.keys.list(anna)).toHaveLength(2);
    test.people.keys.revoke(anna, own.id);
    expect(await ask(own.key)).toBeUndefined();
  });

  it('expires within a year, and there are a hundred of one person at most', () => {
    const until = (days: number) =>
      test.people.keys.create(anna, { label: 'x', roles: ['security-officer'], expiresAt: inDays(days) });
    expect(() => until(0)).toThrow(refusal(422, 'expiry-unfit'));
    expect(() => until(367)).toThrow(refusal(422, 'expiry-unfit'));
    for (let count = 0; count < 100; count += 1) until(1);
    expect(() => until(1)).toThrow(refusal(409, 'too-many-api-keys'));
  });

  it('made with the key of the data folder depends on nobody', async () => {
    const { key } = make(fileKey, 'auditor');
    expect((await ask(key))?.roles).toEqual(new Set(['auditor']));
  });
});
