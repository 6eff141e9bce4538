import type { OpenAPIHono } from '@hono/zod-openapi';
import { expect } from 'vitest';
import { type Authenticate, type Role, roles } from '../principal.ts';
import { everybodyIs } from './principals.ts';

interface Operation {
  /** As the description has it: `GET /api/v1/members/{member}`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** None: whoever asks, signed in or not. */
  readonly allowed: readonly Role[];
}

/**
 * Who may do what, written down by hand: `METHOD path` and its roles with spaces between; `everybody` who is signed in;
 * `anybody`, signed in or not.
 */
export type RoleTable = Readonly<Record<string, string>>;

/**
 * Asks for every operation of an administration API as every role, and as nobody. What the allowed are answered does
 * not matter here, as long as it is not that they may not.
 * @param make the API, for whoever `authenticate` says everybody is
 * @param table what must be enforced, operation by operation; what the API says of itself unless given
 * @returns the operations, for what else is to be said of them
 */
export async function checkRoleMatrix(
  make: (authenticate: Authenticate) => OpenAPIHono,
  table?: RoleTable,
): Promise<Operation[]> {
  const described = operationsOf(make(() => undefined));
  if (table !== undefined) {
    expect(described.map(({ name }) => name).sort()).toEqual(Object.keys(table).sort());
  }
  const operations = described.map((one) =>
    table === undefined ? one : { ...one, allowed: rolesOf(table[one.name] ?? '') },
  );
  const nobody = make(() => undefined);
  for (const operation of operations) {
    const { method, path, allowed } = operation;
    const { status } = await ask(nobody, operation);
    if (allowed.length === 0) expect([method, path, status]).not.toEqual([method, path, 401]);
    else expect([method, path, status]).toEqual([method, path, 401]);
  }
  for (const role of roles) {
    const app = make(everybodyIs(role));
    for (const operation of operations) {
      const { method, path, allowed } = operation;
      const response = await ask(app, operation);
      const isRefused =
        response.status === 403 && ((await response.json()) as { code: string }).code === 'role-missing';
      const mayNot = allowed.length > 0 && !allowed.includes(role);
      expect([role, method, path, isRefused]).toEqual([role, method, path, mayNot]);
    }
  }
  return operations;
}

function operationsOf(app: OpenAPIHono): Operation[] {
  const { paths = {} } = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: '', version: '' } });
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as Readonly<Record<string, { readonly 'x-roles'?: readonly Role[] }>>).map(
      ([method, operation]) => {
        const allowed = operation['x-roles'];
        if (allowed === undefined) throw new Error(`${method} ${path} does not say who may`);
        return {
          name: `${method.toUpperCase()} ${path}`,
          method: method.toUpperCase(),
          path: path.replace(/\{[^}]+\}/g, '1'),
          allowed,
        };
      },
    ),
  );
}

function rolesOf(text: string): readonly Role[] {
  if (text === 'everybody') return roles;
  if (text === 'anybody') return [];
  return text.split(' ').map((one) => {
    const role = roles.find((known) => known === one);
    if (role === undefined) throw new Error(`the table names '${one}', which is no role`);
    return role;
  });
}

function ask(app: OpenAPIHono, { method, path }: Operation): Response | Promise<Response> {
  return app.request(path, {
    method,
    ...(method !== 'GET' && { headers: { 'content-type': 'application/json' }, body: '{}' }),
  });
}
