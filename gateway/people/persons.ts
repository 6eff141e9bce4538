import type Database from 'better-sqlite3';
import { roles as allRoles, Problem, type Role } from '../http/index.ts';
import type { PersonRow } from './rows.ts';

/** Bounds what is kept, and what one list answers. */
const maxPersons = 10_000;

export interface Person {
  readonly name: string;
  readonly roles: readonly Role[];
  /** Absent: signs in elsewhere. Never leaves this room. */
  readonly passwordRecord?: string;
  /** "ISSUER SUBJECT" of who signs in with OpenID Connect. */
  readonly subject?: string;
  readonly createdAt: Date;
  readonly signedInAt?: Date;
  /** Raised with each change. */
  readonly version: number;
}

export type NewPerson = Pick<Person, 'name' | 'roles' | 'passwordRecord' | 'subject'>;

/** Who may sign in. Called inside transactions of `People`, which writes down who changed what. */
export class Persons {
  readonly #database: Database.Database;
  readonly #now: () => Date;

  constructor(database: Database.Database, now: () => Date) {
    this.#database = database;
    this.#now = now;
  }

  isEmpty(): boolean {
    return this.#database.prepare('SELECT 1 FROM person LIMIT 1').get() === undefined;
  }

  find(name: string): Person | undefined {
    const row = this.#database.prepare<[string], PersonRow>('SELECT * FROM person WHERE name = ?').get(name);
    return row && read(row);
  }

  findBySubject(subject: string): Person | undefined {
    const row = this.#database
      .prepare<[string], PersonRow>('SELECT * FROM person WHERE subject = ?')
      .get(subject);
    return row && read(row);
  }

  /** @throws Problem 404 user-not-found */
  get(name: string): Person {
    const person = this.find(name);
    if (person === undefined) throw new Problem(404, 'user-not-found', 'There is no user of that name');
    return person;
  }

  /** In order of their names. */
  list(): Person[] {
    return this.#database.prepare<[], PersonRow>('SELECT * FROM person ORDER BY name').all().map(read);
  }

  /** @throws Problem 409 user-exists, too-many-users */
  insert({ name, roles, passwordRecord, subject }: NewPerson): void {
    const count = this.#database.prepare('SELECT count(*) FROM person').pluck().get();
    if (Number(count) >= maxPersons) {
      throw new Problem(409, 'too-many-users', `There are ${maxPersons} users; remove those that left`);
    }
    const { changes } = this.#database
      .prepare(
        `INSERT INTO person (name, roles, password, subject, created_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (name) DO NOTHING`,
      )
      .run(name, printRoles(roles), passwordRecord ?? null, subject ?? null, this.#now().getTime());
    if (changes === 0) throw new Problem(409, 'user-exists', 'There is a user of that name already');
  }

  /** @throws Problem 409 last-system-administrator */
  setRoles(person: Person, roles: readonly Role[]): void {
    if (!roles.includes('system-administrator')) this.#refuseLast(person);
    this.#database
      .prepare('UPDATE person SET roles = ?, version = version + 1 WHERE name = ?')
      .run(printRoles(roles), person.name);
  }

  /** @throws Problem 409 last-system-administrator */
  remove(person: Person): void {
    this.#refuseLast(person);
    this.#database.prepare('DELETE FROM person WHERE name = ?').run(person.name);
  }

  setPassword(name: string, record: string): void {
    this.#database
      .prepare('UPDATE person SET password = ?, version = version + 1 WHERE name = ?')
      .run(record, name);
  }

  /**
   * The same password under another cost: no change that anybody must know of.
   * @returns false when the person has another password meanwhile
   */
  replaceRecord(name: string, former: string, record: string): boolean {
    const { changes } = this.#database
      .prepare('UPDATE person SET password = ? WHERE name = ? AND password = ?')
      .run(record, name, former);
    return changes > 0;
  }

  noteSignIn(name: string): void {
    this.#database
      .prepare('UPDATE person SET signed_in_at = ? WHERE name = ?')
      .run(this.#now().getTime(), name);
  }

  /** Whom another system signs in does not count: it may take a role, or itself, away at any time. */
  #refuseLast(person: Person): void {
    const isAdministrator = (one: Person) =>
      one.roles.includes('system-administrator') && one.passwordRecord !== undefined;
    if (!isAdministrator(person)) return;
    if (this.list().some((other) => other.name !== person.name && isAdministrator(other))) return;
    const detail = `${person.name} is the last system administrator with a password; make another one first`;
    throw new Problem(409, 'last-system-administrator', detail);
  }
}

/** @returns a list in the usual order, each role once */
export function sortRoles(roles: Iterable<Role>): Role[] {
  const set = new Set(roles);
  return allRoles.filter((role) => set.has(role));
}

export function printRoles(roles: readonly Role[]): string {
  return JSON.stringify(sortRoles(roles));
}

/** Roles that a later release knew are not given. */
export function readRoles(text: string): Role[] {
  const names = new Set(JSON.parse(text) as string[]);
  return allRoles.filter((role) => names.has(role));
}

function read(row: PersonRow): Person {
  return {
    name: row.name,
    roles: readRoles(row.roles),
    ...(row.password !== null && { passwordRecord: row.password }),
    ...(row.subject !== null && { subject: row.subject }),
    createdAt: new Date(row.created_at),
    ...(row.signed_in_at !== null && { signedInAt: new Date(row.signed_in_at) }),
    version: row.version,
  };
}
