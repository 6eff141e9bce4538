import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, linkNext, Problem } from '../http/index.ts';
import { JournalError } from './error.ts';
import type { Journal } from './journal.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const maxNotes = 20;

const outcomeSchema = z.enum(['done', 'refused', 'failed']);
const eventSchema = z
  .object({
    index: z.number().int().describe('place in the audit log, from 0'),
    at: z.string(),
    actor: z.string(),
    action: z.string(),
    target: z.string(),
    outcome: outcomeSchema,
    code: z.string().optional(),
    purpose: z.string().optional(),
    detail: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi('AuditEvent');
const findingSchema = z
  .object({ code: z.string(), place: z.string(), text: z.string() })
  .openapi('AuditLogFinding');
const instantSchema = z.iso.datetime().transform((text) => Date.parse(text));
const line = z.string().min(1).max(2_000);
const querySchema = z.object({
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  actor: line.optional(),
  action: line.optional(),
  target: line.optional(),
  outcome: outcomeSchema.optional(),
  before: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** Reads of an audit log, the same in both programs. */
export function addJournalRoutes(app: OpenAPIHono, journal: Journal): void {
  app.openapi(
    createRoute({
      ...allow('auditor', 'system-administrator'),
      method: 'get',
      path: '/api/v1/audit-events',
      description: 'Who did what, newest first; go on with `before` set to the last index, as Link tells it.',
      request: { query: querySchema },
      responses: { 200: { description: 'events', ...json(z.array(eventSchema)) } },
    }),
    async (context) => {
      const { from, to, actor, action, target, outcome, before, limit } = context.req.valid('query');
      const found = await told(() =>
        journal.search({
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
          ...(actor !== undefined && { actor }),
          ...(action !== undefined && { action }),
          ...(target !== undefined && { target }),
          ...(outcome !== undefined && { outcome }),
          ...(before !== undefined && { before }),
          limit: limit + 1,
        }),
      );
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      if (found.length > limit && last !== undefined) linkNext(context, String(last.index), 'before');
      return context.json(
        shown.map((event) => ({ ...event, ...(event.detail && { detail: { ...event.detail } }) })),
        200,
      );
    },
  );
  app.openapi(
    createRoute({
      ...allow('auditor', 'system-administrator'),
      method: 'get',
      path: '/api/v1/audit-events/checkpoint',
      description:
        'A signed checkpoint of the audit log: kept elsewhere, it shows later that nothing was changed.',
      responses: {
        200: { description: 'signed note', content: { 'text/plain': { schema: z.string() } } },
      },
    }),
    async (context) => context.text(await told(() => journal.checkpoint()), 200),
  );
  app.openapi(
    createRoute({
      ...allow('auditor', 'system-administrator'),
      method: 'post',
      path: '/api/v1/audit-events/check',
      description: 'Checks the whole audit log, also against checkpoints that were kept elsewhere.',
      request: {
        body: {
          required: true,
          ...json(z.object({ checkpoints: z.array(z.string().max(10_000)).max(maxNotes) })),
        },
      },
      responses: {
        200: {
          description: 'what was found',
          ...json(
            z.object({ isClean: z.boolean(), verifierKey: z.string(), findings: z.array(findingSchema) }),
          ),
        },
      },
    }),
    async (context) => {
      const { checkpoints } = context.req.valid('json');
      const held = checkpoints.map((note, index) => ({ name: `checkpoint ${index + 1} of yours`, note }));
      const findings = await told(() => journal.check(held));
      return context.json(
        { isClean: findings.length === 0, verifierKey: journal.verifierKey, findings: [...findings] },
        200,
      );
    },
  );
}

/** @throws Problem audit-log-damaged, which names the place */
async function told<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof JournalError)) throw cause;
    throw new Problem(500, `audit-log-${cause.code}`, cause.message, { cause });
  }
}
