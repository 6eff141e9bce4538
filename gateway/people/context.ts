import type Database from 'better-sqlite3';
import type { Journal, NewEvent } from '../journal/index.ts';
import type { ApiKeys } from './api-keys.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { Person, Persons } from './persons.ts';
import type { RequiredFactor } from './required-factor.ts';
import type { SecondFactors } from './second-factors.ts';
import type { Sessions } from './sessions.ts';
import type { SignInThrottle } from './throttle.ts';

/** What the parts of this room share. */
export interface PeopleContext {
  readonly database: Database.Database;
  readonly now: () => Date;
  readonly journal: Pick<Journal, 'append'>;
  readonly hasher: PasswordHasher;
  readonly throttle: SignInThrottle;
  readonly persons: Persons;
  readonly sessions: Sessions;
  readonly factors: SecondFactors;
  readonly required: RequiredFactor;
  readonly keys: ApiKeys;
}

/** Makes a change and writes it down: both or neither. @throws what `make` throws; Error of the disk */
export function change<T>(
  { database, journal }: PeopleContext,
  event: Omit<NewEvent, 'outcome'>,
  make: () => T,
): T {
  return database
    .transaction(() => {
      const made = make();
      journal.append({ ...event, outcome: 'done' });
      return made;
    })
    .immediate();
}

/** Whether this person must have a second factor, and has none: nothing but making one is open to them then. */
export function lacksSecondFactor({ required, factors }: PeopleContext, person: Person): boolean {
  return (
    person.passwordRecord !== undefined &&
    required.isRequiredOf(person.roles) &&
    !factors.isConfirmed(person.name)
  );
}

/** As the audit log names people. */
export function actorOf(name: string): string {
  return `user:${name}`;
}
