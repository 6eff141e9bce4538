import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Journal } from '../journal/index.ts';
import { checkName } from './names.ts';
import { PasswordHasher } from './password-hasher.ts';
import { checkNewPassword } from './password-policy.ts';
import { People } from './people.ts';

export interface FirstPerson {
  readonly name: string;
  readonly password: string;
}

/** A first person who waits for the program to be founded: the password itself is kept nowhere. */
export interface PreparedPerson {
  readonly name: string;
  readonly passwordRecord: string;
}

/** Where the people of a program are kept. @param data its folder */
export function peoplePath(data: string): string {
  return join(data, 'people.sqlite');
}

/** Before a program is founded for that person. @throws Problem name-unfit, password-length, password-guessable */
export function checkFirstPerson({ name, password }: FirstPerson): void {
  checkNewPassword(password, checkName(name));
}

/** @throws Problem as `checkFirstPerson`; 503 busy */
export async function prepareFirstPerson({ name, password }: FirstPerson): Promise<PreparedPerson> {
  const checked = checkName(name);
  const passwordRecord = await new PasswordHasher().hash(checkNewPassword(password, checked));
  return { name: checked, passwordRecord };
}

/** Forgets the people of a program whose founding was cut short: nobody has signed in there. */
export async function forgetPeople(data: string): Promise<void> {
  const path = peoplePath(data);
  for (const file of [path, `${path}-wal`, `${path}-shm`]) await rm(file, { force: true });
}

/**
 * Makes the first person, a system administrator, of a program that was just founded and does not run yet.
 * @param origin of the audit log, as the program will open it
 * @throws Problem not-first, and as `checkFirstPerson`
 */
export async function createFirstPerson(
  data: string,
  origin: string,
  now: () => Date,
  person: FirstPerson | PreparedPerson,
): Promise<void> {
  const troubles: Error[] = [];
  const journal = await Journal.open({
    ...{ dir: join(data, 'journal'), origin, now },
    onTrouble: (error) => troubles.push(error),
  });
  try {
    const settings = { path: peoplePath(data), now, journal, program: 'Waygate', isHttps: false };
    const people = await People.open(settings);
    try {
      await people.createFirst(person);
    } finally {
      people.close();
    }
  } finally {
    await journal.close();
  }
  const [trouble] = troubles;
  if (trouble !== undefined) throw trouble;
}
