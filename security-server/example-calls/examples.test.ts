import { describe, expect, it } from 'vitest';
import { type ExampleCall, examplesOf } from './index.ts';

const call: ExampleCall = {
  ...{ server: 'http://ss1.example:8080', connectionType: 'NOSSL', method: 'POST' },
  target: '/r1/DEV/GOV/1/population/register/persons',
  headers: [['X-Road-Client', 'DEV/MUN/2/portal']],
};
const textIn = (language: string, changes: Partial<ExampleCall>) =>
  examplesOf({ ...call, ...changes }).find((one) => one.language === language)?.text ?? '';

describe('examples of calls', () => {
  it.each([
    ['a path with spaces', { target: '/r1/a b' }],
    ['a path of another server', { target: '@elsewhere.example/' }],
    ['a path that steps upwards', { target: '/r1/a/../../b' }],
    ['a path that steps upwards, encoded', { target: '/r1/a/%2e./b' }],
    ['a path of several lines', { target: '/r1/a\nb' }],
    ['a method with an option', { method: 'GET -o /etc/x' }],
    ['a header of two', { headers: [['X', 'a\r\nY: b']] as const }],
    ['a header with a name that is none', { headers: [['X: y', 'a']] as const }],
  ])('are not made of %s', (_what, changes) => {
    expect(examplesOf({ ...call, ...changes })).toEqual([]);
  });

  it('in curl are quoted for the shell, and send no file that a body names', () => {
    const text = textIn('curl', { body: "@/etc/passwd' ; rm -rf / ; '" });
    expect(text).toContain("--data-raw '@/etc/passwd'\\'' ; rm -rf / ; '\\'''");
    expect(text).not.toContain('--data-binary');
  });

  it.each([
    ['TypeScript', '"\\u00e4\\"\\\\\\ud83d\\ude00\\u202e"'],
    ['Java', '"\\u00e4\\"\\\\\\ud83d\\ude00\\u202e"'],
    ['Python', '"\\U000000e4\\"\\\\\\U0001f600\\U0000202e"'],
  ])('in %s write texts as literals of ASCII', (language, literal) => {
    const text = textIn(language, { body: 'ä"\\😀\u202e' });
    expect(text).toContain(literal);
    expect(text).toMatch(/^[\n -~]*$/);
  });

  it.each(['curl', 'TypeScript', 'Python', 'Java'])(
    'in %s show certificates where they are asked for',
    (language) => {
      const files = (connectionType: ExampleCall['connectionType']) =>
        ['server.pem', 'system.'].map((file) => textIn(language, { connectionType }).includes(file));
      expect(files('NOSSL')).toEqual([false, false]);
      expect(files('SSLNOAUTH')).toEqual([true, false]);
      expect(files('SSLAUTH')).toEqual([true, true]);
    },
  );
});
