import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, Problem } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { limitedService, type ServiceLimit } from '../settings/index.ts';
import type { AdminContext } from './context.ts';
import { clientIdSchema, readClientId, requireClient, requireService } from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const parameters = z.object({ client: clientIdSchema, service: z.string() });
const path = '/api/v1/clients/{client}/services/{service}/limits';

const limitSchema = z.object({
  consumer: z
    .string()
    .max(2_000)
    .describe(
      'each: every consumer by itself, but those with limits of their own; all: all together; or an encoded client',
    )
    .openapi({ example: 'each' }),
  requests: z.number().int().min(0).max(1_000_000_000),
  periodSeconds: z
    .number()
    .int()
    .min(1)
    .max(31 * 86_400)
    .describe('periods begin at whole multiples since 1970, in UTC: 60 is the minute, 86400 the day'),
});
const limitsSchema = z.array(limitSchema).max(1_000).openapi('ServiceLimits');

const countsSchema = z
  .array(
    z.object({
      consumer: z.string().describe('encoded client; all: all together'),
      requests: z.number().int().describe('that the limit lets pass in a period'),
      periodSeconds: z.number().int(),
      count: z.number().int().describe('that were counted in this one'),
      renewsAt: z.iso.datetime().describe('when the next begins'),
    }),
  )
  .openapi('ServiceCounts');

/** Counts that one answer tells: those that are highest. */
const maxCounts = 1_000;

/** How many requests services take, and of whom. */
export function addLimitRoutes(app: OpenAPIHono, { settings, explain, now }: AdminContext): void {
  const requireOwn = (client: string, service: string) => {
    const { id } = requireClient(settings.current().content.clients, client);
    requireService(settings.current().servicesOf(id), service);
    return id;
  };

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path,
      request: { params: parameters },
      responses: { 200: { description: 'limits of the service', ...json(limitsSchema) } },
    }),
    (c) => {
      const { client, service } = c.req.valid('param');
      const provider = printEncoded(requireOwn(client, service));
      const limits = settings
        .current()
        .content.limits.filter(
          (one) => one.serviceCode === service && printEncoded(one.provider) === provider,
        );
      return c.json(
        limits.map(({ consumer, requests, periodSeconds }) => ({
          consumer: typeof consumer === 'string' ? consumer : printEncoded(consumer),
          ...{ requests, periodSeconds },
        })),
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: `${path}/counts`,
      description:
        'What was counted in periods that are not over, most first, at most a thousand; counted anew when the server starts.',
      request: { params: parameters },
      responses: { 200: { description: 'counts by consumer', ...json(countsSchema) } },
    }),
    (c) => {
      const { client, service } = c.req.valid('param');
      const counted = explain.quotas.countsOf(limitedService(requireOwn(client, service), service), now());
      return c.json(
        counted.slice(0, maxCounts).map(({ limit, count, renewsAt }) => ({
          ...{ consumer: limit.consumer ?? 'all', requests: limit.requests, count },
          ...{ periodSeconds: limit.periodMs / 1000, renewsAt: renewsAt.toISOString() },
        })),
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator'),
      method: 'put',
      path,
      description:
        'Gives the service exactly these limits. Who asks for more gets status 429 with Retry-After over REST, and a ' +
        'fault quota_exceeded.',
      request: { params: parameters, body: { required: true, ...json(limitsSchema) } },
      responses: { 204: { description: 'in force' } },
    }),
    async (c) => {
      const { client, service } = c.req.valid('param');
      const provider = requireOwn(client, service);
      const limits = c.req
        .valid('json')
        .map((limit) => ({ ...limit, consumer: readConsumer(limit.consumer) }));
      const keys = limits.map(({ consumer, periodSeconds }) =>
        JSON.stringify([typeof consumer === 'string' ? consumer : printEncoded(consumer), periodSeconds]),
      );
      if (new Set(keys).size < keys.length) {
        throw new Problem(422, 'limit-twice', 'A consumer has one limit for each length of period');
      }
      await settings.setLimits(provider, service, limits);
      return c.body(null, 204);
    },
  );
}

function readConsumer(text: string): ServiceLimit['consumer'] {
  return text === 'each' || text === 'all' ? text : readClientId(text);
}
