import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Principal, Role } from '../../http/index.ts';
import { roles as allRoles } from '../../http/index.ts';
import type { NewEvent } from '../../journal/index.ts';
import { PasswordHasher } from '../password-hasher.ts';
import { People } from '../people.ts';

export const goodPassword = 'four words of oil';
export const otherPassword = 'five more words of oil';
export const origin = { address: '192.0.2.1', userAgent: 'browser' };
export const fileKey: Principal = { id: 'api-key', kind: 'file-key', roles: new Set(allRoles) };

/** People with a clock that is moved by hand, cheap hashing and a journal that can be read. */
export interface TestPeople {
  readonly people: People;
  readonly hasher: PasswordHasher;
  readonly events: readonly NewEvent[];
  readonly dir: string;
  now(): Date;
  wait(seconds: number): void;
  /** Lets appending to the journal fail. */
  breakJournal(): void;
  add(name: string, ...roles: readonly Role[]): Promise<void>;
  signIn(name: string, code?: string): Promise<string>;
  principal(secret: string): Promise<Principal | undefined>;
  close(): void;
}

export async function openTestPeople(isHttps = true): Promise<TestPeople> {
  const dir = mkdtempSync(join(tmpdir(), 'waygate-people-'));
  const hasher = new PasswordHasher({ ln: 4, r: 8, p: 1 });
  const events: NewEvent[] = [];
  const state = { at: Date.parse('2026-11-23T12:00:00Z'), isBroken: false };
  const now = () => new Date(state.at);
  const journal = {
    append: (event: NewEvent) => {
      if (state.isBroken) throw new Error('the disk is full');
      return events.push(event);
    },
  };
  const path = join(dir, 'data', 'people.sqlite');
  const people = await People.open({ path, now, journal, program: 'Waygate test', isHttps, hasher });
  return {
    ...{ people, hasher, events, dir, now },
    wait: (seconds) => {
      state.at += seconds * 1000;
    },
    breakJournal: () => {
      state.isBroken = true;
    },
    add: async (name, ...roles) => {
      await people.users.create(fileKey, { name, password: goodPassword, roles });
    },
    signIn: (name, code) => people.signIn.withPassword({ name, password: goodPassword, code }, origin),
    principal: async (secret) => {
      const [cookie = ''] = people.cookie.write(secret).split(';');
      return people.authenticate({ headers: new Headers({ cookie }), address: origin.address });
    },
    close: () => {
      people.close();
      rmSync(dir, { recursive: true });
    },
  };
}

/** What a promise was refused with. */
export async function refusalOf(
  made: Promise<unknown>,
): Promise<{ status: number; code: string; message: string }> {
  try {
    await made;
  } catch (error) {
    return error as { status: number; code: string; message: string };
  }
  throw new Error('it was not refused');
}
