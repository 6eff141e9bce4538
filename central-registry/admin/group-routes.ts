import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import {
  addGroupMember,
  type GroupEntry,
  listGroups,
  putGroup,
  removeGroup,
  removeGroupMember,
} from '../register/index.ts';
import { actOf } from './act.ts';
import type { AdminContext } from './context.ts';
import { clientIdSchema, codeSchema, done, json, jsonBody, readClientId, requireOne } from './schemas.ts';

const groupSchema = z
  .object({ code: codeSchema, description: z.string(), members: z.array(clientIdSchema) })
  .openapi('GlobalGroup');

/** Groups of members and subsystems to which every server can give rights. */
export function addGroupRoutes(app: OpenAPIHono, { register }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/global-groups',
      responses: { 200: { description: 'all groups', ...json(z.array(groupSchema)) } },
    }),
    async (context) => {
      return context.json((await register.read(listGroups)).map(showGroup), 200);
    },
  );

  const group = z.object({ code: codeSchema });
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/global-groups/{code}',
      request: { params: group },
      responses: { 200: { description: 'one group', ...json(groupSchema) } },
    }),
    async (context) => {
      const { code } = context.req.valid('param');
      const all = (await register.read(listGroups)).map(showGroup);
      return context.json(
        requireOne(all, (one) => one.code === code, code),
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'put',
      path: '/api/v1/global-groups/{code}',
      description: 'Adds a group, or describes it anew; its members stay.',
      request: { params: group, body: jsonBody(z.object({ description: z.string() })) },
      responses: done,
    }),
    async (context) => {
      const { code } = context.req.valid('param');
      const { description } = context.req.valid('json');
      await register.change(actOf(context), (book) => putGroup(book, { code, description }));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'delete',
      path: '/api/v1/global-groups/{code}',
      request: { params: group },
      responses: done,
    }),
    async (context) => {
      const { code } = context.req.valid('param');
      await register.change(actOf(context), (book) => removeGroup(book, code));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/global-groups/{code}/members',
      request: { params: group, body: jsonBody(z.object({ id: clientIdSchema })) },
      responses: done,
    }),
    async (context) => {
      const { code } = context.req.valid('param');
      const client = readClientId(context.req.valid('json').id);
      await register.change(actOf(context), (book) => addGroupMember(book, code, client));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'delete',
      path: '/api/v1/global-groups/{code}/members/{client}',
      request: { params: group.extend({ client: clientIdSchema }) },
      responses: done,
    }),
    async (context) => {
      const { code, client } = context.req.valid('param');
      const id = readClientId(client);
      await register.change(actOf(context), (book) => removeGroupMember(book, code, id));
      return context.body(null, 204);
    },
  );
}

function showGroup({ members, ...group }: GroupEntry): z.infer<typeof groupSchema> {
  return { ...group, members: members.map(printEncoded) };
}
