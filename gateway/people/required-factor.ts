import type Database from 'better-sqlite3';
import type { Role } from '../http/index.ts';
import { printRoles, readRoles } from './persons.ts';

const settingName = 'second-factor-roles';

/** The setting which roles demand a second factor; none at first. */
export class RequiredFactor {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  roles(): Role[] {
    const value = this.#database.prepare('SELECT value FROM setting WHERE name = ?').pluck().get(settingName);
    return typeof value === 'string' ? readRoles(value) : [];
  }

  isRequiredOf(roles: readonly Role[]): boolean {
    const required = this.roles();
    return roles.some((role) => required.includes(role));
  }

  set(roles: readonly Role[]): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO setting VALUES (?, ?)')
      .run(settingName, printRoles(roles));
  }
}
