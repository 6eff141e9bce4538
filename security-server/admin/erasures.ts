import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, Problem } from '../../gateway/http/index.ts';
import { EvidenceAccessError } from '../auditor/index.ts';
import type { RecordSummary } from '../message-log/index.ts';
import { requireJournal } from './auditor-access.ts';
import type { AdminContext } from './context.ts';
import { messageIdSchema, reasonSchema } from './evidence-schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

/** One act concerns one matter; more is for a body policy. */
const maxRecords = 1_000;

const indexSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const erasureSchema = z
  .strictObject({
    queryId: messageIdSchema.optional().describe('all messages of this id'),
    records: z.array(indexSchema).min(1).max(maxRecords).optional().describe('or those at these places'),
    reason: reasonSchema,
  })
  .refine(
    ({ queryId, records }) => (queryId === undefined) !== (records === undefined),
    'either queryId or records is expected',
  );
const erasedSchema = z
  .object({
    erased: z
      .array(
        z.object({ index: indexSchema, queryId: z.string(), direction: z.enum(['request', 'response']) }),
      )
      .max(maxRecords),
  })
  .openapi('Erasure');

/** What takes contents out of the log for good, and changes the key that seals them. */
export function addErasureRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { log, now } = context;

  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'post',
      path: '/api/v1/evidence/erasures',
      description:
        'Erases heads and bodies of messages from the log, for good, for a reason that the journal tells. What the ' +
        'log knows of them, their signatures and all proofs stay. What is in archives already is not reached.',
      request: { body: { required: true, ...json(erasureSchema) } },
      responses: { 200: { description: 'the messages whose contents are gone', ...json(erasedSchema) } },
    }),
    async (c) => {
      const { queryId, records, reason } = c.req.valid('json');
      const found = queryId === undefined ? recordsAt(log, records ?? []) : recordsOf(log, queryId);
      await requireJournal(c, context, {
        ...{ action: 'evidence.erase', purpose: reason },
        target: queryId ?? `records ${found.map(({ index }) => index).join(', ')}`,
        detail: { records: found.map(({ index }) => index) },
      });
      for (const { index } of found) await log.eraseBodies(index);
      const erased = found.map(({ index, queryId: id, direction }) => ({ index, queryId: id, direction }));
      return c.json({ erased }, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/evidence/log/key-rotations',
      description:
        'Seals what is recorded from now on under a new key. What was sealed before stays under the former, which ' +
        'goes with its month. Each month has a key of its own without being asked.',
      responses: {
        200: { description: 'since when', ...json(z.object({ rotatedAt: z.string() })) },
      },
    }),
    async (c) => {
      await requireJournal(c, context, { action: 'evidence.key-rotate', target: 'log' });
      await log.rotateKey();
      return c.json({ rotatedAt: now().toISOString() }, 200);
    },
  );
}

/** @throws EvidenceAccessError record-not-found */
function recordsAt(log: AdminContext['log'], indices: readonly number[]): RecordSummary[] {
  return [...new Set(indices)].map((index) => {
    const [record] = log.search({ before: index + 1, limit: 1 });
    if (record?.index === index) return record;
    throw new EvidenceAccessError('record-not-found', `The log has no message at ${index}`);
  });
}

/** @throws EvidenceAccessError exchange-not-found; Problem erasure-too-large */
function recordsOf(log: AdminContext['log'], queryId: string): RecordSummary[] {
  const found = log.search({ queryId, limit: maxRecords + 1 });
  if (found.length === 0) {
    throw new EvidenceAccessError('exchange-not-found', `The log has no message with id '${queryId}'`);
  }
  if (found.length <= maxRecords) return found.reverse();
  const detail = `More than ${maxRecords} messages have that id: name the records that are meant`;
  throw new Problem(413, 'erasure-too-large', detail);
}
