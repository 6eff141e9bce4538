import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { Problem } from './problem.ts';

/** What somebody may do, in X-Road's words, and auditor. */
export const roles = [
  'registration-officer',
  'security-officer',
  'service-administrator',
  'system-administrator',
  'observer',
  'auditor',
] as const;
export type Role = (typeof roles)[number];

/** Who asks something of an administration API. */
export interface Principal {
  /** As the audit log names them: `user:anna`, `key:3`, `api-key`. */
  readonly id: string;
  /** `file-key`: whoever can read the data folder, who may do everything. */
  readonly kind: 'user' | 'key' | 'file-key';
  readonly roles: ReadonlySet<Role>;
  /** Present when it came with the cookie of a browser: changes then need this token as well. */
  readonly session?: { readonly csrfToken: string };
}

export interface AskedBy {
  readonly headers: Headers;
  /** IP address of whoever is connected. */
  readonly address: string;
}

/**
 * Tells who sent a request; undefined when nobody known did.
 * @throws Problem with a reason, where there is more to say than that
 */
export type Authenticate = (asked: AskedBy) => Principal | undefined | Promise<Principal | undefined>;

/** What hono keeps beside a request. */
export interface PrincipalEnv {
  readonly Variables: { readonly principal: Principal };
}

const everyRole: ReadonlySet<Role> = new Set(roles);

/** Knows whoever presents the key of the data folder. @param key as it stands in the key file */
export function fileKeyAuthentication(key: string): Authenticate {
  const expected = digest(key);
  return ({ headers }) => {
    const presented = bearerOf(headers);
    if (presented === undefined || !timingSafeEqual(digest(presented), expected)) return undefined;
    return { id: 'api-key', kind: 'file-key', roles: everyRole };
  };
}

/** Asks one after the other. */
export function anyOf(...all: readonly Authenticate[]): Authenticate {
  return async (asked) => {
    for (const authenticate of all) {
      const principal = await authenticate(asked);
      if (principal !== undefined) return principal;
    }
    return undefined;
  };
}

/** @returns what stands behind `Bearer`; undefined when the request has no such header */
export function bearerOf(headers: Headers): string | undefined {
  const [scheme, token = ''] = (headers.get('authorization') ?? '').split(' ');
  return scheme?.toLowerCase() === 'bearer' ? token : undefined;
}

/** Who sent the request that a handler answers. @throws Problem not-authenticated where nobody needs to sign in */
export function principalOf(context: Context): Principal {
  const principal = knownPrincipal(context);
  if (principal === undefined) throw notAuthenticated();
  return principal;
}

export function knownPrincipal(context: Context): Principal | undefined {
  return context.get('principal') as Principal | undefined;
}

/** Says in the description of an operation, and sees to it, who may. */
export interface Allowance {
  readonly middleware: MiddlewareHandler;
  /** Any of these; empty: nobody needs to sign in. */
  readonly 'x-roles': readonly Role[];
}

/** Of those who are signed in, who has one of these roles. To be spread into a route. */
export function allow(...allowed: readonly [Role, ...Role[]]): Allowance {
  return {
    'x-roles': allowed,
    middleware: async (context, next) => {
      const principal = principalOf(context);
      if (!allowed.some((role) => principal.roles.has(role))) throw roleMissing(principal, allowed);
      await next();
    },
  };
}

/** Whoever is signed in. */
export function allowAll(): Allowance {
  return allow(...roles);
}

/** Whoever reaches the API: for signing in, and what comes before that. */
export function allowNobodyYet(): Allowance {
  return { 'x-roles': [], middleware: async (_context, next) => next() };
}

export function notAuthenticated(): Problem {
  const detail =
    'Sign in, or send a key: `Authorization: Bearer KEY`, with the one from the file api-key of the data folder, or one that was made for you';
  return new Problem(401, 'not-authenticated', detail);
}

function roleMissing({ id, roles: had }: Principal, allowed: readonly Role[]): Problem {
  const has = had.size === 0 ? 'has no role' : `is ${[...had].join(', ')}`;
  const detail = `${id} ${has}; this is for: ${allowed.join(', ')}. A system administrator gives roles`;
  return new Problem(403, 'role-missing', detail);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
