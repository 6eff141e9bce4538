import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll } from '../../gateway/http/index.ts';
import type { ArchiveRow } from '../archive/index.ts';
import type { AdminContext } from './context.ts';

const archiveSchema = z
  .object({
    name: z.string().openapi({ example: 'mlog-20261101000000-20261102000000-0123456789abcdef.zip' }),
    group: z.string().describe('encoded member or subsystem; empty without grouping'),
    first: z.number().int().describe('place in the log of its first record'),
    last: z.number().int(),
    records: z.number().int(),
    octets: z.number().int(),
    sha256: z.string(),
    previous: z.string().nullable().describe('the archive it is linked to'),
    leftOut: z.number().int().describe('bodies too large for an archive, which stay in the log'),
    madeAt: z.string(),
    deliveredAt: z.string().nullable().describe('when the target was seen to have it'),
  })
  .openapi('Archive');
const runSchema = z.object({
  delivered: z.array(archiveSchema),
  removed: z.array(z.string()).describe('months that were removed from the log'),
  size: z.number().int().describe('records of the log'),
  archived: z.number().int().describe('how many of them, from its beginning, are in archives'),
});
const querySchema = z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(100) });
const path = '/api/v1/archives';
const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

/** Archives of the message log. */
export function addArchiveRoutes(app: OpenAPIHono, { archiving }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path,
      description: 'Archives of the message log that were made, newest first; none where none are set up.',
      request: { query: querySchema },
      responses: { 200: { description: 'archives', ...json(z.array(archiveSchema)) } },
    }),
    (context) =>
      context.json((archiving.current?.list(context.req.valid('query').limit) ?? []).map(show), 200),
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'post',
      path,
      description:
        'Archives all that is timestamped by now, and waits until the target has it. Then removes from the log what ' +
        'was to be kept no longer.',
      responses: { 200: { description: 'what was done', ...json(runSchema) } },
    }),
    async (context) => {
      const { delivered, removed, size, archived } = await archiving.require().run();
      return context.json({ delivered: delivered.map(show), removed: [...removed], size, archived }, 200);
    },
  );
}

function show({ madeAt, deliveredAt, lastDigest: _, ...row }: ArchiveRow): z.infer<typeof archiveSchema> {
  return {
    ...row,
    madeAt: new Date(madeAt).toISOString(),
    deliveredAt: deliveredAt === null ? null : new Date(deliveredAt).toISOString(),
  };
}
