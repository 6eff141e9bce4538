import { stepOf, totpAt } from '../totp.ts';

/** What an authenticator app shows. @param secret base32, as it was shown */
export function codeOf(secret: string, at: Date): string {
  const bits = [...secret]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return totpAt(Uint8Array.from(bytes), stepOf(at));
}
