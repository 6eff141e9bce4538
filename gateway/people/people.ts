import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Authenticate, bearerOf, type Principal } from '../http/index.ts';
import type { Journal } from '../journal/index.ts';
import { openStore } from '../store/index.ts';
import { ApiKeys } from './api-keys.ts';
import { actorOf, lacksSecondFactor, type PeopleContext } from './context.ts';
import { SessionCookie } from './cookies.ts';
import { KeyRing } from './key-ring.ts';
import { PasswordHasher } from './password-hasher.ts';
import { Persons } from './persons.ts';
import { RequiredFactor } from './required-factor.ts';
import { peopleSteps } from './rows.ts';
import { SecondFactors } from './second-factors.ts';
import { csrfTokenOf, type Session, Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';
import { SignInThrottle } from './throttle.ts';
import { type FirstUser, type User, Users } from './users.ts';

export interface PeopleOptions {
  /** Of the database, readable by its owner alone. */
  readonly path: string;
  readonly now: () => Date;
  readonly journal: Pick<Journal, 'append'>;
  /** How authenticator apps and cookies name the program: `Waygate registry`. */
  readonly program: string;
  /** Whether browsers come over https: cookies go nowhere else then. */
  readonly isHttps: boolean;
  /** Another one than usual, for tests. */
  readonly hasher?: PasswordHasher;
}

/** Who may use a program's administration, as whom they are known, and how they show it. */
export class People {
  readonly users: Users;
  readonly signIn: SignIn;
  readonly keys: KeyRing;
  readonly sessions: Sessions;
  readonly cookie: SessionCookie;
  readonly #context: PeopleContext;
  readonly #close: () => void;

  private constructor(context: PeopleContext, cookie: SessionCookie, close: () => void) {
    this.#context = context;
    this.#close = close;
    this.cookie = cookie;
    this.sessions = context.sessions;
    this.users = new Users(context);
    this.signIn = new SignIn(context);
    this.keys = new KeyRing(context);
  }

  /** @throws StoreError when a later release wrote the file */
  static async open({ path, now, journal, program, isHttps, hasher }: PeopleOptions): Promise<People> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Before anything is in it; SQLite gives the files beside it the same access bits.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    const store = openStore<object>(path, peopleSteps);
    const { database } = store;
    const context: PeopleContext = {
      ...{ database, now, journal },
      hasher: hasher ?? new PasswordHasher(),
      throttle: new SignInThrottle(database, now),
      persons: new Persons(database, now),
      sessions: new Sessions(database, now),
      factors: new SecondFactors(database, now, program),
      required: new RequiredFactor(database),
      keys: new ApiKeys(database, now),
    };
    return new People(context, new SessionCookie(program, isHttps), () => store.close());
  }

  /** No person yet: the first start. */
  isEmpty(): boolean {
    return this.#context.persons.isEmpty();
  }

  /** @see Users.createFirst */
  createFirst(user: FirstUser): Promise<User> {
    return this.users.createFirst(user);
  }

  /**
   * Knows who comes with the cookie of a session or with an API key. A request that brings both is the key's: what a
   * browser adds by itself never helps a key out.
   */
  readonly authenticate: Authenticate = ({ headers }) => {
    if (headers.has('authorization')) {
      const presented = bearerOf(headers);
      return presented === undefined ? undefined : this.keys.principal(presented);
    }
    const secret = this.cookie.read(headers);
    const session = secret === undefined ? undefined : this.session(secret);
    return session && secret !== undefined ? this.#principal(session, secret) : undefined;
  };

  /** @param secret from a cookie. @returns undefined also when a second factor is demanded meanwhile */
  session(secret: string): Session | undefined {
    const session = this.sessions.find(secret);
    const person = session && this.#context.persons.find(session.person);
    return person === undefined || lacksSecondFactor(this.#context, person) ? undefined : session;
  }

  close(): void {
    this.#close();
  }

  #principal({ person }: Session, secret: string): Principal {
    const { roles } = this.#context.persons.get(person);
    return {
      ...{ id: actorOf(person), kind: 'user', roles: new Set(roles) },
      session: { csrfToken: csrfTokenOf(secret) },
    };
  }
}
