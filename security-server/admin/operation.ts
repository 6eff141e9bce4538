import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import type { AdminContext } from './context.ts';
import { diskLevelSchema } from './disk.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

const healthSchema = z
  .object({
    isReady: z.boolean(),
    checks: z.array(z.object({ name: z.string(), isGood: z.boolean(), detail: z.string() })),
  })
  .openapi('Health');

const statusSchema = z
  .object({
    server: z.string(),
    instance: z.string(),
    token: z.object({ id: z.string(), label: z.string(), isActive: z.boolean() }),
    recordsWithoutTimestamp: z.number(),
    lastTimestampAt: z.string().optional(),
    disk: z.object({ level: diskLevelSchema, bytesFree: z.number().optional() }),
  })
  .openapi('Status');

/** State of the server, and the acts that need no settings. */
export function addOperationRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { settings, token, log } = context;

  // Outside /api: whoever watches the process needs no key, and learns nothing that is worth one.
  app.get('/health/live', (c) => c.json({ isLive: true }));
  let asking: ReturnType<AdminContext['health']> | undefined;
  app.get('/health/ready', async (c) => {
    // Each answer costs signatures and a write: those who ask at once share one.
    asking ??= context.health().finally(() => {
      asking = undefined;
    });
    const { isReady } = await asking;
    return c.json({ isReady }, isReady ? 200 : 503);
  });

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/metrics',
      description:
        'What the server counts and knows of itself, as Prometheus reads it; nothing in it is of a person.',
      responses: {
        200: { description: 'text exposition format', content: { 'text/plain': { schema: z.string() } } },
      },
    }),
    async (c) => c.text(await context.metrics.render(), 200),
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/health',
      responses: { 200: { description: 'what was tried and found', ...json(healthSchema) } },
    }),
    async (c) => {
      const { isReady, checks } = await context.health();
      return c.json({ isReady, checks: checks.map((check) => ({ ...check })) }, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/status',
      responses: { 200: { description: 'state of the server', ...json(statusSchema) } },
    }),
    (c) => {
      const { withoutTimestamp, lastTimestampAt } = log.health();
      const { serverId } = settings;
      const { level, free } = context.disk.status();
      return c.json(
        {
          server: printEncoded(serverId),
          instance: serverId.instance,
          token: { id: token.id, label: token.label, isActive: token.isActive() },
          recordsWithoutTimestamp: withoutTimestamp,
          disk: { level, ...(free !== undefined && { bytesFree: free }) },
          ...(lastTimestampAt !== undefined && { lastTimestampAt: lastTimestampAt.toISOString() }),
        },
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allow('system-administrator', 'security-officer'),
      method: 'post',
      path: '/api/v1/timestamps',
      description: 'Timestamps everything recorded so far, now.',
      responses: { 204: { description: 'done' } },
    }),
    async (c) => {
      await log.stampNow();
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('system-administrator', 'security-officer'),
      method: 'post',
      path: '/api/v1/configuration/refresh',
      description: 'Fetches the global configuration now instead of at the next poll.',
      responses: { 204: { description: 'in force' } },
    }),
    async (c) => {
      await context.refreshConfiguration();
      return c.body(null, 204);
    },
  );
}
