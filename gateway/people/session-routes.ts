import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { addressOf, allowAll, allowNobodyYet, type Principal, Problem, principalOf } from '../http/index.ts';
import { nameOf } from './key-ring.ts';
import type { People } from './people.ts';
import {
  body,
  credentialsSchema,
  json,
  listedSessionSchema,
  newSecondFactorSchema,
  passwordSchema,
  sessionSchema,
} from './schemas.ts';
import type { Origin } from './sign-in.ts';

/** Signing in and out, and what people do about their own sessions and password. */
export function addSessionRoutes(app: OpenAPIHono, people: People): void {
  const path = '/api/v1/session';
  app.openapi(
    createRoute({
      ...allowNobodyYet(),
      method: 'post',
      path,
      description:
        'Signs in. 401 second-factor-needed: send the code as well; 401 second-factor-setup-needed: begin one at /api/v1/session/second-factor, and send its first code.',
      request: body(credentialsSchema),
      responses: { 204: { description: 'signed in; the cookie says so' } },
    }),
    async (c) => {
      const secret = await people.signIn.withPassword(c.req.valid('json'), originOf(c));
      // Whoever had this browser before is signed out.
      endPresented(c, people);
      c.header('set-cookie', people.cookie.write(secret));
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      ...allowNobodyYet(),
      method: 'post',
      path: `${path}/second-factor`,
      description: 'Begins a second factor for who must have one before they may sign in.',
      request: body(credentialsSchema.omit({ code: true })),
      responses: { 200: { description: 'shown this once', ...json(newSecondFactorSchema) } },
    }),
    async (c) => {
      const made = await people.signIn.beginSecondFactor(c.req.valid('json'), originOf(c));
      return c.json({ ...made, recoveryCodes: [...made.recoveryCodes] }, 200);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path,
      description: 'Who is asking.',
      responses: { 200: { description: 'who, and until when', ...json(sessionSchema) } },
    }),
    (c) => c.json(describeSession(c, people, principalOf(c)), 200),
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'delete',
      path,
      description: 'Signs out.',
      responses: { 204: { description: 'signed out' } },
    }),
    (c) => {
      const session = currentSession(c, people);
      people.sessions.end(session.person, session.id);
      c.header('set-cookie', people.cookie.clear());
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'put',
      path: `${path}/password`,
      description:
        'Changes one’s own password. All other sessions end; this one goes on under another cookie.',
      request: body(z.object({ current: passwordSchema, password: passwordSchema }).strict()),
      responses: { 204: { description: 'changed' } },
    }),
    async (c) => {
      const { current, password } = c.req.valid('json');
      const { person } = currentSession(c, people);
      await people.signIn.confirmPassword(person, current, originOf(c));
      await people.users.setPassword(principalOf(c), person, password);
      renewSession(c, people, person);
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/sessions',
      description: 'One’s own sessions, the one used last first.',
      responses: { 200: { description: 'sessions', ...json(z.array(listedSessionSchema)) } },
    }),
    (c) => {
      const current = currentSession(c, people);
      const shown = people.sessions.list(current.person).map((session) => ({
        ...{ id: session.id, isCurrent: session.id === current.id },
        ...{ address: session.address, userAgent: session.userAgent },
        beganAt: session.beganAt.toISOString(),
        usedAt: session.usedAt.toISOString(),
        expiresAt: session.expiresAt.toISOString(),
      }));
      return c.json(shown, 200);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'delete',
      path: '/api/v1/sessions/{id}',
      description: 'Ends a session of one’s own.',
      request: { params: z.object({ id: z.string().max(40) }) },
      responses: { 204: { description: 'ended' } },
    }),
    (c) => {
      const { person } = currentSession(c, people);
      if (!people.sessions.end(person, c.req.valid('param').id)) {
        throw new Problem(404, 'session-not-found', 'You have no such session; it may have ended by itself');
      }
      return c.body(null, 204);
    },
  );
}

export function originOf(context: Context): Origin {
  return { address: addressOf(context), userAgent: context.req.header('user-agent') ?? '' };
}

/** Begins another session in place of those that a change has ended. */
export function renewSession(context: Context, people: People, person: string): void {
  const { address, userAgent } = originOf(context);
  context.header('set-cookie', people.cookie.write(people.sessions.begin(person, address, userAgent)));
}

/** @throws Problem 409 no-session for who comes with a key */
function currentSession(context: Context, people: People) {
  const secret = people.cookie.read(context.req.raw.headers);
  const session = secret === undefined ? undefined : people.session(secret);
  if (principalOf(context).session !== undefined && session !== undefined) return session;
  throw new Problem(409, 'no-session', 'Who comes with a key has no session, and no password of their own');
}

function endPresented(context: Context, people: People): void {
  const secret = people.cookie.read(context.req.raw.headers);
  const session = secret === undefined ? undefined : people.sessions.find(secret);
  if (session !== undefined) people.sessions.end(session.person, session.id);
}

function describeSession(context: Context, people: People, principal: Principal) {
  const { kind, id, roles, session } = principal;
  if (session === undefined) return { name: id, kind, roles: [...roles] };
  const { person, expiresAt } = currentSession(context, people);
  return {
    ...{ name: nameOf(principal), kind, roles: [...roles], csrfToken: session.csrfToken },
    expiresAt: expiresAt.toISOString(),
    ...people.users.secondFactorOf(person),
  };
}
