import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../fault/index.ts';
import { matchesPath, normaliseServicePath } from './index.ts';

function normalise(raw: string): string {
  try {
    return normaliseServicePath(raw);
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

describe('the path on which access is judged', () => {
  it.each([
    ['', ''],
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/', '/a/'],
    ['/a%20b', '/a b'],
    ['/%C3%A4', '/\u00e4'],
    ['/a+b', '/a+b'],
    ['/%2D', '/-'],
    ['/100%25', '/100%'],
    ['/a..b/.c/d.', '/a..b/.c/d.'],
    ['/...', '/...'],
  ])('of %s is %s', (raw, path) => {
    expect(normalise(raw)).toBe(path);
  });

  it.each([
    ...['/a/../b', '/a/..', '/./a', '/a/.', '/..', '/%2e%2e/b', '/.%2E/b', '/%2e', '/a/%2e%2e'],
    ...['/a%2Fb', '/a%2fb', '/a%5Cb', '/a\\b', '/a%5c..%5cb'],
    ...['/a%3Fb', '/a%23b', '/a?b', '/a#b', '/a;b', '/a%3Bb', '/..;/b'],
    ...['//', '//a', '/a//b', '/a//'],
    ...['/%00', '/a%0d%0ab', '/%7f', '/%C2%80'],
    ...['/%', '/%2', '/%zz', '/a%u0041', '/%ff', '/%C0%AF', '/%ED%A0%80'],
    ...['/%252e%252e', '/%252F', '/%25%32%66'],
    'a',
  ])('is refused for %s', (raw) => {
    expect(normalise(raw)).toBe('InternalError');
  });

  it('never holds anything that a second reading would change', () => {
    const pieces = fc.constantFrom(...'/.%;?#\\25eEfF0a'.split(''), '%2e', '%2F', '%25', '%5c', '..');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const path = normalise(`/${parts.join('')}`);
        if (path === 'InternalError') return;
        expect(path.split('/').slice(1, -1)).not.toContain('');
        expect(path.split('/')).not.toContain('..');
        expect(path.split('/')).not.toContain('.');
        expect(path).not.toMatch(/[\\?#;]|%[0-9a-f]{2}/i);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('an endpoint pattern', () => {
  it.each([
    ['**', '', true],
    ['**', '/a/b', true],
    ['***', '', true],
    ['*', '', false],
    ['', '', false],
    ['/*', '', false],
    ['/', '/', true],
    ['/a', '/a', true],
    ['/a', '/A', false],
    ['/a', '/a/', false],
    ['/a', '/ab', false],
    ['/a/*', '/a', false],
    ['/a/*', '/a/', true],
    ['/a/*', '/a/b', true],
    ['/a/*', '/a/b/c', false],
    ['/a/**', '/a', false],
    ['/a/**', '/a/', true],
    ['/a/**', '/a/b/c', true],
    ['/*/b', '/a/b', true],
    ['/*/b', '/a/c/b', false],
    ['/**/b', '/a/c/b', true],
    ['/a*c', '/abbc', true],
    ['/a*c', '/ab/c', false],
    ['/\\*', '/*', true],
    ['/\\*', '/a', false],
    ['/\\\\', '/\\', true],
    ['/a.c', '/abc', false],
    ['/[a]?(b)', '/[a]?(b)', true],
    ['/[a]', '/a', false],
    ['/\u{1f600}*', '/\u{1f600}x', true],
  ])('%s covers "%s": %s', (glob, path, covers) => {
    expect(matchesPath(glob, path)).toBe(covers);
  });

  it('takes no long time for a pattern made to take long', () => {
    const startedAt = performance.now();
    expect(matchesPath(`/${'*a'.repeat(100)}`, `/${'a'.repeat(2000)}b`)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('covers the very path it was made of', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\/[a-z*\\/.?+()[\]]{0,20}$/), (path) => {
        expect(matchesPath(path.replace(/[*\\]/g, '\\$&'), path)).toBe(true);
      }),
    );
  });
});
