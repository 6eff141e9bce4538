import { checkPin, TokenError } from '../../certs/token/index.ts';
import { Problem } from '../../gateway/http/index.ts';
import { checkFirstPerson } from '../../gateway/people/index.ts';
import {
  checkAddress,
  checkCode,
  checkMemberClass,
  type MemberClass,
  RegisterError,
} from '../register/index.ts';

/** What it takes to found an instance. */
export interface FoundingRequest {
  readonly instance: string;
  readonly address: string;
  readonly memberClasses: readonly MemberClass[];
  /** Name of the first person, a system administrator. */
  readonly administrator: string;
  readonly administratorPassword: string;
  /** Absent: the one the program was started with. */
  readonly pin?: string | undefined;
}

/** Stands for a password that is not chosen yet, when the name alone is looked at. */
const anyPassword = 'some other 4 words';

/**
 * Looks at all that was given, so that nobody hears of one mistake after the other.
 * @param given as much as is known yet
 * @throws Problem 422 invalid-fields, with each field
 */
export function checkFounding(given: Partial<FoundingRequest>): void {
  const errors: { pointer: string; detail: string }[] = [];
  const look = (pointer: string, check: () => void) => {
    try {
      check();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      errors.push({ pointer, detail: error.message });
    }
  };
  const { instance, address, memberClasses = [], administrator, administratorPassword, pin } = given;
  if (instance !== undefined) look('/instance', () => checkCode(instance));
  if (address !== undefined) look('/address', () => checkAddress(address));
  memberClasses.forEach((one, index) => {
    look(`/memberClasses/${index}`, () => checkMemberClass(one));
    const isTwice = memberClasses.findIndex(({ code }) => code === one.code) !== index;
    if (isTwice) errors.push({ pointer: `/memberClasses/${index}`, detail: `${one.code} is there twice` });
  });
  if (administrator !== undefined) {
    look('/administrator', () => checkFirstPerson({ name: administrator, password: anyPassword }));
  }
  if (administratorPassword !== undefined) {
    // A name that does not fit was told of above.
    const name = errors.some(({ pointer }) => pointer === '/administrator') ? 'nobody' : administrator;
    look('/administratorPassword', () =>
      checkFirstPerson({ name: name ?? 'nobody', password: administratorPassword }),
    );
  }
  if (pin !== undefined) look('/pin', () => checkPin(pin));
  if (errors.length > 0) throw fieldsProblem(errors);
}

/** @param errors at least one */
export function fieldsProblem(
  errors: readonly { readonly pointer: string; readonly detail: string }[],
): Problem {
  const [first] = errors;
  return new Problem(422, 'invalid-fields', `${first?.pointer}: ${first?.detail}`, { errors });
}

function isRefusal(error: unknown): error is Error {
  return error instanceof RegisterError || error instanceof TokenError || error instanceof Problem;
}
