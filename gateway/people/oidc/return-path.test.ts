import { describe, expect, it } from 'vitest';
import { returnPathOf } from './return-path.ts';

describe('open redirect at sign-in', () => {
  it.each([
    ...[
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      '\\/evil.example',
      '///evil.example',
      'evil',
    ],
    ...[
      '/\t/evil.example',
      '/\n/evil.example',
      '/ /evil.example',
      'javascript:alert(1)',
      '/%5cevil\\',
      '',
      '?x=/',
    ],
    ...[
      '/a//evil.example',
      '/./evil',
      '/../..//evil',
      '/%2e%2e/x',
      '/x#//evil',
      '/"><script>',
      '/x?y="><b>',
      '/é',
    ],
    `/${'x'.repeat(2_000)}`,
  ])('goes nowhere but to the first page: %j', (wanted) => {
    expect(returnPathOf(wanted)).toBe('/');
  });

  it.each(['/', '/members', '/members/', '/members/DEV:GOV:1001?tab=servers&x=/y', '/a%20b'])(
    'goes back to a page of this site: %s',
    (wanted) => {
      expect(returnPathOf(wanted)).toBe(wanted);
      expect(new URL(wanted, 'https://here.example').origin).toBe('https://here.example');
    },
  );
});
