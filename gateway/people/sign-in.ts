import { Problem, type Role } from '../http/index.ts';
import { actorOf, change, lacksSecondFactor, type PeopleContext } from './context.ts';
import { checkName, foldName } from './names.ts';
import { normalizePassword } from './password-policy.ts';
import { type Person, sortRoles } from './persons.ts';
import type { NewSecondFactor } from './second-factors.ts';
import type { Attempt } from './throttle.ts';

/** Where a request comes from. */
export interface Origin {
  readonly address: string;
  readonly userAgent: string;
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
  /** Of the second factor, or a recovery code. */
  readonly code?: string | undefined;
}

/** Whom another system signed in. */
export interface ExternalPerson {
  readonly issuer: string;
  /** The issuer's own name for the person: it is never given to another. */
  readonly subject: string;
  /** Taken when the person comes for the first time. */
  readonly name: string;
  /** That the issuer's claim gives, mapped. */
  readonly roles: readonly Role[];
}

/**
 * Signing in. Whoever fails hears the same, after the same work, whether the name, the password or the code was wrong.
 */
export class SignIn {
  readonly #context: PeopleContext;

  constructor(context: PeopleContext) {
    this.#context = context;
  }

  /**
   * @returns the secret of a new session, for the cookie
   * @throws Problem 401 sign-in-refused, second-factor-needed (the password is right), second-factor-setup-needed;
   *   429 sign-in-throttled; 503 busy
   */
  async withPassword({ name, password, code }: Credentials, origin: Origin): Promise<string> {
    const { factors } = this.#context;
    const { person, attempt } = await this.#check(name, password, origin, 'session.begin');
    if (factors.isConfirmed(person.name)) {
      if (code === undefined) {
        attempt.forgive();
        throw new Problem(401, 'second-factor-needed', 'Send the code of the second factor as well');
      }
      if (!factors.spend(person.name, code)) throw this.#refuse('session.begin', person, origin, 'code');
    } else if (lacksSecondFactor(this.#context, person)) {
      this.#confirmFirstCode(person, code, origin, attempt);
    }
    return this.#begin(person, origin, attempt);
  }

  /**
   * Begins a second factor for who must have one before they may sign in.
   * @throws Problem 401 sign-in-refused; 409 second-factor-not-needed; 429 sign-in-throttled; 503 busy
   */
  async beginSecondFactor({ name, password }: Credentials, origin: Origin): Promise<NewSecondFactor> {
    const { person, attempt } = await this.#check(name, password, origin, 'second-factor.begin');
    attempt.forgive();
    if (!lacksSecondFactor(this.#context, person)) {
      throw new Problem(
        409,
        'second-factor-not-needed',
        'Sign in; a second factor is made in your own settings',
      );
    }
    const actor = actorOf(person.name);
    return change(this.#context, { actor, action: 'second-factor.begin', target: actor }, () =>
      this.#context.factors.begin(person.name),
    );
  }

  /** Makes sure that it is the person who wants to change something about signing in. @throws Problem as signing in */
  async confirmPassword(name: string, password: string, origin: Origin): Promise<void> {
    const { attempt } = await this.#check(name, password, origin, 'password.confirm');
    attempt.forgive();
  }

  /**
   * Takes whom another system signed in, with the roles it says now.
   * @throws Problem 403 no-role-mapped; 409 user-exists when somebody else has that name here; 422 name-unfit
   */
  external(person: ExternalPerson, origin: Origin): string {
    const known = this.#context.persons.findBySubject(subjectOf(person));
    try {
      return this.#takeExternal(person, known, origin);
    } catch (error) {
      if (error instanceof Problem) {
        this.#noteRefusal('session.begin', targetOf(known), origin, error.code);
      }
      throw error;
    }
  }

  #takeExternal(external: ExternalPerson, known: Person | undefined, origin: Origin): string {
    const { persons, sessions } = this.#context;
    const { issuer, name, roles } = external;
    const shown = known?.name ?? checkName(name);
    const target = actorOf(shown);
    const wanted = sortRoles(roles);
    if (known === undefined && wanted.length > 0) {
      change(
        this.#context,
        { actor: target, action: 'user.create', target, detail: { roles: wanted, issuer } },
        () => persons.insert({ name: shown, roles: wanted, subject: subjectOf(external) }),
      );
    } else if (known !== undefined && String(known.roles) !== String(wanted)) {
      const detail = { roles: wanted, before: known.roles, issuer };
      change(this.#context, { actor: target, action: 'user.set-roles', target, detail }, () => {
        persons.setRoles(known, wanted);
        sessions.endAll(shown);
      });
    }
    if (wanted.length === 0) {
      const detail = `${shown} was signed in, and has no role here; ask who maps roles in the settings of sign-in`;
      throw new Problem(403, 'no-role-mapped', detail);
    }
    return this.#begin(persons.get(shown), origin, undefined);
  }

  /** Writes down that another system did not sign somebody in. */
  noteRefused(origin: Origin, code: string): void {
    this.#noteRefusal('session.begin', 'unknown user', origin, code);
  }

  /** @throws Problem when name and password do not belong together */
  async #check(
    typed: string,
    password: string,
    origin: Origin,
    action: string,
  ): Promise<{ readonly person: Person; readonly attempt: Attempt }> {
    const { persons, throttle, hasher } = this.#context;
    const name = foldName(typed);
    const found = name === undefined ? undefined : persons.find(name);
    const attempt = throttle.begin(name ?? typed, origin.address, found !== undefined);
    if (attempt.kind === 'wait') {
      if (attempt.isFirst) this.#noteRefusal(action, targetOf(found), origin, 'sign-in-throttled');
      const detail = `Too many tries failed; wait ${attempt.seconds} seconds`;
      throw new Problem(429, 'sign-in-throttled', detail, { retryAfterSeconds: attempt.seconds });
    }
    const normalized = normalizePassword(password);
    const verdict = await hasher.verify(normalized, found?.passwordRecord).catch((error: unknown) => {
      attempt.forgive();
      throw error;
    });
    // Whom it was may have changed while it was hashed.
    const person = found && persons.find(found.name);
    if (!verdict.isRight || person === undefined || person.passwordRecord !== found?.passwordRecord) {
      throw this.#refuse(action, found, origin, 'password');
    }
    if (verdict.isOutdated && person.passwordRecord !== undefined) {
      const record = await hasher.hash(normalized);
      const isReplaced = persons.replaceRecord(person.name, person.passwordRecord, record);
      if (!isReplaced) throw this.#refuse(action, found, origin, 'password');
    }
    return { person, attempt };
  }

  #confirmFirstCode(person: Person, code: string | undefined, origin: Origin, attempt: Attempt): void {
    const { factors } = this.#context;
    if (code === undefined || !factors.isBegun(person.name)) {
      attempt.forgive();
      const detail =
        'A role of yours demands a second factor; begin one with POST /api/v1/session/second-factor';
      throw new Problem(401, 'second-factor-setup-needed', detail);
    }
    const actor = actorOf(person.name);
    const isRight = factors.confirm(person.name, code);
    if (!isRight) throw this.#refuse('second-factor.confirm', person, origin, 'code');
    this.#context.journal.append({ actor, action: 'second-factor.confirm', target: actor, outcome: 'done' });
  }

  #begin(person: Person, { address, userAgent }: Origin, attempt: Attempt | undefined): string {
    const { persons, sessions } = this.#context;
    const actor = actorOf(person.name);
    return change(
      this.#context,
      { actor, action: 'session.begin', target: actor, detail: { address } },
      () => {
        attempt?.succeed();
        persons.noteSignIn(person.name);
        return sessions.begin(person.name, address, userAgent);
      },
    );
  }

  #refuse(action: string, person: Person | undefined, origin: Origin, wrong: 'password' | 'code'): Problem {
    this.#noteRefusal(action, targetOf(person), origin, `wrong-${wrong}`);
    return new Problem(401, 'sign-in-refused', 'Name, password or code is wrong');
  }

  #noteRefusal(action: string, target: string, { address }: Origin, code: string): void {
    this.#context.journal.append({
      ...{ actor: 'anonymous', action, target, outcome: 'refused', code },
      detail: { address },
    });
  }
}

function subjectOf({ issuer, subject }: ExternalPerson): string {
  return `${issuer} ${subject}`;
}

/** What was typed as an unknown name may have been a password: it is not written down. */
function targetOf(person: Person | undefined): string {
  return person === undefined ? 'unknown user' : actorOf(person.name);
}
