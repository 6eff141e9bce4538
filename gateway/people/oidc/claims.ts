import { roles as allRoles, type Role } from '../../http/index.ts';
import type { OidcSettings } from './settings.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** What of the claims matters here. */
export interface ReadClaims {
  /** Undefined when the claim is not there. */
  readonly name: string | undefined;
  /** In the usual order; empty when no value is mapped. */
  readonly roles: readonly Role[];
}

/** Reads name and roles out of what an identity provider says of a person. */
export function readClaims(
  claims: Claims,
  { nameClaim, rolesClaim, roleMapping }: Pick<OidcSettings, 'nameClaim' | 'rolesClaim' | 'roleMapping'>,
): ReadClaims {
  const name = claimAt(claims, nameClaim);
  const value = claimAt(claims, rolesClaim);
  const values = Array.isArray(value) ? value : [value];
  // A map has no members that nobody put in.
  const mapping = new Map(Object.entries(roleMapping));
  const given = new Set(values.flatMap((one) => (typeof one === 'string' ? (mapping.get(one) ?? []) : [])));
  return {
    name: typeof name === 'string' ? name : undefined,
    roles: allRoles.filter((role) => given.has(role)),
  };
}

/** @returns the claim of that very name, else the one the dots lead to */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Claims)[part];
  }
  return value;
}
