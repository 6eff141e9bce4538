import { type Principal, Problem, type Role } from '../http/index.ts';
import type { ApiKey } from './api-keys.ts';
import { change, type PeopleContext } from './context.ts';
import { type Person, sortRoles } from './persons.ts';

const externalCountsMs = 30 * 24 * 3_600_000;

export interface WantedApiKey {
  readonly label: string;
  readonly roles: readonly Role[];
  readonly expiresAt: Date;
}

/** A key as it may be seen: never with its secret. */
export interface ShownApiKey extends ApiKey {
  /** What it may do at this moment. */
  readonly effectiveRoles: readonly Role[];
}

/** Making, finding and revoking API keys. A key never may more than who made it may at that moment. */
export class KeyRing {
  readonly #context: PeopleContext;

  constructor(context: PeopleContext) {
    this.#context = context;
  }

  /**
   * @returns the key, which is shown this once
   * @throws Problem 403 not-by-key, role-exceeds-yours; 409 too-many-api-keys; 422 expiry-unfit
   */
  create(
    by: Principal,
    { label, roles, expiresAt }: WantedApiKey,
  ): { readonly id: number; readonly key: string } {
    const creator = this.#creatorOf(by);
    const missing = roles.filter((role) => !by.roles.has(role));
    if (missing.length > 0) {
      const detail = `A key may not do more than who makes it; you do not have: ${missing.join(', ')}`;
      throw new Problem(403, 'role-exceeds-yours', detail);
    }
    const wanted = sortRoles(roles);
    const detail = { label, roles: wanted, expiresAt: expiresAt.toISOString() };
    return change(this.#context, { actor: by.id, action: 'api-key.create', target: 'api-keys', detail }, () =>
      this.#context.keys.create({ label, roles: wanted, expiresAt, creator }),
    );
  }

  /** All of them to system administrators, to others their own. */
  list(by: Principal): ShownApiKey[] {
    return this.#context.keys
      .list()
      .filter((key) => isOpenTo(by, key))
      .map((key) => ({ ...key, effectiveRoles: this.#rolesAtUse(key) }));
  }

  /** From then on it opens nothing. @throws Problem 404 api-key-not-found */
  revoke(by: Principal, id: number): void {
    const { keys } = this.#context;
    change(this.#context, { actor: by.id, action: 'api-key.revoke', target: `key:${id}` }, () => {
      if (!isOpenTo(by, keys.get(id))) {
        throw new Problem(404, 'api-key-not-found', 'You have no such API key');
      }
      keys.remove(id);
    });
  }

  /** @param presented whatever a stranger sent as a bearer token */
  principal(presented: string): Principal | undefined {
    const key = this.#context.keys.find(presented);
    return key && { id: `key:${key.id}`, kind: 'key', roles: new Set(this.#rolesAtUse(key)) };
  }

  #rolesAtUse({ creator, roles }: ApiKey): Role[] {
    if (creator === undefined) return [...roles];
    const person = this.#context.persons.find(creator);
    if (person === undefined || this.#isForgotten(person)) return [];
    return roles.filter((role) => person.roles.includes(role));
  }

  /** Whom another system signs in may be gone there, and nobody tells us: what was said of them counts for a month. */
  #isForgotten({ subject, signedInAt }: Person): boolean {
    const { now } = this.#context;
    return subject !== undefined && now().getTime() - (signedInAt?.getTime() ?? 0) > externalCountsMs;
  }

  /** @returns undefined for the key of the data folder. @throws Problem 403 not-by-key */
  #creatorOf(by: Principal): string | undefined {
    refuseKeys(by);
    return by.kind === 'user' ? nameOf(by) : undefined;
  }
}

/**
 * API keys make neither keys nor users: what came in with a stolen key would stay when the key is revoked.
 * @throws Problem 403 not-by-key
 */
export function refuseKeys(by: Principal): void {
  if (by.kind !== 'key') return;
  throw new Problem(403, 'not-by-key', 'API keys change nothing about who may sign in; sign in yourself');
}

/** @param by of kind `user` */
export function nameOf(by: Principal): string {
  return by.id.slice('user:'.length);
}

function isOpenTo(by: Principal, { creator }: ApiKey): boolean {
  if (by.roles.has('system-administrator')) return true;
  return by.kind === 'user' && creator === nameOf(by);
}
