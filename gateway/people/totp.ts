import { createHmac, timingSafeEqual } from 'node:crypto';

/** What authenticator apps expect; they ignore other choices in the address they scan. @see RFC 6238 §4, §5.2 */
const stepSeconds = 30;
const digits = 6;
/** Steps before and after the present one that are taken, for clocks that differ. */
const drift = 1;
/** Octets of a shared secret. @see RFC 4226 §4 R6 */
export const totpSecretBytes = 20;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * Finds the step whose code was typed.
 * @param code as typed; spaces are let pass
 * @param lastStep newest step whose code was taken from this person: it and all before it are spent
 * @returns the step, to be kept as the new `lastStep`; undefined when the code is wrong or spent
 */
export function matchTotp(secret: Uint8Array, code: string, now: Date, lastStep: number): number | undefined {
  const typed = code.replaceAll(' ', '');
  if (!/^\d{6}$/.test(typed)) return undefined;
  const present = stepOf(now);
  for (let step = present - drift; step <= present + drift; step += 1) {
    if (step > lastStep && timingSafeEqual(Buffer.from(totpAt(secret, step)), Buffer.from(typed)))
      return step;
  }
  return undefined;
}

/** Code of a step. @see RFC 4226 §5.3 */
export function totpAt(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const number = (mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits;
  return String(number).padStart(digits, '0');
}

export function stepOf(now: Date): number {
  return Math.floor(now.getTime() / 1000 / stepSeconds);
}

/** Address that authenticator apps scan. @param issuer the program, as people know it */
export function totpAddress(secret: Uint8Array, issuer: string, name: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(name)}`;
  return `otpauth://totp/${label}?secret=${printBase32(secret)}&issuer=${encodeURIComponent(issuer)}`;
}

/** Without padding, as people type it. @see RFC 4648 §6 */
export function printBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((group) => alphabet[Number.parseInt(group.padEnd(5, '0'), 2)])
    .join('');
}
