import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, lineSchema, Problem } from '../../gateway/http/index.ts';
import { checkCreatable, equal } from '../../gateway/identifier/index.ts';
import { type ServiceRecord, serviceIdOf } from '../settings/index.ts';
import type { AdminContext } from './context.ts';
import {
  clientIdSchema,
  readCertificates,
  requireClient,
  requireService,
  serviceSchema,
  shownServiceSchema,
  showService,
} from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const clientParameter = z.object({ client: clientIdSchema });
const serviceParameter = clientParameter.extend({ service: z.string() });
const circuitSchema = z
  .object({
    state: z
      .enum(['off', 'closed', 'open', 'trying'])
      .describe(
        'off: no service is left alone; closed: it is called; open: it is not; trying: one call decides',
      ),
    failures: z.number().int().describe('in a row'),
    until: z.iso.datetime().optional().describe('from then on one call tries it'),
  })
  .openapi('Circuit');
const done = { 204: { description: 'in force' } } as const;

/** Services of the clients, and how they are called. */
export function addServiceRoutes(app: OpenAPIHono, { settings, breaker }: AdminContext): void {
  const content = () => settings.current().content;

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
      ...allowAll(),
      method: 'get',
      path: '/api/v1/clients/{client}/services/{service}/circuit',
      description:
        'Whether the service is called. With `circuitFailures` in the settings of the server, one that failed so ' +
        'often in a row is left alone for a while; then one call tries it. A connection test that reaches it ends that.',
      request: { params: serviceParameter },
      responses: { 200: { description: 'how it stands', ...json(circuitSchema) } },
    }),
    (context) => {
      const { client, service } = context.req.valid('param');
      const { id } = requireClient(content().clients, client);
      const { url, serviceCode, serviceVersion } = requireService(settings.current().servicesOf(id), service);
      if (breaker === undefined) return context.json({ state: 'off' as const, failures: 0 }, 200);
      const { until, ...stands } = breaker.stateOf({ id: serviceIdOf(id, serviceCode, serviceVersion), url });
      return context.json({ ...stands, ...(until !== undefined && { until: until.toISOString() }) }, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      method: 'put',
      path: '/api/v1/clients/{client}/services/{service}',
      description:
        'Makes or changes a service. Rights on endpoints that it had and has no more go. A service becomes OPENAPI by a description that is accepted.',
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
      const { timeoutSeconds, certificates, disabledNotice, minimumPeerVersion, ...rest } =
        context.req.valid('json');
      const hasDescription = content().openApiDescriptions.some(
        ({ provider, serviceCode }) => serviceCode === service && equal(provider, id),
      );
      if (rest.kind === 'OPENAPI' && !hasDescription) {
        const detail = `Service ${service} has no OpenAPI description: preview and accept one, or call it REST`;
        throw new Problem(422, 'description-needed', detail);
      }
      await settings.putService({
        ...rest,
        provider: id,
        serviceCode: service,
        timeoutMs: timeoutSeconds * 1000,
        certificates: readCertificates(certificates),
        ...(disabledNotice !== undefined && { disabledNotice }),
        ...(minimumPeerVersion !== undefined && { minimumPeerVersion }),
      });
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      method: 'delete',
      path: '/api/v1/clients/{client}/services/{service}',
      description: 'Removes a service with its description, its endpoints, and the rights on them.',
      request: { params: serviceParameter },
      responses: done,
    }),
    async (context) => {
      const { client, service } = context.req.valid('param');
      const { id } = requireClient(content().clients, client);
      requireOwnSettings(requireService(settings.current().servicesOf(id), service));
      await settings.removeService(id, service);
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      method: 'put',
      path: '/api/v1/clients/{client}/services/{service}/disabled-notice',
      description: 'Switches a service off with a notice for callers, or on with null.',
      request: {
        params: serviceParameter,
        body: { required: true, ...json(z.object({ notice: lineSchema(1000).min(1).nullable() })) },
      },
      responses: done,
    }),
    async (context) => {
      const { client, service } = context.req.valid('param');
      const { id } = requireClient(content().clients, client);
      const record = requireService(settings.current().servicesOf(id), service);
      requireOwnSettings(record);
      const { disabledNotice: _former, ...rest } = record;
      const { notice } = context.req.valid('json');
      await settings.putService({ ...rest, ...(notice !== null && { disabledNotice: notice }) });
      return context.body(null, 204);
    },
  );
}

/** @throws Problem service-described */
function requireOwnSettings({
  serviceCode,
  described,
}: Pick<ServiceRecord, 'serviceCode' | 'described'>): void {
  if (described === undefined) return;
  throw new Problem(409, 'service-described', `Service ${serviceCode} goes with its WSDL: change that`);
}
