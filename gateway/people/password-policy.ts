import { Problem } from '../http/index.ts';

/** In characters, after normalisation. */
const minLength = 12;
const maxLength = 1024;
/** Of what is sent, in UTF-16 units: normalisation may make text up to 18 times longer, and is not free. */
export const maxPasswordUnits = 2 * maxLength;

/** Those of the common lists that are long enough to pass otherwise; in lower case. */
const commonest = new Set([
  ...['123456789012', '1234567890123', '1234567890123456', '012345678910', '123123123123', '121212121212'],
  ...['112233445566', '987654321012', '1q2w3e4r5t6y', '1qaz2wsx3edc', '1qaz2wsx3edc4rfv', 'q1w2e3r4t5y6'],
  ...[
    'qwertyuiop12',
    'qwertyuiop123',
    'qwertyuiop1234',
    'qwertyuiopasdfghjkl',
    'qwerty123456',
    'asdfghjkl123',
  ],
  ...['password1234', 'password12345', 'password123456', 'password123!', 'passwordpassword', 'mypassword123'],
  ...[
    'administrator',
    'administrator1',
    'administrator123',
    'admin1234567',
    'adminadminadmin',
    'admin123456!',
  ],
  ...['changeme1234', 'changemechangeme', 'changeit1234', 'letmein12345', 'letmeinletmein', 'welcome12345'],
  ...['iloveyou1234', 'iloveyouforever', 'unknown12345', 'correcthorsebatterystaple', 'waygate12345'],
  ...['waygatewaygate', 'xroad1234567', 'securityserver', 'securityserver1', 'centralserver', 'testtesttest'],
]);

/** The one form in which a password is hashed: the same whatever keyboard it was typed on. */
export function normalizePassword(password: string): string {
  return password.normalize('NFKC');
}

/**
 * Checks a password that somebody chose. No rules of composition: length, and not what is tried first.
 * @param name of the person
 * @returns the form in which it is hashed
 * @throws Problem 422 password-length, password-guessable, password-unreadable
 * @see NIST SP 800-63B §5.1.1.2
 */
export function checkNewPassword(password: string, name: string): string {
  if (password.length > maxPasswordUnits) throw tooLong();
  if (/\p{Surrogate}/u.test(password)) {
    throw new Problem(422, 'password-unreadable', 'The password holds half a character; type it again');
  }
  const normalized = normalizePassword(password);
  const length = [...normalized].length;
  if (length > maxLength) throw tooLong();
  if (length < minLength) {
    const detail = `The password is ${length} characters long; choose at least ${minLength}, such as four words`;
    throw new Problem(422, 'password-length', detail);
  }
  const folded = normalized.toLowerCase();
  if (new Set(folded).size < 4 || commonest.has(folded) || isOf(name, folded)) {
    const detail = 'The password is one of those that are tried first; choose another, such as four words';
    throw new Problem(422, 'password-guessable', detail);
  }
  return normalized;
}

/** The name, also repeated, or with digits and signs around it. */
function isOf(name: string, folded: string): boolean {
  const letters = (text: string) => text.replace(/[^\p{L}]/gu, '');
  const [own, rest] = [letters(name.normalize('NFKC').toLowerCase()), letters(folded)];
  if (folded === name.toLowerCase()) return true;
  return own !== '' && rest !== '' && rest.replaceAll(own, '') === '';
}

function tooLong(): Problem {
  return new Problem(422, 'password-length', `A password has at most ${maxLength} characters`);
}
