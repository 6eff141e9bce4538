import { isIP } from 'node:net';
import { checkPin, TokenError } from '../../certs/token/index.ts';
import { Problem } from '../../gateway/http/index.ts';
import { checkCreatable, IdentifierError } from '../../gateway/identifier/index.ts';
import { type InvitationClaims, InvitationError, readInvitation } from '../../gateway/joining/index.ts';
import { checkFirstPerson } from '../../gateway/people/index.ts';
import { JoinError } from './error.ts';

/** A host name or IP address alone. @throws JoinError wrong-use */
export function checkAddress(address: string): void {
  if (isIP(address) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(address)) return;
  throw new JoinError('wrong-use', `'${address}' is not an address: a host name or IP address is expected`);
}

/** @throws JoinError wrong-use */
export function checkSubsystem(code: string): void {
  try {
    checkCreatable(code);
  } catch (cause) {
    if (!(cause instanceof IdentifierError)) throw cause;
    throw new JoinError('wrong-use', `subsystem: ${cause.message}`, { cause });
  }
}

/** @throws JoinError wrong-use */
export function checkSigningToken(name: string, devices: readonly string[] = []): void {
  if (devices.includes(name)) return;
  const known = devices.length === 0 ? 'they name none' : `they name ${devices.join(', ')}`;
  throw new JoinError('wrong-use', `'${name}' is no device of the settings of this server: ${known}`);
}

/** As much as is known yet of what a joining begins with. */
export interface ToCheck {
  readonly invitation?: string | undefined;
  readonly address?: string | undefined;
  readonly subsystems?: readonly { readonly code: string }[] | undefined;
  readonly signingToken?: string | undefined;
  readonly administrator?: string | undefined;
  readonly administratorPassword?: string | undefined;
  readonly pin?: string | undefined;
}

/** Stands for a password that is not chosen yet, when the name alone is looked at. */
const anyPassword = 'some other 4 words';

/**
 * Looks at all that was given, so that nobody hears of one mistake after the other.
 * @param devices those that the settings name
 * @returns what the invitation says, when there is one
 * @throws Problem 422 invalid-fields, with each field
 */
export async function checkJoining(
  given: ToCheck,
  now: Date,
  devices: readonly string[] = [],
): Promise<InvitationClaims | undefined> {
  const errors: { pointer: string; detail: string }[] = [];
  const look = async <Answer>(pointer: string, check: () => Answer | Promise<Answer>) => {
    try {
      return await check();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      errors.push({ pointer, detail: error.message });
      return undefined;
    }
  };
  const { invitation, address, subsystems, signingToken, administrator, administratorPassword, pin } = given;
  const claims =
    invitation === undefined ? undefined : await look('/invitation', () => readInvitation(invitation, now));
  if (address !== undefined) await look('/address', () => checkAddress(address));
  for (const [index, { code }] of (subsystems ?? []).entries()) {
    await look(`/subsystems/${index}/code`, () => checkSubsystem(code));
  }
  if (signingToken !== undefined) {
    await look('/signingToken', () => checkSigningToken(signingToken, devices));
  }
  const name = administrator ?? 'nobody';
  await look('/administrator', () => checkFirstPerson({ name, password: anyPassword }));
  if (administratorPassword !== undefined) {
    // A name that does not fit was told of above.
    const isNamed = !errors.some(({ pointer }) => pointer === '/administrator');
    const person = { name: isNamed ? name : 'nobody', password: administratorPassword };
    await look('/administratorPassword', () => checkFirstPerson(person));
  }
  if (pin !== undefined) await look('/pin', () => checkPin(pin));
  const [first] = errors;
  if (first === undefined) return claims;
  throw new Problem(422, 'invalid-fields', `${first.pointer}: ${first.detail}`, { errors });
}

function isRefusal(error: unknown): error is Error {
  return [JoinError, InvitationError, TokenError, Problem].some((kind) => error instanceof kind);
}
