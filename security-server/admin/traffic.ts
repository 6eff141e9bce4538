import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allowAll } from '../../gateway/http/index.ts';
import { type TrafficSum, trafficDimensions, trafficPeriods } from '../monitoring/index.ts';
import type { AdminContext } from './context.ts';

const sumShape = {
  exchanges: z.number().int(),
  failed: z.number().int().describe('ended in a fault, or a REST service answered with 400 or more'),
  octets: z.number().int().describe('of both messages'),
  meanMilliseconds: z.number(),
  medianMilliseconds: z.number().describe('upper edge of its class'),
  p95Milliseconds: z.number().describe('95 of 100 took no longer; upper edge of its class'),
  longestMilliseconds: z.number(),
};

const trafficSchema = z
  .object({
    stretchSeconds: z.number().int(),
    stretches: z.array(z.object({ at: z.iso.datetime().describe('its beginning'), ...sumShape })),
    rows: z
      .array(z.object({ name: z.string(), ...sumShape }))
      .describe('most exchanges first, fifty at most'),
    omitted: z.number().int().describe('rows that were left out'),
    total: z.object(sumShape),
  })
  .openapi('Traffic');

const identifier = z.string().min(1).max(500).optional();
const query = z.object({
  period: z.enum(trafficPeriods).default('day').describe('until now'),
  by: z.enum(trafficDimensions).default('service').describe('what a row is for; client: a consumer'),
  side: z.enum(['client', 'provider']).optional().describe('role of this server'),
  service: identifier.describe('only of this one'),
  client: identifier.describe('only of this consumer'),
});

/** How much is exchanged, with which outcome and how fast. */
export function addTrafficRoutes(app: OpenAPIHono, { traffic }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/traffic',
      description:
        'Sums of exchanges of the last hour, day or week, by service, consumer or endpoint. Nothing in it is of a ' +
        'person: endpoints are those of the settings, not the paths that were called. Names that nobody vouches for ' +
        'are together, as …: of services that there are not, and of consumers that the calling server is not of.',
      request: { query },
      responses: {
        200: { description: 'sums', content: { 'application/json': { schema: trafficSchema } } },
      },
    }),
    (c) => {
      const { period, by, side, service, client } = c.req.valid('query');
      const found = traffic({
        ...{ period, by },
        ...(side !== undefined && { side }),
        ...(service !== undefined && { service }),
        ...(client !== undefined && { client }),
      });
      const { stretchSeconds, stretches, rows, omitted, total } = found;
      return c.json(
        {
          ...{ stretchSeconds, omitted, total: show(total) },
          stretches: stretches.map(({ at, ...sum }) => ({ at: at.toISOString(), ...show(sum) })),
          rows: rows.map(({ name, ...sum }) => ({ name, ...show(sum) })),
        },
        200,
      );
    },
  );
}

function show({ exchanges, failed, octets, meanMs, medianMs, p95Ms, longestMs }: TrafficSum) {
  return {
    ...{ exchanges, failed, octets, meanMilliseconds: Math.round(meanMs * 10) / 10 },
    ...{ medianMilliseconds: medianMs, p95Milliseconds: p95Ms, longestMilliseconds: longestMs },
  };
}
