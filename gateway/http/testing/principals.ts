import { type Authenticate, type Role, roles } from '../principal.ts';

/** Takes everybody for somebody with these roles; with all of them unless told. */
export function everybodyIs(...had: readonly Role[]): Authenticate {
  const principal = { id: 'test', kind: 'user', roles: new Set(had.length === 0 ? roles : had) } as const;
  return () => principal;
}
