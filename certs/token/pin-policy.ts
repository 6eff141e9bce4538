import { TokenError } from './error.ts';

const minLength = 10;
const minClasses = 3;
/** From this length on a phrase is as hard to guess as any mixture of characters. */
const phraseLength = 20;
const maxLength = 256;

const classes: readonly RegExp[] = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/];

/** What a new PIN has to be, for people. */
const pinPolicy =
  `a PIN has at least ${minLength} characters, of three of these kinds: small letters, capitals, digits, others; ` +
  `or at least ${phraseLength} of any kind. All are of those that every keyboard has (ASCII)`;

/**
 * The policy of X-Road's tokens, but that a long phrase is taken as well. PINs that were set before are not judged.
 * @throws TokenError pin-policy; the PIN is never part of the message
 * @see X-Road 7 UG-SYSPAR: signer.enforce-token-pin-policy
 */
export function checkPin(pin: string): void {
  const isTypable = /^[\x20-\x7e]*$/.test(pin) && pin.trim() === pin;
  const kinds = classes.filter((kind) => kind.test(pin)).length;
  const isMixed = pin.length >= minLength && kinds >= minClasses;
  const isPhrase = pin.length >= phraseLength && new Set(pin).size >= minLength;
  if (isTypable && pin.length <= maxLength && (isMixed || isPhrase)) return;
  throw new TokenError(
    'pin-policy',
    `The PIN is too easy to guess, or cannot be typed everywhere: ${pinPolicy}`,
  );
}
