import { describe, expect, it } from 'vitest';
import { checkNewPassword } from './password-policy.ts';

const refused = (code: string) => expect.objectContaining({ status: 422, code });

describe('a new password', () => {
  it.each([
    ['', 'password-length'],
    ['elevenchars', 'password-length'],
    ['x'.repeat(1025), 'password-length'],
    ['x'.repeat(10_000_000), 'password-length'],
    // One character that becomes eighteen.
    ['\ufdfa'.repeat(1000), 'password-length'],
    // Twelve UTF-16 units, six characters.
    ['😀😁😂🤣😃😄', 'password-length'],
    ['half a character \ud800', 'password-unreadable'],
    ['Password1234', 'password-guessable'],
    ['ｐａｓｓｗｏｒｄ１２３４', 'password-guessable'],
    ['aaaaaaaaaaaaaaaa', 'password-guessable'],
    ['anna.karenina', 'password-guessable'],
    ['Anna.Karenina1877!', 'password-guessable'],
    ['annakareninaannakarenina', 'password-guessable'],
  ])('is refused: %#', (password, code) => {
    expect(() => checkNewPassword(password, 'anna.karenina')).toThrow(refused(code));
  });

  it('is taken when it is long enough, in one form whatever keyboard it was typed on', () => {
    expect(checkNewPassword('four words of öl', 'anna')).toBe(
      checkNewPassword('four words of o\u0308l', 'anna'),
    );
    expect(checkNewPassword('y2 '.repeat(4) + 'x'.repeat(1012), 'anna')).toHaveLength(1024);
    expect(checkNewPassword('anna reads a book', 'anna')).toBe('anna reads a book');
  });
});
