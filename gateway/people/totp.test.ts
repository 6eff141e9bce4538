import { describe, expect, it } from 'vitest';
import { matchTotp, printBase32, stepOf, totpAddress, totpAt } from './totp.ts';

const secret = Buffer.from('12345678901234567890');
const now = new Date('2026-11-23T12:00:10Z');
const present = stepOf(now);

describe('one-time codes', () => {
  // RFC 6238 Appendix B, the SHA-1 rows, of which the last six of eight digits.
  it.each([
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ])('are those of RFC 6238 at second %i', (second, code) => {
    expect(totpAt(secret, Math.floor(second / 30))).toBe(code);
    expect(matchTotp(secret, code, new Date(second * 1000), -1)).toBe(Math.floor(second / 30));
  });

  it('are taken one step early and one late, not two', () => {
    const taken = [-2, -1, 0, 1, 2].map((shift) =>
      matchTotp(secret, totpAt(secret, present + shift), now, -1),
    );
    expect(taken).toEqual([undefined, present - 1, present, present + 1, undefined]);
  });

  it('are taken once: a replayed code is refused, and an older one that was never used', () => {
    const code = totpAt(secret, present);
    expect(matchTotp(secret, code, now, -1)).toBe(present);
    expect(matchTotp(secret, code, now, present)).toBeUndefined();
    expect(matchTotp(secret, totpAt(secret, present - 1), now, present)).toBeUndefined();
    expect(matchTotp(secret, totpAt(secret, present + 1), now, present)).toBe(present + 1);
  });

  it.each(['', '12345', '1234567', 'abcdef', '١٢٣٤٥٦', '-12345', '1e5   ', '0x1234'])(
    'are six digits and nothing else: %s',
    (code) => {
      expect(matchTotp(secret, code, now, -1)).toBeUndefined();
    },
  );

  it('may be typed with a space', () => {
    const code = totpAt(secret, present);
    expect(matchTotp(secret, `${code.slice(0, 3)} ${code.slice(3)}`, now, -1)).toBe(present);
  });
});

describe('the shared secret', () => {
  it('is shown as apps take it', () => {
    expect(printBase32(secret)).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    expect(printBase32(Buffer.from('foob'))).toBe('MZXW6YQ');
    expect(totpAddress(secret, 'Waygate registry', 'anna')).toBe(
      'otpauth://totp/Waygate%20registry:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Waygate%20registry',
    );
  });
});
