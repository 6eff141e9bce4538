import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, matches, Problem, page, searchQuery } from '../../gateway/http/index.ts';
import { checkCreatable, printEncoded } from '../../gateway/identifier/index.ts';
import { endpointsOf, fetchDescription } from '../metadata/index.ts';
import type { Endpoint } from '../settings/index.ts';
import type { AdminContext } from './context.ts';
import {
  clientIdSchema,
  clientSchema,
  endpointSchema,
  readCertificates,
  readClientId,
  requireClient,
  requireService,
  serviceSchema,
  showClient,
  shownServiceSchema,
  showService,
} from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const clientParameter = z.object({ client: clientIdSchema });
const serviceParameter = clientParameter.extend({ service: z.string() });
const groupParameter = clientParameter.extend({ group: z.string() });
const done = { 204: { description: 'in force' } } as const;

const differenceSchema = z
  .object({ added: z.array(endpointSchema), removed: z.array(endpointSchema) })
  .openapi('EndpointDifference');
const groupSchema = z
  .object({ code: z.string(), description: z.string(), members: z.array(clientIdSchema) })
  .openapi('LocalGroup');

/** Clients of this server, their services, who may call them, and their groups. */
export function addClientRoutes(app: OpenAPIHono, { settings }: AdminContext): void {
  const content = () => settings.current().content;

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/clients',
      request: { query: searchQuery },
      responses: { 200: { description: 'one page of the clients', ...json(z.array(clientSchema)) } },
    }),
    (context) => {
      const query = context.req.valid('query');
      const found = content().clients.filter(({ id }) => matches(query.q, printEncoded(id)));
      return context.json(page(context, found, query, ({ id }) => printEncoded(id)).map(showClient), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/clients/{client}',
      request: { params: clientParameter },
      responses: { 200: { description: 'one client', ...json(clientSchema) } },
    }),
    (context) =>
      context.json(showClient(requireClient(content().clients, context.req.valid('param').client)), 200),
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      method: 'put',
      path: '/api/v1/clients/{client}',
      request: {
        params: clientParameter,
        body: { required: true, ...json(clientSchema.omit({ id: true })) },
      },
      responses: done,
    }),
    async (context) => {
      const id = readClientId(context.req.valid('param').client);
      const { status, connectionType, certificates } = context.req.valid('json');
      await settings.putClient({ id, status, connectionType, certificates: readCertificates(certificates) });
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      method: 'delete',
      path: '/api/v1/clients/{client}',
      request: { params: clientParameter },
      responses: done,
    }),
    async (context) => {
      const { id } = requireClient(content().clients, context.req.valid('param').client);
      await settings.removeClient(id);
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/clients/{client}/services',
      request: { params: clientParameter },
      responses: { 200: { description: 'services of the client', ...json(z.array(shownServiceSchema)) } },
    }),
    (context) => {
      const { id } = requireClient(content().clients, context.req.valid('param').client);
      return context.json(settings.current().servicesOf(id).map(showService), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/clients/{client}/services/{service}',
      request: { params: serviceParameter },
      responses: { 200: { description: 'one service', ...json(shownServiceSchema) } },
    }),
    (context) => {
      const { client, service } = context.req.valid('param');
      const { id } = requireClient(content().clients, client);
      return context.json(showService(requireService(settings.current().servicesOf(id), service)), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      method: 'put',
      path: '/api/v1/clients/{client}/services/{service}',
      request: {
        params: serviceParameter,
        body: { required: true, ...json(serviceSchema.omit({ serviceCode: true })) },
      },
      responses: done,
    }),
    async (context) => {
      const { client, service } = context.req.valid('param');
      const { id } = requireClient(content().clients, client);
      checkCreatable(service);
      const { timeoutSeconds, certificates, descriptionUrl, disabledNotice, ...rest } =
        context.req.valid('json');
      await settings.putService({
        ...rest,
        provider: id,
        serviceCode: service,
        timeoutMs: timeoutSeconds * 1000,
        certificates: readCertificates(certificates),
        ...(descriptionUrl !== undefined && { descriptionUrl }),
        ...(disabledNotice !== undefined && { disabledNotice }),
      });
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      method: 'delete',
      path: '/api/v1/clients/{client}/services/{service}',
      request: { params: serviceParameter },
      responses: done,
    }),
    async (context) => {
      const { client, service } = context.req.valid('param');
      const { id } = requireClient(content().clients, client);
      const { described } = requireService(settings.current().servicesOf(id), service);
      if (described !== undefined) {
        throw new Problem(409, 'service-described', `Service ${service} goes with its WSDL: delete that`);
      }
      await settings.removeService(id, service);
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      method: 'post',
      path: '/api/v1/clients/{client}/services/{service}/endpoints/refresh',
      description: 'Reads the endpoints from the OpenAPI description; rights on endpoints that went stay.',
      request: { params: serviceParameter },
      responses: { 200: { description: 'what changed', ...json(differenceSchema) } },
    }),
    async (context) => {
      const { client, service } = context.req.valid('param');
      const { id } = requireClient(content().clients, client);
      const record = requireService(settings.current().servicesOf(id), service);
      if (record.descriptionUrl === undefined) {
        throw new Problem(
          409,
          'no-description',
          `Service ${service} has no descriptionUrl to read endpoints from`,
        );
      }
      const endpoints = endpointsOf(await fetchDescription(record.descriptionUrl));
      await settings.putService({ ...record, endpoints });
      const without = (those: readonly Endpoint[], others: readonly Endpoint[]) =>
        those.filter((one) => !others.some(({ method, path }) => method === one.method && path === one.path));
      return context.json(
        { added: without(endpoints, record.endpoints), removed: without(record.endpoints, endpoints) },
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      method: 'put',
      path: '/api/v1/clients/{client}/local-groups/{group}',
      request: {
        params: groupParameter,
        body: { required: true, ...json(groupSchema.omit({ code: true })) },
      },
      responses: done,
    }),
    async (context) => {
      const { client, group } = context.req.valid('param');
      const { id } = requireClient(content().clients, client);
      checkCreatable(group);
      const { description, members } = context.req.valid('json');
      await settings.putLocalGroup({
        owner: id,
        groupCode: group,
        description,
        members: members.map(readClientId),
      });
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      method: 'delete',
      path: '/api/v1/clients/{client}/local-groups/{group}',
      request: { params: groupParameter },
      responses: done,
    }),
    async (context) => {
      const { client, group } = context.req.valid('param');
      const { id } = requireClient(content().clients, client);
      await settings.removeLocalGroup(id, group);
      return context.body(null, 204);
    },
  );
}
