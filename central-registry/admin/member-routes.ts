import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, matches, pageOfStored, searchQuery } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import {
  addMember,
  addSubsystem,
  findMember,
  findMemberClass,
  findSubsystem,
  listMemberClasses,
  type Member,
  membersBehind,
  putMemberClass,
  removeMember,
  removeMemberClass,
  removeSubsystem,
  renameMember,
  renameSubsystem,
  type Subsystem,
  subsystemsBehind,
} from '../register/index.ts';
import { actOf } from './act.ts';
import type { AdminContext } from './context.ts';
import {
  codeSchema,
  done,
  json,
  jsonBody,
  memberIdSchema,
  readMemberId,
  readPlace,
  readSubsystemId,
  requireFound,
  subsystemIdSchema,
} from './schemas.ts';

const classSchema = z.object({ code: codeSchema, description: z.string() }).openapi('MemberClass');
const memberSchema = z.object({ id: memberIdSchema, name: z.string() }).openapi('Member');
const subsystemSchema = z.object({ id: subsystemIdSchema, name: z.string().optional() }).openapi('Subsystem');

/** Member classes, members and their subsystems. */
export function addMemberRoutes(app: OpenAPIHono, { register }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/member-classes',
      responses: { 200: { description: 'all classes', ...json(z.array(classSchema)) } },
    }),
    async (context) => context.json(await register.read(listMemberClasses), 200),
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/member-classes/{code}',
      request: { params: z.object({ code: codeSchema }) },
      responses: { 200: { description: 'one class', ...json(classSchema) } },
    }),
    async (context) => {
      const { code } = context.req.valid('param');
      const found = await register.read((book) => findMemberClass(book, code));
      return context.json(requireFound(found, code), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'put',
      path: '/api/v1/member-classes/{code}',
      request: { params: z.object({ code: codeSchema }), body: jsonBody(classSchema.omit({ code: true })) },
      responses: done,
    }),
    async (context) => {
      const { code } = context.req.valid('param');
      const { description } = context.req.valid('json');
      await register.change(actOf(context), (book) => putMemberClass(book, { code, description }));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'delete',
      path: '/api/v1/member-classes/{code}',
      request: { params: z.object({ code: codeSchema }) },
      responses: done,
    }),
    async (context) => {
      const { code } = context.req.valid('param');
      await register.change(actOf(context), (book) => removeMemberClass(book, code));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/members',
      request: { query: searchQuery },
      responses: { 200: { description: 'one page of the members', ...json(z.array(memberSchema)) } },
    }),
    async (context) => {
      const query = context.req.valid('query');
      const found = await register.read((book) =>
        pageOfStored<z.infer<typeof memberSchema>>(context, query, {
          read: async (after, count) =>
            (await membersBehind(book, { after: readPlace(readMemberId, after), count })).map(showMember),
          ...(query.q !== undefined && { isWanted: ({ id, name }) => matches(query.q, id, name) }),
          keyOf: ({ id }) => id,
        }),
      );
      return context.json(found, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/members',
      request: { body: jsonBody(memberSchema) },
      responses: { 201: { description: 'registered', ...json(memberSchema) } },
    }),
    async (context) => {
      const { id, name } = context.req.valid('json');
      const member = { id: readMemberId(id), name };
      await register.change(actOf(context), (book) => addMember(book, member));
      return context.json(showMember(member), 201);
    },
  );

  const member = z.object({ member: memberIdSchema });
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/members/{member}',
      request: { params: member },
      responses: { 200: { description: 'one member', ...json(memberSchema) } },
    }),
    async (context) => {
      const id = readMemberId(context.req.valid('param').member);
      const found = await register.read((book) => findMember(book, id));
      return context.json(showMember(requireFound(found, printEncoded(id))), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'put',
      path: '/api/v1/members/{member}',
      description: 'Names a member anew.',
      request: { params: member, body: jsonBody(memberSchema.omit({ id: true })) },
      responses: done,
    }),
    async (context) => {
      const id = readMemberId(context.req.valid('param').member);
      const { name } = context.req.valid('json');
      await register.change(actOf(context), (book) => renameMember(book, { id, name }));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'delete',
      path: '/api/v1/members/{member}',
      request: { params: member },
      responses: done,
    }),
    async (context) => {
      const id = readMemberId(context.req.valid('param').member);
      await register.change(actOf(context), (book) => removeMember(book, id));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/subsystems',
      request: {
        query: searchQuery.extend({
          member: memberIdSchema.optional().describe('whose; in encoded form'),
        }),
      },
      responses: { 200: { description: 'one page of the subsystems', ...json(z.array(subsystemSchema)) } },
    }),
    async (context) => {
      const query = context.req.valid('query');
      const of = query.member === undefined ? undefined : readMemberId(query.member);
      const found = await register.read((book) =>
        pageOfStored<z.infer<typeof subsystemSchema>>(context, query, {
          read: async (after, count) => {
            const place = readPlace(readSubsystemId, after);
            return (await subsystemsBehind(book, { after: place, count }, of)).map(showSubsystem);
          },
          ...(query.q !== undefined && { isWanted: ({ id, name }) => matches(query.q, id, name) }),
          keyOf: ({ id }) => id,
        }),
      );
      return context.json(found, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/subsystems',
      request: { body: jsonBody(subsystemSchema) },
      responses: { 201: { description: 'registered', ...json(subsystemSchema) } },
    }),
    async (context) => {
      const { id, name } = context.req.valid('json');
      const subsystem = { id: readSubsystemId(id), ...(name !== undefined && { name }) };
      await register.change(actOf(context), (book) => addSubsystem(book, subsystem));
      return context.json(showSubsystem(subsystem), 201);
    },
  );

  const subsystem = z.object({ subsystem: subsystemIdSchema });
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/subsystems/{subsystem}',
      request: { params: subsystem },
      responses: { 200: { description: 'one subsystem', ...json(subsystemSchema) } },
    }),
    async (context) => {
      const id = readSubsystemId(context.req.valid('param').subsystem);
      const found = await register.read((book) => findSubsystem(book, id));
      return context.json(showSubsystem(requireFound(found, printEncoded(id))), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'put',
      path: '/api/v1/subsystems/{subsystem}',
      description: 'Names a subsystem anew; without a name it loses the one it has.',
      request: { params: subsystem, body: jsonBody(subsystemSchema.omit({ id: true })) },
      responses: done,
    }),
    async (context) => {
      const id = readSubsystemId(context.req.valid('param').subsystem);
      const { name } = context.req.valid('json');
      await register.change(actOf(context), (book) =>
        renameSubsystem(book, { id, ...(name !== undefined && { name }) }),
      );
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'delete',
      path: '/api/v1/subsystems/{subsystem}',
      request: { params: subsystem },
      responses: done,
    }),
    async (context) => {
      const id = readSubsystemId(context.req.valid('param').subsystem);
      await register.change(actOf(context), (book) => removeSubsystem(book, id));
      return context.body(null, 204);
    },
  );
}

function showMember({ id, name }: Member): z.infer<typeof memberSchema> {
  return { id: printEncoded(id), name };
}

function showSubsystem({ id, name }: Subsystem): z.infer<typeof subsystemSchema> {
  return { id: printEncoded(id), ...(name !== undefined && { name }) };
}
