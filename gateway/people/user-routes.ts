import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { allow, allowAll, matches, Problem, page, principalOf, searchQuery } from '../http/index.ts';
import { nameOf, refuseKeys } from './key-ring.ts';
import type { People } from './people.ts';
import {
  body,
  codeSchema,
  json,
  newSecondFactorSchema,
  passwordSchema,
  roleSchema,
  rolesSchema,
  typedNameSchema,
  userSchema,
} from './schemas.ts';
import { originOf, renewSession } from './session-routes.ts';
import type { User } from './users.ts';

const params = z.object({ name: typedNameSchema });
const path = '/api/v1/users/{name}';

/** Users, for system administrators; the second factor, for each about themselves. */
export function addUserRoutes(app: OpenAPIHono, people: People): void {
  const { users } = people;
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'get',
      path: '/api/v1/users',
      request: { query: searchQuery },
      responses: { 200: { description: 'in order of their names', ...json(z.array(userSchema)) } },
    }),
    (c) => {
      const { q, ...wanted } = c.req.valid('query');
      const found = users.list().filter(({ name, roles }) => matches(q, name, ...roles));
      return c.json(page(c, found, wanted, ({ name }) => name).map(print), 200);
    },
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'post',
      path: '/api/v1/users',
      request: body(
        z.object({ name: typedNameSchema, password: passwordSchema, roles: rolesSchema }).strict(),
      ),
      responses: { 201: { description: 'made', ...json(userSchema) } },
    }),
    async (c) => {
      const user = await users.create(administratorOf(c), c.req.valid('json'));
      c.header('location', `/api/v1/users/${encodeURIComponent(user.name)}`);
      return c.json(print(user), 201);
    },
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'get',
      path,
      request: { params },
      responses: { 200: { description: 'the user', ...json(userSchema) } },
    }),
    (c) => {
      const user = users.get(c.req.valid('param').name);
      c.header('etag', etagOf(user));
      return c.json(print(user), 200);
    },
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'put',
      path,
      description: 'Sets the roles. All sessions of the user end, and their API keys lose what they lost.',
      request: { params, ...body(z.object({ roles: rolesSchema }).strict()) },
      responses: { 200: { description: 'changed', ...json(userSchema) } },
    }),
    (c) => {
      const { name } = c.req.valid('param');
      const user = users.setRoles(administratorOf(c), name, c.req.valid('json').roles);
      c.header('etag', etagOf(user));
      return c.json(print(user), 200);
    },
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'delete',
      path,
      description: 'Removes a user with their sessions and API keys.',
      request: { params },
      responses: { 204: { description: 'removed' } },
    }),
    (c) => {
      users.remove(administratorOf(c), c.req.valid('param').name);
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'put',
      path: `${path}/password`,
      description: 'Gives a user another password. All their sessions end.',
      request: { params, ...body(z.object({ password: passwordSchema }).strict()) },
      responses: { 204: { description: 'changed' } },
    }),
    async (c) => {
      await users.setPassword(administratorOf(c), c.req.valid('param').name, c.req.valid('json').password);
      return c.body(null, 204);
    },
  );
  addSecondFactorRoutes(app, people);
  addSettingRoutes(app, people);
}

function addSecondFactorRoutes(app: OpenAPIHono, people: People): void {
  const { users, signIn } = people;
  const password = z.object({ password: passwordSchema }).strict();
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'post',
      path: `${path}/second-factor`,
      description: 'Begins one’s own second factor; it is in force when its first code is sent with PUT.',
      request: { params, ...body(password) },
      responses: { 200: { description: 'shown this once', ...json(newSecondFactorSchema) } },
    }),
    async (c) => {
      const name = ownName(c, c.req.valid('param').name);
      await signIn.confirmPassword(name, c.req.valid('json').password, originOf(c));
      const made = users.beginSecondFactor(principalOf(c), name);
      return c.json({ ...made, recoveryCodes: [...made.recoveryCodes] }, 200);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'put',
      path: `${path}/second-factor`,
      description:
        'Puts the second factor that was begun in force. This session goes on under another cookie.',
      request: { params, ...body(z.object({ code: codeSchema }).strict()) },
      responses: { 204: { description: 'in force' } },
    }),
    (c) => {
      const name = ownName(c, c.req.valid('param').name);
      users.confirmSecondFactor(principalOf(c), name, c.req.valid('json').code);
      renewSession(c, people, name);
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'delete',
      path: `${path}/second-factor`,
      description:
        'Removes one’s own second factor (with the password), or as system administrator another’s.',
      request: { params, body: { required: false, ...json(password.partial()) } },
      responses: { 204: { description: 'removed; all sessions of the user ended' } },
    }),
    async (c) => {
      const { name } = c.req.valid('param');
      const by = principalOf(c);
      refuseKeys(by);
      if (by.kind === 'file-key' || (by.roles.has('system-administrator') && nameOf(by) !== name)) {
        users.removeSecondFactor(by, name);
        return c.body(null, 204);
      }
      const own = ownName(c, name);
      const { password: typed } = c.req.valid('json');
      if (typed === undefined) throw new Problem(422, 'password-needed', 'Send your password as well');
      await signIn.confirmPassword(own, typed, originOf(c));
      users.removeSecondFactor(by, own);
      return c.body(null, 204);
    },
  );
}

function addSettingRoutes(app: OpenAPIHono, { users }: People): void {
  const settings = z.object({ secondFactorRoles: z.array(roleSchema).max(20) }).strict();
  const show = () => ({ secondFactorRoles: users.secondFactorRoles() });
  app.openapi(
    createRoute({
      ...allow('system-administrator', 'auditor'),
      method: 'get',
      path: '/api/v1/sign-in-settings',
      responses: { 200: { description: 'roles that demand a second factor', ...json(settings) } },
    }),
    (c) => c.json(show(), 200),
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'put',
      path: '/api/v1/sign-in-settings',
      description: 'Says which roles demand a second factor. Who lacks it makes one when signing in.',
      request: body(settings),
      responses: { 200: { description: 'in force', ...json(settings) } },
    }),
    (c) => {
      users.setSecondFactorRoles(administratorOf(c), c.req.valid('json').secondFactorRoles);
      return c.json(show(), 200);
    },
  );
}

/** @throws Problem 403 not-by-key */
function administratorOf(context: Context) {
  const principal = principalOf(context);
  refuseKeys(principal);
  return principal;
}

/** @throws Problem 403 own-only: what is shown here would let somebody else sign in */
function ownName(context: Context, name: string): string {
  const principal = principalOf(context);
  if (principal.kind === 'user' && nameOf(principal) === name) return name;
  throw new Problem(403, 'own-only', 'A second factor is made by its owner alone');
}

/** Signing in changes a user too, and nothing that anybody edits: its own version counts, not all that is shown. */
function etagOf({ version }: User): string {
  return `"${version}"`;
}

function print(user: User) {
  const { name, roles, signsInWith, hasSecondFactor, createdAt, signedInAt } = user;
  return {
    ...{ name, roles: [...roles], signsInWith, hasSecondFactor },
    createdAt: createdAt.toISOString(),
    ...(signedInAt !== undefined && { signedInAt: signedInAt.toISOString() }),
  };
}
