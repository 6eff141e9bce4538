import { createHash, randomInt, timingSafeEqual } from 'node:crypto';

/** Digits and letters that nobody takes for one another. @see Crockford's Base32 */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const groups = 4;
const groupLength = 4;

/** A code of 80 random bits, as it is read from one screen and typed at another: `7KQM-2X9D-V4TB-HJ0C`. */
export function makeCode(): string {
  const group = () =>
    Array.from({ length: groupLength }, () => alphabet[randomInt(alphabet.length)]).join('');
  return Array.from({ length: groups }, group).join('-');
}

/**
 * Whether somebody typed this code: capitals or not, with or without the lines between the groups, O for 0 and I or L
 * for 1.
 */
export function isCode(typed: string, code: string): boolean {
  return timingSafeEqual(digest(normalize(typed)), digest(normalize(code)));
}

function normalize(text: string): string {
  return text.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
