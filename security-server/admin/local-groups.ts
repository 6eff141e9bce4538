import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  allow,
  allowAll,
  confirmQuery,
  lineSchema,
  Problem,
  requireConfirmed,
} from '../../gateway/http/index.ts';
import { type ClientId, checkCreatable, equal, printEncoded } from '../../gateway/identifier/index.ts';
import type { LocalGroup } from '../settings/index.ts';
import type { AdminContext } from './context.ts';
import { clientIdSchema, readClientId, requireClient } from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const root = '/api/v1/clients/{client}/local-groups';
const clientParameter = z.object({ client: clientIdSchema });
const groupParameter = clientParameter.extend({ group: z.string() });
const done = { 204: { description: 'in force' } } as const;
const mayEdit = () => allow('service-administrator', 'registration-officer');

const groupSchema = z
  .object({
    code: z.string(),
    description: lineSchema(1000),
    members: z.array(clientIdSchema).max(10_000),
  })
  .openapi('LocalGroup');

/** Groups that clients keep for their own services. */
export function addLocalGroupRoutes(app: OpenAPIHono, { settings }: AdminContext): void {
  const content = () => settings.current().content;
  const ownerOf = (client: string) => requireClient(content().clients, client).id;
  const groupsOf = (owner: ClientId) => content().localGroups.filter((group) => equal(group.owner, owner));
  const find = ({ client, group }: z.infer<typeof groupParameter>): LocalGroup => {
    const found = groupsOf(ownerOf(client)).find(({ groupCode }) => groupCode === group);
    if (found !== undefined) return found;
    throw new Problem(404, 'unknown-group', `That client keeps no group ${group} here`);
  };

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: root,
      request: { params: clientParameter },
      responses: { 200: { description: 'groups of the client', ...json(z.array(groupSchema)) } },
    }),
    (context) => context.json(groupsOf(ownerOf(context.req.valid('param').client)).map(show), 200),
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: `${root}/{group}`,
      request: { params: groupParameter },
      responses: { 200: { description: 'one group', ...json(groupSchema) } },
    }),
    (context) => context.json(show(find(context.req.valid('param'))), 200),
  );

  app.openapi(
    createRoute({
      ...mayEdit(),
      method: 'put',
      path: `${root}/{group}`,
      request: {
        params: groupParameter,
        body: { required: true, ...json(groupSchema.omit({ code: true })) },
      },
      responses: done,
    }),
    async (context) => {
      const { client, group } = context.req.valid('param');
      const owner = ownerOf(client);
      checkCreatable(group);
      const { description, members } = context.req.valid('json');
      const ids = new Map(members.map((text) => [printEncoded(readClientId(text)), readClientId(text)]));
      await settings.putLocalGroup({ owner, groupCode: group, description, members: [...ids.values()] });
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...mayEdit(),
      method: 'delete',
      path: `${root}/{group}`,
      description: 'Removes a group, and the rights that were given to it.',
      request: { params: groupParameter, query: confirmQuery },
      responses: done,
    }),
    async (context) => {
      const { owner, groupCode } = find(context.req.valid('param'));
      const count = content().rights.filter(
        ({ provider, subject }) =>
          subject.kind === 'LOCALGROUP' && subject.groupCode === groupCode && equal(provider, owner),
      ).length;
      const text = `The group is given ${count} ${count === 1 ? 'right' : 'rights'} on services of its owner; they go with it.`;
      requireConfirmed(
        context.req.valid('query').confirm,
        count === 0 ? [] : [{ code: 'rights-lost', text }],
      );
      await settings.removeLocalGroup(owner, groupCode);
      return context.body(null, 204);
    },
  );
}

function show({ groupCode, description, members }: LocalGroup): z.infer<typeof groupSchema> {
  return { code: groupCode, description, members: members.map(printEncoded) };
}
