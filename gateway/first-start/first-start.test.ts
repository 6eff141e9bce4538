import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isCode, makeCode } from './code.ts';
import { FirstStart } from './index.ts';

const here = '192.0.2.1';

describe('the door of a first start', () => {
  let data: string;
  let now: number;
  let opened: string[];
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'waygate-first-start-'));
    now = Date.UTC(2026, 10, 28);
    opened = [];
  });
  afterEach(() => rmSync(data, { recursive: true }));

  const open = (isHttps = false) =>
    FirstStart.open({
      ...{ data, isHttps, now: () => new Date(now) },
      onOpened: (address) => opened.push(address),
    });
  const refusal = async (door: FirstStart, code: string, address = here) =>
    door.enter(code, address).then(
      () => 'open',
      (error: { code?: string }) => error.code,
    );
  const as = (door: FirstStart, secret: string) => ({
    headers: new Headers({ cookie: door.cookie.write(secret).split(';')[0] ?? '' }),
    address: here,
  });

  it('has a code that its owner alone can read, and the same one after a restart', async () => {
    const door = await open();
    expect(door.code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(readFileSync(door.codeFile, 'utf8').trim()).toBe(door.code);
    expect(statSync(door.codeFile).mode & 0o777).toBe(0o600);
    expect((await open()).code).toBe(door.code);
  });

  it('takes the code however it is typed, and no other', () => {
    const code = '10QM-2X9D-V4TB-HJ01';
    for (const typed of [code, ' 10qm2x9dv4tbhj01 ', 'loqm-2x9d-v4tb-hjoi'])
      expect(isCode(typed, code)).toBe(true);
    for (const typed of ['', '10QM-2X9D-V4TB-HJ02', `${code}0`, makeCode()]) {
      expect([typed, isCode(typed, code)]).toEqual([typed, false]);
    }
  });

  it('opens once for each code: of fifty who come with it at once, one is let in', async () => {
    const door = await open();
    const code = door.code ?? '';
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => refusal(door, code, `192.0.2.${index}`)),
    );
    expect(answers.filter((answer) => answer === 'open')).toHaveLength(1);
    expect(new Set(answers)).toEqual(new Set(['open', 'code-refused']));
    expect(opened).toHaveLength(1);
    expect(door.code).not.toBe(code);
    expect(readFileSync(door.codeFile, 'utf8').trim()).toBe(door.code);
  });

  it('slows down who guesses, and nobody who has the code', async () => {
    const door = await open();
    const guesses = [];
    for (let index = 0; index < 8; index += 1) guesses.push(await refusal(door, makeCode()));
    expect(guesses.slice(0, 5)).toEqual(Array(5).fill('code-refused'));
    expect(guesses.slice(5)).toEqual(Array(3).fill('sign-in-throttled'));
    expect(await refusal(door, makeCode(), '192.0.2.2')).toBe('code-refused');
    expect(await refusal(door, door.code ?? '')).toBe('open');
    expect(await refusal(door, makeCode())).toBe('sign-in-throttled');
  });

  it('lets nobody in whose next code cannot be written, and stays as it was', async () => {
    const door = await open();
    const code = door.code ?? '';
    rmSync(data, { recursive: true });
    expect(await refusal(door, code)).toBe('ENOENT');
    expect([door.expiresAt, opened, door.code]).toEqual([undefined, [], code]);
    mkdirSync(data);
    expect(await refusal(door, code)).toBe('open');
  });

  it('stays shut also when it is founded while somebody comes in', async () => {
    const door = await open();
    const coming = refusal(door, door.code ?? '');
    await door.close();
    expect(await coming).toBe('code-refused');
    expect([door.code, door.expiresAt]).toEqual([undefined, undefined]);
    expect(() => statSync(door.codeFile)).toThrow('ENOENT');
  });

  it.each(['', '\n', '----', '7KQM-2X9D-V4TB'])('does not open with a file that holds %j', async (text) => {
    writeFileSync(join(data, 'first-start-code'), text);
    await expect(open()).rejects.toMatchObject({ code: 'secret-too-short' });
  });

  it('session fixation: begins each session under a secret of its own, and ends the former', async () => {
    const door = await open();
    const planted = 'A'.repeat(43);
    expect(await door.authenticate(as(door, planted))).toBeUndefined();
    const first = await door.enter(door.code ?? '', here);
    expect(first).not.toBe(planted);
    expect(await door.authenticate(as(door, first))).toMatchObject({ id: 'installer' });
    const second = await door.enter(door.code ?? '', here);
    expect(await door.authenticate(as(door, first))).toBeUndefined();
    expect(await door.authenticate(as(door, second))).toMatchObject({ id: 'installer' });
  });

  it('ends a session that nobody uses, and each after half a day', async () => {
    const door = await open();
    const idle = await door.enter(door.code ?? '', here);
    now += 30 * 60_000;
    expect(await door.authenticate(as(door, idle))).toBeUndefined();
    const busy = await door.enter(door.code ?? '', here);
    for (let minutes = 0; minutes < 12 * 60; minutes += 20) {
      expect(await door.authenticate(as(door, busy))).toBeDefined();
      now += 20 * 60_000;
    }
    expect(await door.authenticate(as(door, busy))).toBeUndefined();
  });

  it('cookie flags: out of reach for scripts and other sites, and over https for this very host', async () => {
    expect((await open()).cookie.write('x')).toBe(
      'waygate-first-start-session=x; Path=/; HttpOnly; SameSite=Strict',
    );
    expect((await open(true)).cookie.write('x')).toBe(
      '__Host-waygate-first-start-session=x; Path=/; HttpOnly; SameSite=Strict; Secure',
    );
  });

  it('stays shut when the program is founded', async () => {
    const door = await open();
    const code = door.code ?? '';
    const secret = await door.enter(code, here);
    const next = door.code ?? '';
    await door.close();
    expect(await door.authenticate(as(door, secret))).toBeUndefined();
    for (const one of [code, next, '']) expect(await refusal(door, one)).toBe('code-refused');
    expect(() => statSync(door.codeFile)).toThrow('ENOENT');
  });
});
