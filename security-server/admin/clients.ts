import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import {
  allow,
  allowAll,
  confirmQuery,
  matches,
  type Principal,
  Problem,
  page,
  principalOf,
  requireConfirmed,
  searchQuery,
  versionTag,
} from '../../gateway/http/index.ts';
import {
  type ClientId,
  equal,
  memberOf,
  printEncoded,
  type ServerId,
} from '../../gateway/identifier/index.ts';
import type { ClientRecord } from '../settings/index.ts';
import { orphansOf, orphansSchema, showOrphans, warnOfRemoval } from './client-orphans.ts';
import type { AdminContext } from './context.ts';
import {
  clientIdSchema,
  clientSchema,
  readCertificates,
  readClientId,
  requireClient,
  showClient,
} from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const clientParameter = z.object({ client: clientIdSchema });
const done = { 204: { description: 'in force' } } as const;
const mayEdit = () => allow('service-administrator', 'registration-officer');

const changeSchema = clientSchema
  .omit({ id: true })
  .extend({
    status: clientSchema.shape.status
      .optional()
      .describe(
        'absent: as it is, or saved when it is new. It follows the registry: registered only where the configuration shows it, and changed by hand by a registration officer alone',
      ),
  })
  .openapi('ClientChange');

const shownSchema = clientSchema
  .extend({
    registry: z
      .object({
        isShown: z.boolean().describe('as a client of this server'),
        name: z.string().optional().describe('of the subsystem'),
        memberName: z.string().optional(),
      })
      .optional()
      .describe('what the configuration in force says; absent when none is'),
  })
  .openapi('ShownClient');

/** Clients of this server. */
export function addClientRoutes(app: OpenAPIHono, { settings, configuration }: AdminContext): void {
  const content = () => settings.current().content;
  const show = (client: ClientRecord): z.infer<typeof shownSchema> => {
    const inForce = configurationInForce(configuration);
    if (inForce === undefined) return showClient(client);
    return { ...showClient(client), registry: registryOf(client.id, settings.serverId, inForce) };
  };

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/clients',
      request: { query: searchQuery },
      responses: { 200: { description: 'one page of the clients', ...json(z.array(shownSchema)) } },
    }),
    (context) => {
      const query = context.req.valid('query');
      const found = content().clients.filter(({ id }) => matches(query.q, printEncoded(id)));
      return context.json(page(context, found, query, ({ id }) => printEncoded(id)).map(show), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/clients/{client}',
      request: { params: clientParameter },
      responses: { 200: { description: 'one client', ...json(shownSchema) } },
    }),
    (context) => {
      const client = requireClient(content().clients, context.req.valid('param').client);
      // What the registry says of it comes with a poll, and is nobody's to edit here.
      context.header('etag', versionTag(JSON.stringify(showClient(client))));
      return context.json(show(client), 200);
    },
  );

  app.openapi(
    createRoute({
      ...mayEdit(),
      method: 'put',
      path: '/api/v1/clients/{client}',
      request: { params: clientParameter, body: { required: true, ...json(changeSchema) } },
      responses: done,
    }),
    async (context) => {
      const id = readClientId(context.req.valid('param').client);
      if (id.instance !== settings.serverId.instance) {
        const detail = `A client of this server is of its instance, ${settings.serverId.instance}`;
        throw new Problem(422, 'other-instance', detail);
      }
      const before = content().clients.find((one) => equal(one.id, id));
      const { status: wanted, connectionType, certificates } = context.req.valid('json');
      const status = wanted ?? before?.status ?? 'saved';
      const isShown = () =>
        equal(id, memberOf(settings.serverId)) || configuration().serverHasClient(settings.serverId, id);
      requireStatus({ id, before, status, isShown }, principalOf(context));
      await settings.putClient({ id, status, connectionType, certificates: readCertificates(certificates) });
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/clients/{client}/orphans',
      description: 'What goes with a client that is deleted, and what stays behind of it.',
      request: { params: clientParameter },
      responses: { 200: { description: 'as of now', ...json(orphansSchema) } },
    }),
    async (context) => {
      const { id } = requireClient(content().clients, context.req.valid('param').client);
      return context.json(showOrphans(await orphansOf(id, settings)), 200);
    },
  );

  app.openapi(
    createRoute({
      ...mayEdit(),
      method: 'delete',
      path: '/api/v1/clients/{client}',
      description:
        'Removes a client here, with its services and groups. Its registration is ended by a management request before.',
      request: {
        params: clientParameter,
        query: confirmQuery.extend({
          orphans: z
            .enum(['keep', 'remove'])
            .default('keep')
            .describe('rights and places in groups that other clients here gave to it'),
        }),
      },
      responses: done,
    }),
    async (context) => {
      const { id } = requireClient(content().clients, context.req.valid('param').client);
      const { confirm, orphans } = context.req.valid('query');
      const isShown = configuration().serverHasClient(settings.serverId, id);
      requireConfirmed(confirm, warnOfRemoval(await orphansOf(id, settings), { isShown, orphans }));
      await settings.removeClient(id, { withOrphans: orphans === 'remove' });
      return context.body(null, 204);
    },
  );
}

/** The configuration in force; undefined when it has expired, which is told elsewhere. */
function configurationInForce(current: AdminContext['configuration']): GlobalConfiguration | undefined {
  try {
    return current();
  } catch (error) {
    if (error instanceof Fault && error.code === 'OutdatedGlobalConf') return undefined;
    throw error;
  }
}

function registryOf(id: ClientId, server: ServerId, configuration: GlobalConfiguration) {
  const member = configuration.shared(id.instance)?.members.find((one) => equal(one.id, memberOf(id)));
  const name =
    id.kind === 'SUBSYSTEM'
      ? member?.subsystems.find(({ subsystemCode }) => subsystemCode === id.subsystemCode)?.name
      : member?.name;
  return {
    isShown: configuration.serverHasClient(server, id),
    ...(name !== undefined && { name }),
    ...(member !== undefined && { memberName: member.name }),
  };
}

/**
 * The state of a client follows the registry: by management requests, not by hand.
 * @throws Problem forbidden, not-registered
 */
function requireStatus(
  change: {
    readonly id: ClientId;
    readonly before: ClientRecord | undefined;
    readonly status: ClientRecord['status'];
    /** Whether the configuration in force shows it as a client of this server. */
    readonly isShown: () => boolean;
  },
  { roles }: Principal,
): void {
  const { id, before, status, isShown } = change;
  if (status === (before?.status ?? 'saved')) return;
  if (!roles.has('registration-officer')) {
    const detail = `The status of a client is for a registration officer to change, who sends management requests`;
    throw new Problem(403, 'forbidden', detail);
  }
  if (status === 'registered' && !isShown()) {
    const detail = `The configuration does not show ${printEncoded(id)} as a client of this server: ask the registry to register it with a management request (clientReg)`;
    throw new Problem(409, 'not-registered', detail);
  }
}
