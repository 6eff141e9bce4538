import { type Principal, Problem, type Role } from '../http/index.ts';
import { actorOf, change, lacksSecondFactor, type PeopleContext } from './context.ts';
import { checkName } from './names.ts';
import { checkNewPassword } from './password-policy.ts';
import { type Person, sortRoles } from './persons.ts';
import type { NewSecondFactor } from './second-factors.ts';

/** A person as others may see them. */
export interface User {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly signsInWith: 'password' | 'oidc';
  readonly hasSecondFactor: boolean;
  readonly createdAt: Date;
  readonly signedInAt?: Date;
  /** Raised with each change. */
  readonly version: number;
}

export interface NewUser {
  readonly name: string;
  readonly password: string;
  readonly roles: readonly Role[];
}

/** The first: with a password, or with what is kept of one that was checked before. */
export type FirstUser = Omit<NewUser, 'roles'> | { readonly name: string; readonly passwordRecord: string };

/**
 * Changes to who may sign in and as what. Whoever's password, roles or second factor change, all their sessions end.
 * @see Persons for why the last system administrator stays
 */
export class Users {
  readonly #context: PeopleContext;

  constructor(context: PeopleContext) {
    this.#context = context;
  }

  list(): User[] {
    return this.#context.persons.list().map((person) => this.#show(person));
  }

  /** @throws Problem 404 user-not-found */
  get(name: string): User {
    return this.#show(this.#context.persons.get(name));
  }

  /**
   * Makes the first person, who makes the others. Of many at once, one succeeds.
   * @throws Problem 409 not-first; 422 as `create`
   */
  async createFirst(user: FirstUser & { readonly roles?: readonly Role[] }): Promise<User> {
    const roles = sortRoles([...(user.roles ?? []), 'system-administrator']);
    return this.#insert('system', { ...user, roles }, () => {
      if (this.#context.persons.isEmpty()) return;
      throw new Problem(409, 'not-first', 'There are users already; ask one who is a system administrator');
    });
  }

  /** @throws Problem 409 user-exists, too-many-users; 422 name-unfit, password-length, password-guessable */
  async create(by: Principal, user: NewUser): Promise<User> {
    return this.#insert(by.id, user, () => undefined);
  }

  /** @throws Problem 404 user-not-found; 409 last-system-administrator, roles-from-elsewhere */
  setRoles(by: Principal, name: string, roles: readonly Role[]): User {
    const { persons, sessions } = this.#context;
    const wanted = sortRoles(roles);
    const before = persons.get(name).roles;
    const event = { actor: by.id, action: 'user.set-roles', target: actorOf(name) };
    change(this.#context, { ...event, detail: { roles: wanted, before } }, () => {
      const person = persons.get(name);
      if (person.subject !== undefined) {
        const detail = `${name} signs in elsewhere, and has the roles that are mapped from there`;
        throw new Problem(409, 'roles-from-elsewhere', detail);
      }
      persons.setRoles(person, wanted);
      sessions.endAll(name);
    });
    return this.get(name);
  }

  /** @throws Problem 404 user-not-found; 409 last-system-administrator */
  remove(by: Principal, name: string): void {
    const { persons } = this.#context;
    change(this.#context, { actor: by.id, action: 'user.remove', target: actorOf(name) }, () => {
      persons.remove(persons.get(name));
    });
  }

  /** @throws Problem 404 user-not-found; 409 no-password; 422 password-length, password-guessable; 503 busy */
  async setPassword(by: Principal, name: string, password: string): Promise<void> {
    const { persons, sessions, hasher } = this.#context;
    this.#ownPassword(name);
    const record = await hasher.hash(checkNewPassword(password, name));
    change(this.#context, { actor: by.id, action: 'user.set-password', target: actorOf(name) }, () => {
      this.#ownPassword(name);
      persons.setPassword(name, record);
      sessions.endAll(name);
    });
  }

  /** In force with its first code. @throws Problem 404 user-not-found; 409 no-password, second-factor-exists */
  beginSecondFactor(by: Principal, name: string): NewSecondFactor {
    const { factors } = this.#context;
    return change(
      this.#context,
      { actor: by.id, action: 'second-factor.begin', target: actorOf(name) },
      () => {
        this.#ownPassword(name);
        if (factors.isConfirmed(name)) {
          throw new Problem(
            409,
            'second-factor-exists',
            'There is a second factor; remove it before another is begun',
          );
        }
        return factors.begin(name);
      },
    );
  }

  /** @throws Problem 409 second-factor-not-begun; 422 code-wrong */
  confirmSecondFactor(by: Principal, name: string, code: string): void {
    const { factors, sessions } = this.#context;
    change(this.#context, { actor: by.id, action: 'second-factor.confirm', target: actorOf(name) }, () => {
      if (!factors.isBegun(name)) {
        throw new Problem(
          409,
          'second-factor-not-begun',
          'Begin a second factor before its first code is sent',
        );
      }
      if (!factors.confirm(name, code)) {
        throw new Problem(422, 'code-wrong', 'The code is wrong, or was used; wait for the next one');
      }
      sessions.endAll(name);
    });
  }

  /** @throws Problem 404 user-not-found, second-factor-not-found */
  removeSecondFactor(by: Principal, name: string): void {
    const { persons, factors, sessions } = this.#context;
    change(this.#context, { actor: by.id, action: 'second-factor.remove', target: actorOf(name) }, () => {
      persons.get(name);
      if (!factors.remove(name)) {
        throw new Problem(404, 'second-factor-not-found', `${name} has no second factor`);
      }
      sessions.endAll(name);
    });
  }

  secondFactorOf(name: string): { readonly hasSecondFactor: boolean; readonly recoveryCodesLeft?: number } {
    const { factors } = this.#context;
    if (!factors.isConfirmed(name)) return { hasSecondFactor: false };
    return { hasSecondFactor: true, recoveryCodesLeft: factors.recoveryCodesLeft(name) };
  }

  /** Roles that demand a second factor. */
  secondFactorRoles(): Role[] {
    return this.#context.required.roles();
  }

  /** Ends the sessions of those who must make a second factor now. */
  setSecondFactorRoles(by: Principal, roles: readonly Role[]): void {
    const { required, persons, sessions } = this.#context;
    const detail = { roles: sortRoles(roles), before: required.roles() };
    const event = { actor: by.id, action: 'second-factor.require', target: 'sign-in', detail };
    change(this.#context, event, () => {
      required.set(roles);
      const lacking = persons.list().filter((person) => lacksSecondFactor(this.#context, person));
      for (const { name } of lacking) sessions.endAll(name);
    });
  }

  async #insert(
    actor: string,
    user: FirstUser & { readonly roles: readonly Role[] },
    check: () => void,
  ): Promise<User> {
    const { persons, hasher } = this.#context;
    const name = checkName(user.name);
    const given = 'password' in user ? { password: checkNewPassword(user.password, name) } : user;
    check();
    const passwordRecord = 'password' in given ? await hasher.hash(given.password) : given.passwordRecord;
    const roles = sortRoles(user.roles);
    change(this.#context, { actor, action: 'user.create', target: actorOf(name), detail: { roles } }, () => {
      check();
      persons.insert({ name, roles, passwordRecord });
    });
    return this.get(name);
  }

  #ownPassword(name: string): void {
    if (this.#context.persons.get(name).passwordRecord !== undefined) return;
    throw new Problem(409, 'no-password', `${name} signs in elsewhere, and has no password here`);
  }

  #show(person: Person): User {
    const { name, roles, subject, createdAt, signedInAt, version } = person;
    return {
      ...{ name, roles, createdAt, version },
      signsInWith: subject === undefined ? 'password' : 'oidc',
      hasSecondFactor: this.#context.factors.isConfirmed(name),
      ...(signedInAt !== undefined && { signedInAt }),
    };
  }
}
